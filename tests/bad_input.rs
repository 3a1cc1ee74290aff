//! Bad input: each fault with the message that a user gets, naming the place, the value and the way out.
//!
//! A case is a name, how the file is made, and the pieces that its message has to hold. No case may panic.
#![cfg(feature = "files")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::{ArrayRef, BinaryArray, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use serinus::config::{ArmsIn, JudgeConfig};
use serinus::input::{Format, ReadOptions, Source, read_config, read_summary, read_table};
use serinus::{Arms, ConfigErrors};

/// What is done with the file.
enum Door {
    /// Read as a table by its suffix.
    Table,
    /// Read as a table of a format that the user insists on.
    TableAs(Format),
    /// Read as a table whose columns have to be those of a config.
    TableFor(&'static str),
    /// Read as a config.
    Config,
    /// Read as sufficient statistics.
    Summary,
}

struct Case {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    door: Door,
    pieces: &'static [&'static str],
}

fn case(
    name: &'static str,
    file: &'static str,
    bytes: impl Into<Vec<u8>>,
    door: Door,
    pieces: &'static [&'static str],
) -> Case {
    Case { name, file, bytes: bytes.into(), door, pieces }
}

const MINIMAL: &str = "version: 1
data: {arm: {column: arm}}
metrics:
  - {name: errors, type: proportion, column: error, direction: lower_is_better, margin: {absolute: 0.01}}
";

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn good_parquet() -> Vec<u8> {
    parquet(vec![
        ("arm", Arc::new(StringArray::from(vec!["baseline", "canary"])) as ArrayRef),
        ("error", Arc::new(Float64Array::from(vec![0.0, 1.0])) as ArrayRef),
    ])
}

fn nested_parquet() -> Vec<u8> {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), Some(2)]);
    let parts = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Int64, false)),
        Arc::new(Int64Array::from(vec![1])) as ArrayRef,
    )]);
    parquet(vec![
        ("tags", Arc::new(lists.finish()) as ArrayRef),
        ("geo", Arc::new(parts) as ArrayRef),
        ("blob", Arc::new(BinaryArray::from_vec(vec![b"\x00\xff"])) as ArrayRef),
    ])
}

fn corrupt(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
    let at = bytes.len() - from_end;
    bytes[at..at + 4].copy_from_slice(&[0xFF; 4]);
    bytes
}

fn cases() -> Vec<Case> {
    use Door::{Config, Summary, Table, TableAs, TableFor};
    let half = {
        let whole = good_parquet();
        whole[..whole.len() / 2].to_vec()
    };
    let no_footer = {
        let whole = good_parquet();
        whole[..whole.len() - 4].to_vec()
    };
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("arm,error\n".bytes().flat_map(|b| [b, 0])).collect();
    let bomb = {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (one, next) in "abcdefgh".chars().zip("bcdefghi".chars()) {
            let aliases = vec![format!("*{one}"); 10].join(", ");
            text.push_str(&format!("{next}: &{next} [{aliases}]\n"));
        }
        text
    };
    vec![
        // Files as such.
        case("an empty CSV", "empty.csv", "", Table, &["empty.csv: the file is empty", "a line of column names"]),
        case("an empty NDJSON", "empty.ndjson", "", Table, &["the file is empty", "one JSON object a line"]),
        case("an empty Parquet", "empty.parquet", "", Table, &["the file is empty", "begins and ends with PAR1"]),
        case("an empty config", "empty.yaml", "", Config, &["the file is empty", "serinus init"]),
        case("a config of comments", "blank.yaml", "  \n", Config, &["the file is empty", "version: 1"]),
        case("blank lines only", "blank.csv", "\n\n\n", Table, &["the file is empty", "a line of column names"]),
        case("no suffix", "log", "a,b\n1,2\n", Table, &["does not tell the format", "--input-format"]),
        case(
            "an unknown suffix",
            "log.xls",
            "a,b\n",
            Table,
            &["does not tell the format", "csv, tsv, ndjson or parquet"],
        ),
        case(
            "a config of unknown suffix",
            "c.ini",
            "a=1",
            Config,
            &["does not tell the format", ".yaml, .toml or .json"],
        ),
        // One format under another's name.
        case(
            "gzip called CSV",
            "log.csv",
            [0x1F, 0x8B, 8, 0, 0],
            Table,
            &["read as CSV, but this is a gzip file", "gunzip -c"],
        ),
        case("a .csv.gz", "log.csv.gz", [0x1F, 0x8B, 8, 0, 0], Table, &["this is a gzip file", "gunzip -c"]),
        case("zstd called NDJSON", "log.ndjson", [0x28, 0xB5, 0x2F, 0xFD, 1], Table, &["a zstd file", "zstdcat"]),
        case(
            "a spreadsheet called CSV",
            "log.csv",
            "PK\u{3}\u{4}...",
            Table,
            &["a spreadsheet", "save the sheet as CSV"],
        ),
        case("bzip2 called CSV", "log.csv", "BZh91AY", Table, &["a bzip2 file", "bzcat"]),
        case("Feather called Parquet", "log.parquet", "ARROW1\0\0", Table, &["an Arrow IPC", "write it as Parquet"]),
        case(
            "Parquet called CSV",
            "log.csv",
            good_parquet(),
            Table,
            &["this is a Parquet file", "--input-format parquet"],
        ),
        case(
            "CSV called Parquet",
            "log.parquet",
            "arm,error\ncanary,1\n",
            Table,
            &["this is text", "--input-format csv"],
        ),
        case("CSV asked for as Parquet", "log.csv", "arm\n", TableAs(Format::Parquet), &["read as Parquet", "text"]),
        case("JSON called CSV", "log.csv", "{\"a\": 1}\n", Table, &["this is JSON", "--input-format ndjson"]),
        case("a JSON list", "log.json", "[{\"a\": 1}]", Table, &["this is a JSON list", "jq -c '.[]'"]),
        case("an error page", "log.csv", "<!DOCTYPE html><p>404", Table, &["HTML or XML", "fetch the file again"]),
        case("UTF-16", "log.csv", utf16, Table, &["UTF-16", "save it as UTF-8"]),
        case("binary called CSV", "log.csv", "a,b\n\0\0\0", Table, &["binary data", "CSV, NDJSON or Parquet"]),
        // CSV.
        case(
            "a duplicated header",
            "log.csv",
            "arm,x,arm\n",
            Table,
            &["column `arm` stands twice", "columns 1 and 3", "rename"],
        ),
        case(
            "a short row",
            "log.csv",
            "a,b,c\n1,2,3\n4,5\n",
            Table,
            &["log.csv, line 3: 2 cells where the header has 3", "mend the row"],
        ),
        case(
            "a long row",
            "log.csv",
            "a,b\n1,2\n3,4,5\n",
            Table,
            &["line 3: 3 cells where the header has 2", "quote cells"],
        ),
        case(
            "a ragged row after a quoted line break",
            "log.csv",
            "a,b\n\"x\ny\",2\n3\n",
            Table,
            &["line 4: 1 cells", "2"],
        ),
        case("semicolons", "log.csv", "a;b\n1;2\n", Table, &["`a;b`", "separated by `;`", "commas"]),
        case("tabs called CSV", "log.csv", "a\tb\n1\t2\n", Table, &["separated by a tab", "--input-format tsv"]),
        case("commas called TSV", "log.tsv", "a,b\n1,2\n", Table, &["separated by `,`", "tabs"]),
        case(
            "a quote that never closes",
            "log.csv",
            "a,b\n1,2\n3,\"x\n5,6\n7,8\n",
            Table,
            &["line 3", "a quote that opens in this row is never closed"],
        ),
        case("a quote that swallows cells", "log.csv", "a,b\n1,2\n\"x,2\n5,6\n", Table, &["line 3", "never closed"]),
        case(
            "a cell in Latin-1",
            "log.csv",
            b"arm,city\ncanary,Z\xfcrich\n".to_vec(),
            Table,
            &["line 2, column `city`", "is not UTF-8", "save the file as UTF-8"],
        ),
        case(
            "a header in Latin-1",
            "log.csv",
            b"arm,gr\xf6sse\n".to_vec(),
            Table,
            &["line 1", "the name of column 2 is not UTF-8"],
        ),
        // NDJSON.
        case("a line that is cut off", "log.ndjson", "{\"a\": 1}\n{\"a\": ", Table, &["line 2", "cut off"]),
        case(
            "an object over two lines",
            "log.ndjson",
            "{\"a\": 1,\n\"b\": 2}\n",
            Table,
            &["line 1", "stand on one line"],
        ),
        case(
            "a line that is no object",
            "log.ndjson",
            "{\"a\": 1}\n17\n",
            Table,
            &["line 2: `17` is not a JSON object", "one object a line"],
        ),
        case(
            "a bare NaN",
            "log.ndjson",
            "{\"a\": NaN}\n",
            Table,
            &["line 1, column", "NaN and Infinity are not JSON", "null"],
        ),
        case(
            "a number beyond range",
            "log.ndjson",
            "{\"a\": 1e400}\n",
            Table,
            &["line 1, column", "number out of range"],
        ),
        case(
            "a list in a cell",
            "log.ndjson",
            "{\"a\": [1, 2]}\n",
            Table,
            &["line 1", "column `a` holds a list", "columns of their own"],
        ),
        case(
            "an object in a cell",
            "log.ndjson",
            "{\"a\": {\"b\": 1}}\n",
            Table,
            &["column `a` holds an object", "columns of their own"],
        ),
        case("a key twice", "log.ndjson", "{\"a\": 1, \"a\": 2}\n", Table, &["line 1", "key `a` stands twice"]),
        case("single quotes", "log.ndjson", "{'a': 1}\n", Table, &["line 1, column 2", "key must be a string"]),
        case("NDJSON in Latin-1", "log.ndjson", b"{\"a\": \"\xfc\"}\n".to_vec(), Table, &["line 1", "not UTF-8"]),
        case(
            "two objects on a line",
            "log.ndjson",
            "{\"a\": 1} {\"a\": 2}\n",
            Table,
            &["line 1, column", "trailing characters"],
        ),
        // Parquet.
        case("half a Parquet file", "log.parquet", half, Table, &["damaged or cut off", "fetch or write it again"]),
        case("Parquet without its end", "log.parquet", no_footer, Table, &["damaged or cut off", "PAR1"]),
        case(
            "Parquet with a broken footer",
            "log.parquet",
            corrupt(good_parquet(), 40),
            Table,
            &["log.parquet", "damaged or cut off"],
        ),
        case(
            "Parquet with a lying footer length",
            "log.parquet",
            corrupt(good_parquet(), 8),
            Table,
            &["damaged or cut off"],
        ),
        case("only the magic", "log.parquet", "PAR1", Table, &["of 4 bytes", "damaged or cut off"]),
        case(
            "a list column",
            "log.parquet",
            nested_parquet(),
            TableFor("tags"),
            &["column `tags` is a list", "columns of their own"],
        ),
        case(
            "a struct column",
            "log.parquet",
            nested_parquet(),
            TableFor("geo"),
            &["column `geo` is a struct", "columns of their own"],
        ),
        case(
            "a binary column",
            "log.parquet",
            nested_parquet(),
            TableFor("blob"),
            &["column `blob` is binary data", "text or numbers"],
        ),
        // Columns against the config.
        case(
            "a column that is not there",
            "log.csv",
            "arm,erorr\ncanary,1\n",
            TableFor("error"),
            &["log.csv", "metrics[0].column", "no column `error`", "did you mean `erorr`?"],
        ),
        case(
            "no such column in Parquet",
            "log.parquet",
            good_parquet(),
            TableFor("latency"),
            &["no column `latency`", "known are arm, error"],
        ),
        case(
            "no such key in NDJSON",
            "log.ndjson",
            "{\"arm\": \"canary\", \"err\": 1}\n",
            TableFor("error"),
            &["no column `error`", "did you mean `err`?"],
        ),
        // Configs.
        case("YAML with a tab", "c.yaml", "version: 1\nmetrics:\n\t- a\n", Config, &["c.yaml, line 3", "tab"]),
        case("YAML with an open bracket", "c.yaml", "version: 1\nmetrics: [a\n", Config, &["c.yaml, line "]),
        case(
            "YAML key twice",
            "c.yaml",
            "version: 1\nseed: 1\nseed: 2\n",
            Config,
            &["c.yaml, line 3", "duplicate", "seed"],
        ),
        case("an alias bomb", "c.yaml", bomb, Config, &["c.yaml", "alias"]),
        case("an unknown alias", "c.yaml", "version: *x\n", Config, &["c.yaml, line 1, column 10", "unknown anchor"]),
        case("two YAML documents", "c.yaml", "version: 1\n---\nversion: 1\n", Config, &["c.yaml", "multiple"]),
        case("YAML in Latin-1", "c.yaml", b"version: 1\n# \xfc\n".to_vec(), Config, &["line 2", "not UTF-8"]),
        case(
            "a filter on Norway",
            "c.yaml",
            MINIMAL.replace("column: error,", "column: error, where: {country: no},"),
            Config,
            &["metrics[0].where.country", "an unquoted no is false", "\"no\" or false"],
        ),
        case(
            "an arm called no",
            "c.yaml",
            MINIMAL.replace("column: arm", "column: arm, baseline: no"),
            Config,
            &["data.arm.baseline", "an unquoted no is false"],
        ),
        case(
            "a metric called no",
            "c.yaml",
            MINIMAL.replace("name: errors", "name: no"),
            Config,
            &["metrics[0].name: false is a boolean", "no, off or false", "quotes"],
        ),
        case(
            "a margin that is NaN",
            "c.yaml",
            MINIMAL.replace("0.01", ".nan"),
            Config,
            &["metrics[0].margin.absolute", "nan is not a number that can be judged by"],
        ),
        case(
            "a margin of 1e300",
            "c.yaml",
            MINIMAL.replace("0.01", "1e300"),
            Config,
            &["metrics[0].margin.absolute: 1e300 is not in [0, 1e100]"],
        ),
        case(
            "a margin beyond range",
            "c.yaml",
            MINIMAL.replace("0.01", "1e400"),
            Config,
            &["metrics[0].margin.absolute", "is not a number that can be judged by"],
        ),
        case("no metric", "c.yaml", "version: 1\nmetrics: []\n", Config, &["metrics: the list is empty"]),
        case(
            "a misspelt key",
            "c.yaml",
            MINIMAL.replace("margin", "marign"),
            Config,
            &["metrics[0].marign: unknown key `marign`; did you mean `margin`?"],
        ),
        case(
            "a list for a config",
            "c.yaml",
            "- 1\n",
            Config,
            &["config: a list of 1 stands here", "a table of version"],
        ),
        case("prose for a config", "c.yaml", "promote it please\n", Config, &["config: \"promote it please\" is text"]),
        case(
            "JSON with a trailing comma",
            "c.json",
            "{\"version\": 1,\n}",
            Config,
            &["c.json, line 2, column 1", "trailing comma"],
        ),
        case(
            "JSON key twice",
            "c.json",
            "{\"seed\": 1,\n \"seed\": 2}",
            Config,
            &["c.json, line 2", "key `seed` stands twice"],
        ),
        case("JSON nested without end", "c.json", "[".repeat(100_000), Config, &["c.json, line 1", "recursion limit"]),
        case("TOML without a value", "c.toml", "version = 1\nseed =\n", Config, &["c.toml, line 2, column"]),
        case("TOML key twice", "c.toml", "seed = 1\nseed = 2\n", Config, &["c.toml, line 2", "duplicate key"]),
        case(
            "TOML not a number",
            "c.toml",
            "version = 1\nalpha = nan\nmetrics = []\n",
            Config,
            &["alpha: NaN is not a number"],
        ),
        // Sufficient statistics.
        case(
            "more events than rows",
            "s.csv",
            "metric,arm,n,events\ne,canary,5,7\n",
            Summary,
            &["line 2, column `events`: 7 events in 5 rows"],
        ),
        case(
            "an unknown arm",
            "s.csv",
            "metric,arm,n,events\ne,blue,5,1\n",
            Summary,
            &["line 2, column `arm`: `blue` is no arm", "`canary`"],
        ),
        case(
            "a row twice",
            "s.csv",
            "metric,arm,n,events\ne,canary,5,1\ne,canary,5,1\n",
            Summary,
            &["line 3", "stands in rows[0] already"],
        ),
        case(
            "text among counts",
            "s.csv",
            "metric,arm,values,counts\ne,canary,1;2,3;x\n",
            Summary,
            &["column `counts[1]`: \"x\" is text"],
        ),
        case(
            "half a pair",
            "s.json",
            "{\"schema\": \"serinus.summary/1\", \"rows\": [{\"metric\": \"e\", \"arm\": \"canary\", \"n\": 2, \"mean\": 1}]}",
            Summary,
            &["rows[0]: m2 is missing; mean, m2 go together"],
        ),
        case(
            "another schema",
            "s.json",
            "{\"schema\": \"serinus.summary/9\", \"rows\": []}",
            Summary,
            &["schema: `serinus.summary/9` is not known", "serinus.summary/1"],
        ),
        case("an empty summary", "s.json", "", Summary, &["the file is empty"]),
    ]
}

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad_input").join(name.replace(' ', "_"));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn words() -> Arms<String> {
    Arms { baseline: "baseline".to_owned(), canary: "canary".to_owned() }
}

fn message(path: &Path, door: &Door) -> Option<String> {
    let source = Source::Path(path.to_owned());
    match door {
        Door::Table => read_table(&source, ReadOptions::default()).err().map(|e| e.to_string()),
        Door::TableAs(format) => {
            let options = ReadOptions { format: Some(*format), ..ReadOptions::default() };
            read_table(&source, options).err().map(|e| e.to_string())
        }
        Door::TableFor(column) => {
            let value = serde_json::json!({"version": 1, "metrics": [
                {"name": "m", "type": "mean", "column": column, "direction": "either", "margin": {"absolute": 1}}]});
            let config = JudgeConfig::from_value(&value).unwrap();
            let columns = config.columns();
            let check = |names: &[&str]| config.check_columns(names, ArmsIn::TwoTables);
            let options = ReadOptions { columns: Some(&columns), header: Some(&check), ..ReadOptions::default() };
            read_table(&source, options).err().map(|e| e.to_string())
        }
        Door::Config => match read_config(&source) {
            Err(error) => Some(error.to_string()),
            Ok(value) => JudgeConfig::from_value(&value).err().map(|e: ConfigErrors| e.to_string()),
        },
        Door::Summary => read_summary(&source, None, &words(), &[]).err().map(|e| e.to_string()),
    }
}

#[test]
fn each_fault_has_a_message_with_place_value_and_way_out() {
    let mut wrong = Vec::new();
    for case in cases() {
        let path = directory(case.name).join(case.file);
        std::fs::write(&path, &case.bytes).unwrap();
        match message(&path, &case.door) {
            None => wrong.push(format!("{}: accepted", case.name)),
            Some(message) => {
                for piece in case.pieces.iter().filter(|piece| !message.contains(**piece)) {
                    wrong.push(format!("{}: `{piece}` is not in: {message}", case.name));
                }
                if message.contains('!') || message.ends_with('.') {
                    wrong.push(format!("{}: the style of: {message}", case.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases().len() >= 60);
}

#[test]
fn what_is_no_file_is_named() {
    let here = directory("no file");
    for (path, piece) in [
        (here.join("nowhere.csv"), "there is no such file; check the path"),
        (here.clone(), "this is a directory; name a file in it"),
    ] {
        for door in [Door::Table, Door::Config, Door::Summary] {
            let message = message(&path, &door).unwrap();
            assert!(message.contains(piece) && message.starts_with(&path.display().to_string()), "{message}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let path = directory("denied").join("log.csv");
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, "a\n1\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read anything; then the system does not refuse and there is no message to look at.
    if std::fs::File::open(&path).is_err() {
        let message = message(&path, &Door::Table).unwrap();
        assert!(message.contains("permission to read it is denied; change its mode"), "{message}");
    }
}

/// A small generator, for bytes that nobody chose.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

#[test]
fn no_reader_panics_on_damaged_bytes() {
    let mut noise = Noise(7);
    let seeds: [(&str, Vec<u8>); 6] = [
        ("t.csv", b"arm,x,s\nbaseline,1,\"a\nb\"\ncanary,2.5,c\ncanary,,d\n".to_vec()),
        ("t.ndjson", b"{\"arm\":\"canary\",\"x\":1.5}\n{\"arm\":\"baseline\",\"x\":null}\n".to_vec()),
        ("t.parquet", good_parquet()),
        ("t.yaml", MINIMAL.as_bytes().to_vec()),
        ("t.toml", b"version = 1\n[data]\nunit = \"u\"\n[[metrics]]\nname = \"a\"\n".to_vec()),
        (
            "t.json",
            br#"{"version": 1, "metrics": [{"name": "a", "type": "mean", "margin": {"relative": 0.1}}]}"#.to_vec(),
        ),
    ];
    for (name, seed) in seeds {
        for _ in 0..300 {
            let mut bytes = seed.clone();
            for _ in 0..1 + noise.below(4) {
                let at = noise.below(bytes.len());
                match noise.below(4) {
                    0 if !bytes.is_empty() => bytes[at] = noise.next() as u8,
                    1 => bytes.truncate(at),
                    2 => bytes.insert(at, b"\",{}[]:\n\0&*-"[noise.below(12)]),
                    _ if !bytes.is_empty() => bytes[at] ^= 1 << noise.below(8),
                    _ => {}
                }
            }
            let source = Source::bytes(name, bytes);
            if matches!(name, "t.yaml" | "t.toml" | "t.json") {
                if let Ok(value) = read_config(&source) {
                    let _ = JudgeConfig::from_value(&value);
                }
            } else {
                let _ = read_table(&source, ReadOptions::default());
            }
            let _ = read_summary(&source, None, &words(), &[]);
        }
    }
}

/// Arrow's own schema stands in a Parquet file as text in base 64; its parser panics on types that it does not know.
#[test]
fn a_damaged_arrow_schema_is_an_error_and_no_panic() {
    let whole = good_parquet();
    let find = |what: &[u8], from: usize| whole[from..].windows(what.len()).position(|w| w == what).unwrap() + from;
    let start = find(b"/////", find(b"ARROW:schema", 0)) + 8;
    let is_text = |b: &&u8| b.is_ascii_alphanumeric() || b"+/=".contains(*b);
    let end = start + whole[start..].iter().take_while(is_text).count();
    assert!(end > start + 100);
    let mut refused = 0;
    for at in start..end {
        for letter in [b'A', b'p', b'/'] {
            let mut bytes = whole.clone();
            bytes[at] = letter;
            let read = read_table(&Source::bytes("t.parquet", bytes), ReadOptions::default());
            refused += usize::from(read.is_err_and(|e| e.to_string().contains("t.parquet")));
        }
    }
    assert!(refused > 10, "{refused} damaged schemas were refused");
}
