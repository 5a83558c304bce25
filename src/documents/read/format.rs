//! Which format a file is in.

use std::fmt;
use std::io::Cursor;

use super::archive::Archive;
use super::{Limit, ReadError, Unsupported, docx, encoding};

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Word (.docx, also .docm and templates).
    Docx,
    /// Excel (.xlsx, also .xlsm and templates).
    Xlsx,
    /// Excel 97–2003 (.xls).
    Xls,
    /// OpenDocument text (.odt).
    Odt,
    /// OpenDocument spreadsheet (.ods).
    Ods,
    /// A web page.
    Html,
    /// Values separated by commas, semicolons or tabs.
    Csv,
    /// Plain text.
    Text,
    /// A report in proto3 JSON: no document.
    Json,
    /// A report as a binary protobuf message: no document.
    Binary,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docx => ".docx",
            Self::Xlsx => ".xlsx",
            Self::Xls => ".xls",
            Self::Odt => ".odt",
            Self::Ods => ".ods",
            Self::Html => ".html",
            Self::Csv => ".csv",
            Self::Text => ".txt",
            Self::Json => "JSON",
            Self::Binary => "protobuf",
        })
    }
}

/// How the files begin that are told by their first bytes alone.
const BEGINNINGS: [(&[u8], Unsupported); 8] = [
    (b"%PDF-", Unsupported::Pdf),
    (b"{\\rtf", Unsupported::Rtf),
    (b"\x89PNG\r\n\x1a\n", Unsupported::Picture),
    (b"\xff\xd8\xff", Unsupported::Picture),
    (b"GIF8", Unsupported::Picture),
    (b"BM", Unsupported::Picture),
    (b"II*\0", Unsupported::Picture),
    (b"MM\0*", Unsupported::Picture),
];
const ZIP: &[u8] = b"PK\x03\x04";
/// Compound files: documents of Office 97–2003, of WPS, and those behind a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// Bytes at the beginning that tell a web page from plain text.
const TELLING_BYTES: usize = 4 << 10;

impl Format {
    /// The format of a file: what its bytes are, or what its name says where they
    /// could be anything.
    ///
    /// # Errors
    /// [`ReadError`] if the file is empty, too large, of a kind that is not read, or
    /// nothing that is known.
    pub fn of(name: &str, bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.is_empty() {
            return Err(ReadError::Empty);
        }
        Limit::Bytes.check(bytes.len())?;
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let extension = extension.as_deref().unwrap_or_default();
        if matches!(extension, "bin" | "binpb" | "pb") {
            return Ok(Self::Binary);
        }
        if bytes.starts_with(ZIP) {
            return packed(bytes);
        }
        if bytes.starts_with(COMPOUND) {
            return compound(bytes);
        }
        let text = encoding::decode(bytes, None);
        let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
        // a text may begin with the letters that a picture begins with
        if let Some((_, kind)) = known.filter(|(_, kind)| text.is_none() || *kind != Unsupported::Picture) {
            return Err(ReadError::Unsupported { kind: *kind });
        }
        match text {
            Some(text) => written(&text, extension),
            None if matches!(extension, "html" | "htm") => Ok(Self::Html),
            None if extension.is_empty() => Ok(Self::Binary),
            None => Err(ReadError::Unknown),
        }
    }
}

/// A packed file, by its parts.
fn packed(bytes: &[u8]) -> Result<Format, ReadError> {
    let mut archive = Archive::open(bytes, Format::Docx)?;
    let main = archive.main_part()?.unwrap_or_default();
    let kind = archive.part("mimetype")?.unwrap_or_default();
    if main.starts_with("word/") || archive.has(docx::MAIN) {
        Ok(Format::Docx)
    } else if main.ends_with(".bin") {
        Err(ReadError::Unsupported { kind: Unsupported::Xlsb })
    } else if main.starts_with("xl/") || archive.has("xl/workbook.xml") {
        Ok(Format::Xlsx)
    } else if kind.contains("opendocument.spreadsheet") {
        Ok(Format::Ods)
    } else if kind.contains("opendocument.text") {
        Ok(Format::Odt)
    } else {
        Err(ReadError::Unsupported { kind: Unsupported::Archive })
    }
}

/// A compound file, by its streams.
fn compound(bytes: &[u8]) -> Result<Format, ReadError> {
    let file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|error| ReadError::damaged(Format::Xls, error))?;
    let has = |name: &str| file.exists(name);
    if has("/EncryptedPackage") {
        Err(ReadError::Unsupported { kind: Unsupported::Encrypted })
    } else if has("/Workbook") || has("/Book") {
        Ok(Format::Xls)
    } else if has("/WordDocument") {
        Err(ReadError::Unsupported { kind: Unsupported::Doc })
    } else {
        Err(ReadError::Unsupported { kind: Unsupported::Wps })
    }
}

/// A text, by how it begins.
fn written(text: &str, extension: &str) -> Result<Format, ReadError> {
    let beginning: String = text.trim_start().chars().take(TELLING_BYTES).collect::<String>().to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| beginning.contains(word));
    if beginning.starts_with("mime-version:") {
        return Err(ReadError::Unsupported { kind: Unsupported::WebArchive });
    }
    let is_html =
        beginning.starts_with('<') && has(&["<html", "<!doctype html", "<table", "<body", "<head", "<div", "<p"]);
    if beginning.starts_with('<')
        && has(&["schemas.microsoft.com/office/word/2003", "office:spreadsheet\""])
        && !has(&["<html"])
    {
        return Err(ReadError::Unsupported { kind: Unsupported::FlatXml });
    }
    Ok(match extension {
        "html" | "htm" | "xhtml" => Format::Html,
        _ if is_html => Format::Html,
        "json" => Format::Json,
        _ if beginning.starts_with('{') => Format::Json,
        // what web sites offer as a workbook is often such a text
        "csv" | "tsv" | "xls" | "xlsx" | "et" => Format::Csv,
        _ => Format::Text,
    })
}
