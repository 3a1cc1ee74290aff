//! Any bytes as Parquet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serinus::input::{ReadOptions, Source, read_table};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = read_table(&Source::bytes("t.parquet", bytes.to_vec()), ReadOptions::default()) {
        for (_, column) in table.columns() {
            assert_eq!(column.len(), table.rows());
        }
    }
});
