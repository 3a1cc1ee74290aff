#!/usr/bin/env python3
"""Write the recordings as small as Parquet allows, values and schema unchanged: the wheel carries them.

Each column gets the encoding that is smallest for it (dictionary, plain, delta for whole numbers, split bytes for floats), and
zstd at level 19. Run once after a recording was added: ``python scripts/pack_recordings.py`` (needs pyarrow).
"""

from __future__ import annotations

import io
import pathlib

import pyarrow
import pyarrow.parquet

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "recordings"


def encodings(kind: pyarrow.DataType) -> list[str]:
    if pyarrow.types.is_integer(kind):
        return ["dictionary", "PLAIN", "DELTA_BINARY_PACKED"]
    if pyarrow.types.is_float64(kind):
        return ["dictionary", "PLAIN", "BYTE_STREAM_SPLIT"]
    return ["dictionary", "PLAIN"]


def written(table: pyarrow.Table, chosen: dict[str, str]) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(
        table, out, compression="zstd", compression_level=19, row_group_size=1 << 30,
        use_dictionary=[name for name, encoding in chosen.items() if encoding == "dictionary"],
        column_encoding={name: encoding for name, encoding in chosen.items() if encoding != "dictionary"})
    return out.getvalue()


def packed(table: pyarrow.Table) -> bytes:
    chosen = {}
    for field in table.schema:
        column = table.select([field.name])
        chosen[field.name] = min(encodings(field.type), key=lambda e: len(written(column, {field.name: e})))
    small = written(table, chosen)
    back = pyarrow.parquet.read_table(io.BytesIO(small))
    # Text, because NaN equals nothing.
    if back.schema != table.schema or any(repr(a.to_pylist()) != repr(b.to_pylist()) for a, b in zip(back.columns, table.columns)):
        raise SystemExit("the packed table is not the table")
    return small


def main() -> None:
    before = after = 0
    for path in sorted(FOLDER.glob("*.parquet")):
        small = packed(pyarrow.parquet.read_table(path))
        before += path.stat().st_size
        if len(small) < path.stat().st_size:
            path.write_bytes(small)
        after += path.stat().st_size
    print(f"{before:,} bytes before, {after:,} after")


if __name__ == "__main__":
    main()
