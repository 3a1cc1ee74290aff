//! Where bytes come from, and what their beginning says of their format.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::error::InputError;

/// Where a table or a config is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Bytes in memory, under the name that messages use.
    Bytes {
        /// The name.
        name: String,
        /// The bytes.
        bytes: Bytes,
    },
}

impl Source {
    /// A path as the command line gives it; `-` is standard input.
    ///
    /// ```
    /// use serinus::input::Source;
    /// assert_eq!(Source::from_argument("-".as_ref()), Source::Stdin);
    /// ```
    pub fn from_argument(argument: &Path) -> Source {
        if argument == Path::new("-") { Source::Stdin } else { Source::Path(argument.to_owned()) }
    }

    /// Bytes in memory, under the name that messages use.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Source {
        Source::Bytes { name: name.into(), bytes: bytes.into() }
    }

    /// The name that messages use.
    pub fn name(&self) -> String {
        match self {
            Source::Path(path) => path.display().to_string(),
            Source::Stdin => "standard input".to_owned(),
            Source::Bytes { name, .. } => name.clone(),
        }
    }

    /// The suffix of the name, in lower case.
    pub(crate) fn suffix(&self) -> Option<String> {
        let suffix = |name: &Path| name.extension().map(|s| s.to_string_lossy().to_lowercase());
        match self {
            Source::Path(path) => suffix(path),
            Source::Stdin => None,
            Source::Bytes { name, .. } => suffix(Path::new(name)),
        }
    }

    /// What can be read from the start again and again: the file itself, or the bytes of whatever cannot be rewound.
    pub(crate) fn content(&self) -> Result<Content, InputError> {
        let name = self.name();
        let error = |source| InputError::io(&name, source);
        match self {
            Source::Bytes { bytes, .. } => Ok(Content::Bytes(bytes.clone())),
            Source::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map_err(error)?;
                Ok(Content::Bytes(bytes.into()))
            }
            Source::Path(path) => {
                let mut file = File::open(path).map_err(error)?;
                let metadata = file.metadata().map_err(error)?;
                if metadata.is_dir() {
                    return Err(InputError::Directory { path: name });
                }
                if metadata.is_file() {
                    return Ok(Content::File { path: path.clone(), length: metadata.len() });
                }
                // A pipe or a device cannot be rewound.
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(error)?;
                Ok(Content::Bytes(bytes.into()))
            }
        }
    }
}

/// Bytes that can be read from the start more than once.
pub(crate) enum Content {
    File { path: PathBuf, length: u64 },
    Bytes(Bytes),
}

impl Content {
    pub(crate) fn length(&self) -> u64 {
        match self {
            Content::File { length, .. } => *length,
            Content::Bytes(bytes) => bytes.len() as u64,
        }
    }

    pub(crate) fn reader(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Content::File { path, .. } => Box::new(File::open(path)?),
            Content::Bytes(bytes) => Box::new(Cursor::new(bytes.clone())),
        })
    }

    /// The first bytes, at most `most` of them.
    pub(crate) fn head(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.reader()?.take(most).read_to_end(&mut head)?;
        Ok(head)
    }
}

/// Format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Cells separated by commas, with a header.
    Csv,
    /// Cells separated by tabs, with a header.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Format::Csv => "CSV",
            Format::Tsv => "TSV",
            Format::Ndjson => "NDJSON",
            Format::Parquet => "Parquet",
        })
    }
}

/// The format that was asked for, else what the suffix says, else (standard input) what the first bytes say. The first
/// bytes must not contradict it.
pub(crate) fn format(source: &Source, asked: Option<Format>, content: &Content) -> Result<Format, InputError> {
    let path = source.name();
    let head = content.head(512).map_err(|e| InputError::io(&path, e))?;
    let by_suffix = || {
        Some(match source.suffix()?.as_str() {
            "csv" | "txt" => Format::Csv,
            "tsv" | "tab" => Format::Tsv,
            "ndjson" | "jsonl" | "json" => Format::Ndjson,
            "parquet" | "pq" => Format::Parquet,
            _ => return None,
        })
    };
    let by_bytes = || match (source, first_mark(&head)) {
        (Source::Path(_), _) => None,
        (_, b'P') if head.starts_with(b"PAR1") => Some(Format::Parquet),
        (_, b'{') => Some(Format::Ndjson),
        _ => Some(Format::Csv),
    };
    let compressed = archive(&head);
    let format = match asked.or_else(by_suffix) {
        Some(format) => format,
        None => match (by_bytes(), compressed) {
            // A compressed file is named as such, whatever its suffix.
            (None, Some(_)) => Format::Csv,
            (Some(format), _) => format,
            (None, None) => {
                let way_out = "give --input-format csv, tsv, ndjson or parquet";
                return Err(InputError::UnknownFormat { path, way_out });
            }
        },
    };
    if head.is_empty() {
        let expected = match format {
            Format::Csv | Format::Tsv => "a table begins with a line of column names",
            Format::Ndjson => "a table holds one JSON object a line",
            Format::Parquet => "a Parquet file begins and ends with PAR1",
        };
        return Err(InputError::Empty { path, expected });
    }
    let wrong = |found, way_out| Err(InputError::WrongFormat { path: path.clone(), expected: format, found, way_out });
    if let Some((found, way_out)) = compressed {
        return wrong(found, way_out);
    }
    let is_parquet = head.starts_with(b"PAR1");
    if is_parquet && format != Format::Parquet {
        return wrong("a Parquet file", "give --input-format parquet, or name it .parquet");
    }
    let utf16 = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]);
    if utf16 && format != Format::Parquet {
        return wrong("text in UTF-16", "save it as UTF-8");
    }
    match (format, first_mark(&head)) {
        (Format::Csv | Format::Tsv, b'{') => wrong("JSON", "give --input-format ndjson"),
        (Format::Csv | Format::Tsv | Format::Ndjson, b'[') => {
            wrong("a JSON list", "write one object a line, as `jq -c '.[]'` does, and give --input-format ndjson")
        }
        (_, b'<') if is_markup(&head) => {
            wrong("HTML or XML", "it may be an error page of a download; fetch the file again")
        }
        (Format::Parquet, _) if !is_parquet && !looks_binary(&head) => {
            wrong("text", "give --input-format csv or ndjson, or name it by its format")
        }
        (Format::Csv | Format::Tsv | Format::Ndjson, _) if head.contains(&0) => {
            wrong("binary data", "give the file as CSV, NDJSON or Parquet")
        }
        _ => Ok(format),
    }
}

/// What compresses or packs a file, by its first bytes, and how to open it.
fn archive(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let marks: [(&[u8], _, _); 6] = [
        (&[0x1F, 0x8B], "a gzip file", "unpack it first: `gunzip -c FILE | serinus judge ... -`"),
        (&[0x28, 0xB5, 0x2F, 0xFD], "a zstd file", "unpack it first: `zstdcat FILE | serinus judge ... -`"),
        (b"BZh", "a bzip2 file", "unpack it first: `bzcat FILE | serinus judge ... -`"),
        (&[0xFD, b'7', b'z', b'X', b'Z'], "an xz file", "unpack it first: `xzcat FILE | serinus judge ... -`"),
        (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it, or save the sheet as CSV"),
        (b"ARROW1", "an Arrow IPC (Feather) file", "write it as Parquet"),
    ];
    marks.into_iter().find(|(mark, ..)| head.starts_with(mark)).map(|(_, found, way_out)| (found, way_out))
}

/// The first byte that is neither space nor part of a byte order mark.
fn first_mark(head: &[u8]) -> u8 {
    let text = head.strip_prefix(BOM).unwrap_or(head);
    text.iter().copied().find(|b| !b.is_ascii_whitespace()).unwrap_or(0)
}

fn is_markup(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_lowercase();
    ["<!doctype", "<html", "<?xml"].iter().any(|mark| text.contains(mark))
}

fn looks_binary(head: &[u8]) -> bool {
    head.iter().any(|b| *b < 9)
}

/// The byte order mark of UTF-8.
pub(crate) const BOM: &[u8] = &[0xEF, 0xBB, 0xBF];
