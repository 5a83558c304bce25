//! A series put together again from what is kept of it.

use std::sync::Arc;

use super::{Effective, Publication, Series, Stored, Words};
use crate::domain::event::FormId;
use crate::form::{FindingRecord, Form, Row};
use crate::words::{Position, Revision, Timestamp};

/// All there is to a series.
#[derive(Debug)]
pub struct SeriesParts {
    /// See [`Series::revisions`].
    pub revisions: Vec<Stored>,
    /// See [`Series::effective`].
    pub effective: Option<EffectiveParts>,
    /// See [`Series::pending`].
    pub pending: Option<EffectiveParts>,
    /// See [`Series::first_accepted`].
    pub first_accepted: Option<Timestamp>,
    /// See [`Series::published`].
    pub published: Option<Publication>,
    /// See [`Series::explained`].
    pub explained: Vec<Words>,
    /// See [`Series::explained_by`].
    pub explained_by: Option<FormId>,
    /// See [`Series::changes`].
    pub changes: Vec<Position>,
}

/// All there is to an [`Effective`].
#[derive(Debug)]
pub struct EffectiveParts {
    /// Its number.
    pub revision: Revision,
    /// The form it was judged by.
    pub form: FormId,
    /// The same.
    pub judged_by: Arc<Form>,
    /// Presence and figures.
    pub row: Row,
    /// As stated by the sender.
    pub blank_means_zero: bool,
    /// As stated by the sender.
    pub nil_report: bool,
    /// See [`Effective::findings`].
    pub findings: Vec<FindingRecord>,
}

impl From<EffectiveParts> for Effective {
    fn from(parts: EffectiveParts) -> Self {
        let EffectiveParts { revision, form, judged_by, row, blank_means_zero, nil_report, findings } = parts;
        Self { revision, form, judged_by, row, blank_means_zero, nil_report, findings: findings.into_boxed_slice() }
    }
}

impl From<SeriesParts> for Series {
    fn from(parts: SeriesParts) -> Self {
        let SeriesParts { revisions, effective, pending, first_accepted, published, explained, explained_by, changes } =
            parts;
        Self {
            revisions,
            effective: effective.map(Effective::from),
            pending: pending.map(Effective::from).map(Box::new),
            first_accepted,
            published,
            explained,
            form: explained_by,
            changes,
        }
    }
}

impl Series {
    /// The registration that explanations are bound to.
    #[must_use]
    pub fn explained_by(&self) -> Option<FormId> {
        self.form
    }
}
