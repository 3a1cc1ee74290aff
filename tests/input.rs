//! Tables from files: what is read, and as what.
#![cfg(feature = "files")]

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int8Array,
    Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use serinus::input::{Format, Progress, ReadOptions, Source, read_table};
use serinus::{Column, Table};

fn csv(text: &str) -> Table<'static> {
    read_table(&Source::bytes("t.csv", text.as_bytes().to_vec()), ReadOptions::default()).unwrap()
}

fn ndjson(text: &str) -> Table<'static> {
    read_table(&Source::bytes("t.ndjson", text.as_bytes().to_vec()), ReadOptions::default()).unwrap()
}

fn numbers(table: &Table<'_>, name: &str) -> (Vec<f64>, Option<Vec<bool>>) {
    match table.column(name) {
        Some(Column::Number { values, missing }) => (values.to_vec(), missing.clone()),
        other => panic!("{name}: {other:?}"),
    }
}

fn texts(table: &Table<'_>, name: &str) -> Vec<Option<String>> {
    match table.column(name) {
        Some(Column::Text { codes, names }) => codes.iter().map(|c| names.get(*c as usize).cloned()).collect(),
        other => panic!("{name}: {other:?}"),
    }
}

fn some(words: &[&str]) -> Vec<Option<String>> {
    words.iter().map(|w| Some((*w).to_owned())).collect()
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_csv_column_finds_its_type() {
    let table = csv(
        "n,b,t,id,zip,big,gap,odd\n1,true,a,7,007,9007199254740993,,1\n2.5,False,b,8,008,5,NA,x\n-inf,TRUE,NA,9,010,6,null,3\n",
    );
    assert_eq!(numbers(&table, "n").0, [1.0, 2.5, f64::NEG_INFINITY]);
    assert_eq!(numbers(&table, "b").0, [1.0, 0.0, 1.0]);
    assert_eq!(texts(&table, "t"), [Some("a".into()), Some("b".into()), None]);
    assert_eq!(numbers(&table, "id").0, [7.0, 8.0, 9.0]);
    assert_eq!(texts(&table, "zip"), some(&["007", "008", "010"]));
    assert_eq!(texts(&table, "big"), some(&["9007199254740993", "5", "6"]));
    assert_eq!(numbers(&table, "gap").1, Some(vec![true; 3]));
    assert_eq!(texts(&table, "odd"), some(&["1", "x", "3"]));
}

#[test]
fn a_late_text_keeps_the_spelling_of_earlier_cells() {
    let mut text = "a,b,c\n".to_owned();
    for i in 0..1000 {
        text.push_str(&format!("{i}.50,1e2,{i}\n"));
    }
    text.push_str("x,1,nan\n");
    let table = csv(&text);
    assert_eq!(texts(&table, "a")[3], Some("3.50".into()));
    assert_eq!(texts(&table, "a")[1000], Some("x".into()));
    assert_eq!(numbers(&table, "b").0[0], 100.0);
    let (values, missing) = numbers(&table, "c");
    assert!(values[1000].is_nan() && missing.is_none(), "NaN is a value, not a missing cell");
}

#[test]
fn marks_line_ends_and_quotes_are_understood() {
    let table = csv("\u{feff}arm,note\r\ncanary,\"two\nlines, one \"\"cell\"\"\"\r\nbaseline,5\" screen\r\n");
    assert_eq!(texts(&table, "arm"), some(&["canary", "baseline"]));
    assert_eq!(texts(&table, "note"), some(&["two\nlines, one \"cell\"", "5\" screen"]));
    let table = csv("\u{feff}\"arm\",x\ncanary,1\n");
    assert!(table.column("arm").is_some());
    let table = csv("arm , x\n canary , 1 \n\n");
    assert_eq!((table.rows(), numbers(&table, "x").0), (1, vec![1.0]));
}

#[test]
fn tabs_and_standard_names_are_told_by_the_suffix() {
    let table = read_table(&Source::bytes("t.tsv", "a\tb\n1\tx,y\n"), ReadOptions::default()).unwrap();
    assert_eq!(texts(&table, "b"), some(&["x,y"]));
    let options = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
    assert_eq!(read_table(&Source::bytes("log", "a\n1\n"), options).unwrap().rows(), 1);
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    let table = csv("arm,error\n");
    assert_eq!((table.rows(), table.names().count()), (0, 2));
}

#[test]
fn only_wanted_columns_are_kept_and_the_header_is_shown_whole() {
    let wanted = ["b".to_owned(), "nowhere".to_owned()];
    let seen = std::cell::RefCell::new(Vec::new());
    let check = |names: &[&str]| {
        seen.borrow_mut().extend(names.iter().map(|n| (*n).to_owned()));
        Ok(())
    };
    let bytes = parquet(vec![
        ("a", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("b", Arc::new(Int64Array::from(vec![2])) as ArrayRef),
    ]);
    for source in [
        Source::bytes("t.csv", "a,b\n1,2\n"),
        Source::bytes("t.ndjson", "{\"a\":1,\"b\":2}\n"),
        Source::bytes("t.parquet", bytes),
    ] {
        let options = ReadOptions { columns: Some(&wanted), header: Some(&check), ..ReadOptions::default() };
        let table = read_table(&source, options).unwrap();
        assert_eq!(table.names().collect::<Vec<_>>(), ["b"], "{}", source.name());
        assert_eq!(numbers(&table, "b").0, [2.0]);
    }
    assert_eq!(*seen.borrow(), ["a", "b", "a", "b", "a", "b"]);
}

#[test]
fn ndjson_lines_may_lack_keys_and_mix_types() {
    let table = ndjson(
        "{\"a\": 1, \"s\": \"x\", \"id\": 18446744073709551615}\n\n{\"b\": true, \"a\": null, \"id\": 7}\r\n{\"a\": 2.5, \"s\": 3}\n",
    );
    assert_eq!(numbers(&table, "a").1, Some(vec![false, true, false]));
    assert_eq!(numbers(&table, "b").1, Some(vec![true, false, true]));
    assert_eq!(texts(&table, "s"), [Some("x".into()), None, Some("3".into())]);
    assert_eq!(texts(&table, "id"), [Some("18446744073709551615".into()), Some("7".into()), None]);
}

#[test]
fn parquet_types_become_numbers_and_texts() {
    let keys: DictionaryArray<Int32Type> = vec![Some("x"), None, Some("y")].into_iter().collect();
    let table = read_table(
        &Source::bytes(
            "t.parquet",
            parquet(vec![
                ("i8", Arc::new(Int8Array::from(vec![Some(-1), None, Some(3)])) as ArrayRef),
                ("id", Arc::new(UInt64Array::from(vec![1, u64::MAX, u64::MAX - 1])) as ArrayRef),
                ("f32", Arc::new(Float32Array::from(vec![0.5, f32::NAN, 1.0])) as ArrayRef),
                ("f64", Arc::new(Float64Array::from(vec![Some(0.1), None, Some(f64::NAN)])) as ArrayRef),
                ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])) as ArrayRef),
                ("s", Arc::new(StringArray::from(vec![Some("a"), None, Some("a")])) as ArrayRef),
                ("l", Arc::new(LargeStringArray::from(vec!["a", "b", "NA"])) as ArrayRef),
                ("v", Arc::new(StringViewArray::from(vec!["a", "b", "a longer one than twelve"])) as ArrayRef),
                ("d", Arc::new(keys) as ArrayRef),
                (
                    "ns",
                    Arc::new(TimestampNanosecondArray::from(vec![1_795_217_188_000_000_001, 1_500_000, -1]))
                        as ArrayRef,
                ),
                ("sec", Arc::new(TimestampSecondArray::from(vec![Some(2), None, Some(-1)])) as ArrayRef),
                ("date", Arc::new(Date32Array::from(vec![1, 0, -1])) as ArrayRef),
                (
                    "price",
                    Arc::new(Decimal128Array::from(vec![125, -5, 0]).with_precision_and_scale(10, 2).unwrap())
                        as ArrayRef,
                ),
            ]),
        ),
        ReadOptions::default(),
    )
    .unwrap();
    assert_eq!(numbers(&table, "i8").1, Some(vec![false, true, false]));
    assert_eq!(texts(&table, "id"), some(&["1", "18446744073709551615", "18446744073709551614"]));
    assert!(numbers(&table, "f32").0[1].is_nan());
    let (values, missing) = numbers(&table, "f64");
    assert!(values[2].is_nan() && missing == Some(vec![false, true, false]), "null is not NaN");
    assert_eq!(numbers(&table, "flag").0[0], 1.0);
    assert_eq!(texts(&table, "s"), [Some("a".into()), None, Some("a".into())]);
    assert_eq!(texts(&table, "l")[2], Some("NA".into()), "only CSV needs words for missing cells");
    assert_eq!(texts(&table, "v")[2], Some("a longer one than twelve".into()));
    assert_eq!(texts(&table, "d"), [Some("x".into()), None, Some("y".into())]);
    assert_eq!(numbers(&table, "ns").0, [1_795_217_188_000.0, 1.5, -1e-6]);
    assert_eq!(numbers(&table, "sec").0[2], -1000.0);
    assert_eq!(numbers(&table, "date").0, [86_400_000.0, 0.0, -86_400_000.0]);
    assert_eq!(numbers(&table, "price").0, [1.25, -0.05, 0.0]);
}

#[test]
fn the_three_formats_give_one_table() {
    let a = csv("x,s\n1,a\n,b\n3.5,a\n");
    let b = ndjson("{\"x\":1,\"s\":\"a\"}\n{\"x\":null,\"s\":\"b\"}\n{\"x\":3.5,\"s\":\"a\"}\n");
    let bytes = parquet(vec![
        ("x", Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.5)])) as ArrayRef),
        ("s", Arc::new(StringArray::from(vec!["a", "b", "a"])) as ArrayRef),
    ]);
    let c = read_table(&Source::bytes("t.parquet", bytes), ReadOptions::default()).unwrap();
    for other in [&b, &c] {
        assert_eq!(texts(&a, "s"), texts(other, "s"));
        assert_eq!(numbers(&a, "x").1, numbers(other, "x").1);
        assert_eq!(numbers(&a, "x").0[2], numbers(other, "x").0[2]);
    }
}

#[test]
fn progress_counts_up_to_all_rows() {
    let rows = 200_000;
    let values: Vec<f64> = (0..rows).map(f64::from).collect();
    let bytes = parquet(vec![("x", Arc::new(Float64Array::from(values)) as ArrayRef)]);
    let mut seen: Vec<Progress> = Vec::new();
    let mut note = |p: Progress| seen.push(p);
    let options = ReadOptions { progress: Some(&mut note), ..ReadOptions::default() };
    let table = read_table(&Source::bytes("t.parquet", bytes), options).unwrap();
    assert_eq!(table.rows(), 200_000);
    assert!(seen.len() > 3, "more than one batch");
    assert_eq!(seen.last().map(|p| (p.rows, p.total_rows)), Some((200_000, Some(200_000))));
    assert!(seen.windows(2).all(|w| w[0].rows < w[1].rows));
}
