//! Bytes of any format, read into a [`Document`].
//!
//! Nothing is understood here: labels and figures are found by who gets the
//! document. What is said of every format: no bytes make it panic, and what is
//! beyond a limit is refused before it takes memory ([`Limit`]).

mod archive;
mod build;
mod csv;
mod docx;
mod encoding;
mod error;
mod format;
mod html;
mod odf;
mod rows;
mod sheet;
#[cfg(test)]
mod tests;
mod text;
mod xml;

pub use error::{Limit, ReadError, Unsupported};
pub use format::Format;

use super::Document;

/// Reads a document. The name says what it should be, the bytes what it is.
///
/// # Errors
/// [`ReadError`], with what to do about it; also for a report in JSON or in
/// binary, which is no document ([`Format::of`] tells them apart).
pub fn read(name: &str, bytes: &[u8]) -> Result<Document, ReadError> {
    match Format::of(name, bytes)? {
        Format::Csv => csv::read(bytes),
        Format::Docx => docx::read(bytes),
        Format::Html => html::read(bytes),
        Format::Text => text::read(bytes),
        Format::Xls => sheet::xls(bytes),
        Format::Xlsx => sheet::xlsx(bytes),
        format @ (Format::Odt | Format::Ods) => odf::read(bytes, format),
        format @ (Format::Json | Format::Binary) => Err(ReadError::NotADocument { format }),
    }
}
