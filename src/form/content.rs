//! What a report says, in one defined encoding; its digest is what receipts and
//! the chain carry.
//!
//! The digest is SHA-256 over: `crossfoot content 1`, the name of the form, the
//! coverage and the statements (one byte each), the packed row, the texts. Each
//! part but the single bytes is preceded by its length as a varint. The texts
//! are the canonical encoding of the form's prose, then every explanation. Since
//! unknown fields are refused, this holds all that was sent.

use super::Form;
use super::judge::Statements;
use super::read::Reader;
use super::row::{Row, put_part, put_varint, take_part, take_varint, unzigzag, zigzag};
use crate::words::{Coverage, Digest};

/// The sender's words on a query, as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Rule id.
    pub rule: String,
    /// Instance of the rule.
    pub instance: String,
    /// Left side of the finding.
    pub left: i64,
    /// Right side of the finding.
    pub right: i64,
    /// The words.
    pub text: String,
}

/// The content of a report.
#[derive(Debug, Clone)]
pub struct Content {
    /// Figures and presence.
    pub row: Row,
    /// Prose and explanations; empty if there are none.
    pub texts: Vec<u8>,
    /// Digest of all of it.
    pub digest: Digest,
}

impl Content {
    /// The content of a report that was read.
    #[must_use]
    pub fn new(
        form: &Form,
        reader: &Reader,
        coverage: Coverage,
        statements: Statements,
        explanations: &[Explanation],
    ) -> Self {
        let row = form.row(reader);
        let texts = pack_texts(&form.write_texts(reader), explanations);
        let mut head = Vec::with_capacity(256);
        head.extend_from_slice(b"crossfoot content 1");
        put_part(&mut head, form.name().as_bytes());
        head.push(match coverage {
            Coverage::Own => 1,
            Coverage::Consolidated => 2,
        });
        head.push(u8::from(statements.blank_means_zero) | u8::from(statements.nil_report) << 1);
        put_part(&mut head, row.as_bytes());
        put_varint(&mut head, texts.len() as u64);
        let digest = Digest::of(&[&head, &texts]);
        Self { row, texts, digest }
    }
}

fn take_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (part, rest) = take_part(bytes)?;
    Some((String::from_utf8(part.to_vec()).ok()?, rest))
}

/// Prose and explanations in one block; empty if there is neither.
fn pack_texts(prose: &[u8], explanations: &[Explanation]) -> Vec<u8> {
    let mut out = Vec::new();
    if prose.is_empty() && explanations.is_empty() {
        return out;
    }
    put_part(&mut out, prose);
    for Explanation { rule, instance, left, right, text } in explanations {
        put_part(&mut out, rule.as_bytes());
        put_part(&mut out, instance.as_bytes());
        put_varint(&mut out, zigzag(*left));
        put_varint(&mut out, zigzag(*right));
        put_part(&mut out, text.as_bytes());
    }
    out
}

/// Splits a block of texts into prose and explanations; none if it is damaged.
#[must_use]
pub fn unpack_texts(texts: &[u8]) -> Option<(&[u8], Vec<Explanation>)> {
    if texts.is_empty() {
        return Some((&[], Vec::new()));
    }
    let (prose, mut rest) = take_part(texts)?;
    let mut explanations = Vec::new();
    while !rest.is_empty() {
        let (rule, after) = take_text(rest)?;
        let (instance, after) = take_text(after)?;
        let (left, after) = take_varint(after)?;
        let (right, after) = take_varint(after)?;
        let (text, after) = take_text(after)?;
        explanations.push(Explanation { rule, instance, left: unzigzag(left), right: unzigzag(right), text });
        rest = after;
    }
    Some((prose, explanations))
}
