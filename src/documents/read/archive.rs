//! Documents that are packed files (zip): their parts, unpacked within limits.
//!
//! What a packed file says about the size of a part is not believed: the bytes
//! are counted as they come.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::xml::{Piece, Xml};
use super::{Format, Limit, ReadError};

/// A packed document.
pub(super) struct Archive<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    format: Format,
}

impl<'b> Archive<'b> {
    pub(super) fn open(bytes: &'b [u8], format: Format) -> Result<Self, ReadError> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| ReadError::damaged(format, error))?;
        Limit::Files.check(zip.len())?;
        Ok(Self { zip, format })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// The text of a part, without a byte order mark; `None` if there is no such part.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<String>, ReadError> {
        if !self.has(name) {
            return Ok(None);
        }
        let format = self.format;
        let damaged = |error: &dyn std::fmt::Display| ReadError::damaged(format, format!("{name}: {error}"));
        let part = self.zip.by_name(name).map_err(|error| damaged(&error))?;
        let mut bytes = Vec::new();
        let most = Limit::PartBytes.most();
        part.take(most.saturating_add(1) as u64).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
        Limit::PartBytes.check(bytes.len())?;
        let text = String::from_utf8(bytes).map_err(|_| damaged(&"is not UTF-8"))?;
        Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
    }

    /// Unpacks all parts that are XML, keeping nothing, and refuses what is too large:
    /// before a reader that believes what it is told.
    pub(super) fn check(&mut self) -> Result<(), ReadError> {
        let mut unpacked = 0_usize;
        for index in 0..self.zip.len() {
            let part = self.zip.by_index(index).map_err(|error| ReadError::damaged(self.format, error))?;
            let is_xml = part.name().is_ok_and(|name| name.ends_with(".xml") || name.ends_with(".rels"));
            if !is_xml {
                continue;
            }
            let most = Limit::PartBytes.most().saturating_add(1) as u64;
            let bytes = std::io::copy(&mut part.take(most), &mut std::io::sink());
            let bytes = bytes.map_err(|error| ReadError::damaged(self.format, error))?;
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            Limit::PartBytes.check(bytes)?;
            unpacked = unpacked.saturating_add(bytes);
            Limit::UnpackedBytes.check(unpacked)?;
        }
        Ok(())
    }

    /// The name of the part that its relations call the document, Office Open XML.
    pub(super) fn main_part(&mut self) -> Result<Option<String>, ReadError> {
        let Some(relations) = self.part("_rels/.rels")? else { return Ok(None) };
        let mut xml = Xml::new(&relations, self.format);
        loop {
            match xml.next()? {
                Piece::Open(element) if element.name() == "Relationship" => {
                    let kind = element.attribute("Type").unwrap_or_default();
                    if let Some(target) = element.attribute("Target").filter(|_| kind.ends_with("/officeDocument")) {
                        return Ok(Some(target.trim_start_matches('/').to_owned()));
                    }
                }
                Piece::Open(_) | Piece::Close | Piece::Text(_) => {}
                Piece::End => return Ok(None),
            }
        }
    }
}
