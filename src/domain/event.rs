//! Events: everything that changes something, in the words of the domain.

use std::sync::Arc;

use super::access::Grant;
use super::roster::{Deadlines, Disposition, Obligation};
use super::statement::{Signed, Statement};
use super::totals::TotalKey;
use crate::form::{CheckId, Findings, Form, Row};
use crate::words::{Coverage, Day, Digest, FamilyName, Position, RequestId, Revision, Timestamp, UnitCode, Year};

/// One entry of the ledger.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its place.
    pub position: Position,
    /// When; never before the event before it.
    pub time: Timestamp,
    /// Who.
    pub principal: Arc<str>,
    /// Why, where it was said.
    pub reason: String,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A form, or new rules for one, came into force.
    FormRegistered(FormRegistered),
    /// Histories of units were replaced.
    UnitsApplied(UnitsApplied),
    /// A report was accepted.
    ReportAccepted(Box<ReportAccepted>),
    /// A report was taken back.
    ReportWithdrawn(ReportWithdrawn),
    /// A query was explained.
    QueryExplained(QueryExplained),
    /// A token was issued.
    TokenIssued(TokenIssued),
    /// A token was revoked.
    TokenRevoked(TokenRevoked),
    /// The roster of a year was replaced.
    RosterApplied(RosterApplied),
    /// A unit has more time.
    DeadlineExtended(DeadlineExtended),
    /// A reviewer approved or returned a report.
    ReportReviewed(ReportReviewed),
    /// A report was made public.
    PublicationRecorded(PublicationRecorded),
    /// A unit's roll-up of a year was certified.
    YearClosed(YearClosed),
    /// A certified roll-up no longer stands.
    YearReopened(YearReopened),
    /// A text that stood beside the chain was taken out.
    TextRedacted(TextRedacted),
}

impl EventKind {
    /// The report, if it is one that was accepted.
    #[must_use]
    pub fn accepted(&self) -> Option<&ReportAccepted> {
        match self {
            Self::ReportAccepted(accepted) => Some(accepted),
            Self::FormRegistered(_)
            | Self::UnitsApplied(_)
            | Self::ReportWithdrawn(_)
            | Self::QueryExplained(_)
            | Self::RosterApplied(_)
            | Self::DeadlineExtended(_)
            | Self::ReportReviewed(_)
            | Self::PublicationRecorded(_)
            | Self::YearClosed(_)
            | Self::YearReopened(_)
            | Self::TextRedacted(_)
            | Self::TokenIssued(_)
            | Self::TokenRevoked(_) => None,
        }
    }

    /// The series it is about, if it is about one.
    #[must_use]
    pub fn series(&self) -> Option<&SeriesKey> {
        match self {
            Self::ReportAccepted(accepted) => Some(&accepted.series),
            Self::ReportWithdrawn(withdrawn) => Some(&withdrawn.series),
            Self::QueryExplained(explained) => Some(&explained.series),
            Self::ReportReviewed(reviewed) => Some(&reviewed.series),
            Self::PublicationRecorded(recorded) => Some(&recorded.series),
            Self::TextRedacted(redacted) => Some(&redacted.series),
            Self::FormRegistered(_)
            | Self::UnitsApplied(_)
            | Self::RosterApplied(_)
            | Self::DeadlineExtended(_)
            | Self::YearClosed(_)
            | Self::YearReopened(_)
            | Self::TokenIssued(_)
            | Self::TokenRevoked(_) => None,
        }
    }

    /// Whether it says something beside the series.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        // of a text that was taken out the series itself knows nothing
        self.series().is_none() || matches!(self, Self::TextRedacted(_))
    }

    /// Series whose findings changed with it.
    #[must_use]
    pub fn rejudged(&self) -> &[Rejudged] {
        match self {
            Self::UnitsApplied(applied) => &applied.rejudged,
            Self::ReportAccepted(accepted) => &accepted.rejudged,
            Self::ReportWithdrawn(withdrawn) => &withdrawn.rejudged,
            Self::RosterApplied(applied) => &applied.rejudged,
            Self::ReportReviewed(reviewed) => &reviewed.rejudged,
            Self::FormRegistered(_)
            | Self::QueryExplained(_)
            | Self::DeadlineExtended(_)
            | Self::PublicationRecorded(_)
            | Self::YearClosed(_)
            | Self::YearReopened(_)
            | Self::TextRedacted(_)
            | Self::TokenIssued(_)
            | Self::TokenRevoked(_) => &[],
        }
    }
}

/// Number of a registered form, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormId(pub u32);

/// See [`EventKind::FormRegistered`].
#[derive(Debug, Clone)]
pub struct FormRegistered {
    /// Its number.
    pub id: FormId,
    /// The form, compiled from the descriptors that the event carries.
    pub form: Arc<Form>,
}

/// See [`EventKind::UnitsApplied`].
#[derive(Debug, Clone)]
pub struct UnitsApplied {
    /// All entries of each code that is named.
    pub units: Vec<UnitEntry>,
    /// Findings of reports that changed with it.
    pub rejudged: Vec<Rejudged>,
}

/// A unit as it is from one year on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitEntry {
    /// Stable code.
    pub code: UnitCode,
    /// First year this holds.
    pub from_year: Year,
    /// Last year this holds; none: until the next entry, or on.
    pub until_year: Option<Year>,
    /// The unit above; none: a root.
    pub parent: Option<UnitCode>,
    /// What it is.
    pub kind: UnitKind,
    /// Its name.
    pub name: Arc<str>,
    /// May make government rules (规章).
    pub makes_rules: bool,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// 省、自治区、直辖市
    Province,
    /// 地级市
    PrefectureCity,
    /// 县级市
    CountyCity,
    /// 县
    County,
    /// 市辖区
    District,
    /// 功能区
    FunctionalZone,
    /// 政府办公厅（室）
    Office,
    /// 部门
    Department,
    /// 街道
    Subdistrict,
    /// 乡镇
    Town,
    /// 其他
    Other,
}

impl UnitKind {
    /// Every kind with the name it has in files.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Province, "province"),
        (Self::PrefectureCity, "prefecture_city"),
        (Self::CountyCity, "county_city"),
        (Self::County, "county"),
        (Self::District, "district"),
        (Self::FunctionalZone, "functional_zone"),
        (Self::Office, "office"),
        (Self::Department, "department"),
        (Self::Subdistrict, "subdistrict"),
        (Self::Town, "town"),
        (Self::Other, "other"),
    ];

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Whether units of this kind may make government rules, where the kind
    /// tells: provinces and cities with districts may; an office is as its parent.
    #[must_use]
    pub fn makes_rules(self) -> Option<bool> {
        match self {
            Self::Province | Self::PrefectureCity => Some(true),
            Self::Office | Self::Other => None,
            Self::CountyCity
            | Self::County
            | Self::District
            | Self::FunctionalZone
            | Self::Department
            | Self::Subdistrict
            | Self::Town => Some(false),
        }
    }

    /// Its name in files, e.g. `prefecture_city`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("other", |(_, name)| name)
    }
}

/// Names a series: all revisions of one report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// Form family.
    pub family: FamilyName,
    /// Reporting year.
    pub year: Year,
    /// Unit.
    pub unit: UnitCode,
    /// Whom the report speaks for.
    pub coverage: Coverage,
}

/// See [`EventKind::ReportAccepted`].
#[derive(Debug, Clone)]
pub struct ReportAccepted {
    /// The series; its family is that of the form.
    pub series: SeriesKey,
    /// The form, and the rules it was judged by.
    pub form: FormId,
    /// Number of the revision.
    pub revision: Revision,
    /// The id its sender gave.
    pub request_id: Option<RequestId>,
    /// Presence and figures.
    pub row: Row,
    /// Digest of the content.
    pub digest: Digest,
    /// Digest of the texts that stand beside the chain; none: no text.
    pub texts: Option<Digest>,
    /// As stated by the sender.
    pub blank_means_zero: bool,
    /// As stated by the sender.
    pub nil_report: bool,
    /// Everything found.
    pub findings: Findings,
    /// Queries explained by what came with the report.
    pub explained: Vec<Explained>,
    /// It counts only once a reviewer has approved it.
    pub awaits_approval: bool,
    /// Findings of other reports that changed with it.
    pub rejudged: Vec<Rejudged>,
}

/// The findings of a series, judged again.
#[derive(Debug, Clone)]
pub struct Rejudged {
    /// The series; its current revision is meant: the one that awaits approval,
    /// else the effective one.
    pub series: SeriesKey,
    /// What is found now.
    pub findings: Findings,
}

/// An explained query, bound to its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Explained {
    /// Which check.
    pub check: CheckId,
    /// Left side.
    pub left: i64,
    /// Right side.
    pub right: i64,
}

/// See [`EventKind::ReportWithdrawn`].
#[derive(Debug, Clone)]
pub struct ReportWithdrawn {
    /// The series.
    pub series: SeriesKey,
    /// The revision, effective or awaiting approval until now.
    pub revision: Revision,
    /// Findings of other reports that changed with it.
    pub rejudged: Vec<Rejudged>,
}

/// See [`EventKind::RosterApplied`].
#[derive(Debug, Clone)]
pub struct RosterApplied {
    /// Form family.
    pub family: FamilyName,
    /// Reporting year.
    pub year: Year,
    /// Reports accepted from now on count once approved.
    pub requires_approval: bool,
    /// By kind of unit; none: every other kind.
    pub deadlines: Vec<(Option<UnitKind>, Deadlines)>,
    /// Of the units that do not simply owe by kind.
    pub dispositions: Vec<(UnitCode, Disposition)>,
    /// Findings of reports that changed with it.
    pub rejudged: Vec<Rejudged>,
}

/// See [`EventKind::DeadlineExtended`]. Why is said by the event.
#[derive(Debug, Clone)]
pub struct DeadlineExtended {
    /// Form family.
    pub family: FamilyName,
    /// Reporting year.
    pub year: Year,
    /// Who has more time.
    pub unit: UnitCode,
    /// For what.
    pub obligation: Obligation,
    /// To the end of that day.
    pub until: Day,
}

/// See [`EventKind::ReportReviewed`].
#[derive(Debug, Clone)]
pub struct ReportReviewed {
    /// The series.
    pub series: SeriesKey,
    /// The revision that was looked at.
    pub revision: Revision,
    /// What was decided.
    pub review: Review,
    /// Digest of the reviewer's words, which stand beside the chain; none: no words.
    pub text: Option<Digest>,
    /// Paths of the cells that are meant.
    pub cells: Vec<Arc<str>>,
    /// Findings that changed with it.
    pub rejudged: Vec<Rejudged>,
}

/// What a reviewer decides (审核).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// 通过
    Approved,
    /// 退回
    Returned,
}

/// See [`EventKind::PublicationRecorded`] (公开).
#[derive(Debug, Clone)]
pub struct PublicationRecorded {
    /// The series whose report is public.
    pub series: SeriesKey,
    /// Where.
    pub address: Arc<str>,
    /// Since when.
    pub date: Day,
}

/// See [`EventKind::YearClosed`].
#[derive(Debug, Clone)]
pub struct YearClosed {
    /// What was certified.
    pub statement: Arc<Statement>,
    /// The same, as it was signed and handed out.
    pub signed: Signed,
}

/// See [`EventKind::YearReopened`]. Why is said by the event.
#[derive(Debug, Clone)]
pub struct YearReopened {
    /// Which total.
    pub total: TotalKey,
}

/// See [`EventKind::TextRedacted`]. Why is said by the event.
#[derive(Debug, Clone)]
pub struct TextRedacted {
    /// The series it stood beside.
    pub series: SeriesKey,
    /// Its digest, which stays.
    pub text: Digest,
}

/// See [`EventKind::QueryExplained`].
#[derive(Debug, Clone)]
pub struct QueryExplained {
    /// The series.
    pub series: SeriesKey,
    /// The query.
    pub explained: Explained,
    /// Digest of the words that stand beside the chain.
    pub text: Digest,
}

/// Number of a token, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub u32);

/// See [`EventKind::TokenIssued`].
#[derive(Debug, Clone)]
pub struct TokenIssued {
    /// Its number.
    pub id: TokenId,
    /// Who holds it.
    pub principal: Arc<str>,
    /// What its holder may do.
    pub grants: Arc<[Grant]>,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// Digest of the token.
    pub digest: Digest,
}

/// See [`EventKind::TokenRevoked`].
#[derive(Debug, Clone)]
pub struct TokenRevoked {
    /// Its number.
    pub id: TokenId,
}
