//! The XML of packed documents, one piece after the other.
//!
//! Not a tree: what is not asked for is skipped. Namespaces are resolved, since
//! prefixes are up to who writes. Declarations of entities are refused, and so
//! is what lies deeper than [`Limit::Depth`].

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::{Format, Limit, ReadError};

/// A document being read.
pub(super) struct Xml<'i> {
    reader: NsReader<&'i [u8]>,
    format: Format,
    depth: usize,
}

/// A piece of it.
pub(super) enum Piece<'i> {
    /// An element begins; a [`Piece::Close`] of its own follows its content.
    Open(Element<'i>),
    /// The innermost element ends.
    Close,
    /// Text.
    Text(Cow<'i, str>),
    /// The document ends.
    End,
}

/// The beginning of an element.
pub(super) struct Element<'i> {
    pub(super) space: Space,
    start: BytesStart<'i>,
}

/// Whose an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// Word's (WordprocessingML).
    Word,
    /// Branches for newer and older programs (markup compatibility).
    Compatibility,
    /// OpenDocument's: its text.
    OpenText,
    /// OpenDocument's: its tables.
    OpenTable,
    /// OpenDocument's: its document and values.
    OpenOffice,
    /// Any other.
    Other,
}

const SPACES: [(&str, Space); 6] = [
    ("http://schemas.openxmlformats.org/wordprocessingml/2006/main", Space::Word),
    ("http://purl.oclc.org/ooxml/wordprocessingml/main", Space::Word),
    ("http://schemas.openxmlformats.org/markup-compatibility/2006", Space::Compatibility),
    ("urn:oasis:names:tc:opendocument:xmlns:text:1.0", Space::OpenText),
    ("urn:oasis:names:tc:opendocument:xmlns:table:1.0", Space::OpenTable),
    ("urn:oasis:names:tc:opendocument:xmlns:office:1.0", Space::OpenOffice),
];

impl Element<'_> {
    /// Its name, without the prefix.
    pub(super) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The value of an attribute, by its name without the prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.start.attributes();
        let mut attributes = attributes.with_checks(false).filter_map(Result::ok);
        let attribute = attributes.find(|attribute| attribute.key.local_name().into_inner() == name)?;
        attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
    }

    /// An attribute that counts something, if it does.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        self.attribute(name)?.trim().parse().ok()
    }

    /// Whether a switch is on: it stands there, and does not say that it is off.
    pub(super) fn is_on(&self) -> bool {
        !matches!(self.attribute("val").as_deref(), Some("0" | "false" | "off"))
    }
}

impl<'i> Xml<'i> {
    pub(super) fn new(text: &'i str, format: Format) -> Self {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, format, depth: 0 }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Piece<'i>, ReadError> {
        loop {
            let event = self.reader.read_event().map_err(|error| ReadError::damaged(self.format, error))?;
            return Ok(match event {
                Event::Start(start) => {
                    self.depth = self.depth.saturating_add(1);
                    Limit::Depth.check(self.depth)?;
                    Piece::Open(Element { space: self.space(&start), start })
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Piece::Close
                }
                Event::Text(text) => Piece::Text(text.into_inner()),
                Event::CData(text) => Piece::Text(text.into_inner()),
                Event::GeneralRef(name) => Piece::Text(self.reference(&name)?),
                Event::Eof if self.depth == 0 => Piece::End,
                Event::Eof => return Err(ReadError::damaged(self.format, "its XML ends too early")),
                Event::DocType(_) => return Err(ReadError::Entities { format: self.format }),
                // empty elements come as a start and an end
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            });
        }
    }

    fn space(&self, start: &BytesStart<'_>) -> Space {
        let (space, _) = self.reader.resolver().resolve_element(start.name());
        let ResolveResult::Bound(space) = space else { return Space::Other };
        SPACES.iter().find(|(name, _)| *name == space.into_inner()).map_or(Space::Other, |(_, space)| *space)
    }

    fn reference(&self, name: &quick_xml::events::BytesRef<'_>) -> Result<Cow<'i, str>, ReadError> {
        let character = name.resolve_char_ref().map_err(|error| ReadError::damaged(self.format, error))?;
        if let Some(character) = character {
            return Ok(Cow::Owned(character.to_string()));
        }
        let known = quick_xml::escape::resolve_predefined_entity(name);
        known.map(Cow::Borrowed).ok_or(ReadError::Entities { format: self.format })
    }

    /// Passes over what is left of the innermost element, its end included.
    pub(super) fn skip(&mut self) -> Result<(), ReadError> {
        let above = self.depth.saturating_sub(1);
        while self.depth > above {
            self.next()?;
        }
        Ok(())
    }
}
