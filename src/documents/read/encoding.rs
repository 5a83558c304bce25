//! Bytes of text as text: UTF-8, UTF-16 and GB18030, of which GBK and GB2312 are parts.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

/// The text of bytes, without a byte order mark: in the encoding that mark names, or the
/// one they are said to be in, or UTF-8 if they are valid in it, or GB18030. `None`
/// where none of them fits.
pub(super) fn decode<'b>(bytes: &'b [u8], said: Option<&'static Encoding>) -> Option<Cow<'b, str>> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return valid(encoding, bytes.get(mark..)?);
    }
    said.into_iter().chain([UTF_8, GB18030]).find_map(|encoding| valid(encoding, bytes))
}

fn valid<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Option<Cow<'b, str>> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    // no text has this, and random bytes do
    (!text.contains('\0')).then_some(text)
}
