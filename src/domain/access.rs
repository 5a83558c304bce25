//! Who may do what: roles, reaches, grants, and the one function that decides.
//!
//! Not who a caller is: that is found out at the door. What no grant permits is
//! denied. Which units are below which is taken from the tree of the year that a
//! request speaks of; where it speaks of none, from the units as told now.

use std::fmt;
use std::sync::Arc;

use super::units::Units;
use crate::words::{UnitCode, Year};

/// What a caller is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Files the reports of its units (填报).
    Submitter,
    /// Approves and returns reports of units below its own (审核).
    Reviewer,
    /// Keeps units, rosters and years (政务公开办).
    Office,
    /// Reads everything and changes nothing (审计).
    Auditor,
    /// Runs the service: backup, status, tokens; no figures (运维).
    Operator,
}

/// Which units a grant speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// All units, also those nobody has heard of.
    Everything,
    /// One unit, and not those below it.
    Unit(UnitCode),
    /// A unit and all below it.
    Subtree(UnitCode),
}

/// A role within a reach.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    role: Role,
    reach: Reach,
}

/// What is done, as each RPC declares it in its .proto.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Submit, correct, explain, withdraw, record a publication.
    SubmitReports,
    /// Reports as they were filed, and who filed them.
    ReadReports,
    /// Totals and what they say.
    ReadRollups,
    /// The tree of units.
    ReadUnits,
    /// Forms: open to every known caller.
    ReadForms,
    /// Approve and return.
    ReviewReports,
    /// Change units.
    ManageUnits,
    /// Rosters, deadlines, extensions; close and reopen years; redact.
    ManageYears,
    /// Who changed what.
    ReadAudit,
    /// Backup, status, tokens.
    Operate,
}

/// What a request speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// No unit: forms, the service itself.
    NoUnit,
    /// One unit and nothing below it, in a year if one is named.
    Unit(&'a UnitCode, Option<Year>),
    /// A unit with all below it, in a year if one is named.
    Below(&'a UnitCode, Option<Year>),
    /// Every unit there is.
    AllUnits,
}

impl<'a> Subject<'a> {
    /// A unit with all below it; none: every unit there is.
    #[must_use]
    pub fn below(root: Option<&'a UnitCode>, year: Option<Year>) -> Self {
        root.map_or(Self::AllUnits, |root| Self::Below(root, year))
    }
}

/// Why not. It says nothing of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// No grant permits it; or there is no such unit.
    Denied,
    /// Some unit is meant to be named: the reach is not everything.
    NameAUnit,
}

/// A grant that makes no sense, or is not written as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("grant {text:?}: {problem}")]
pub struct GrantError {
    /// As written, cut short.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Role {
    /// Every role with its name in files.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Submitter, "submitter"),
        (Self::Reviewer, "reviewer"),
        (Self::Office, "office"),
        (Self::Auditor, "auditor"),
        (Self::Operator, "operator"),
    ];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(role, _)| *role == self).map_or("", |(_, name)| name)
    }

    /// What it permits, within the reach it is granted for.
    #[must_use]
    pub fn permits(self, permission: Permission) -> bool {
        use Permission::{
            ManageUnits, ManageYears, Operate, ReadAudit, ReadForms, ReadReports, ReadRollups, ReadUnits,
            ReviewReports, SubmitReports,
        };
        let reads = matches!(permission, ReadReports | ReadRollups | ReadUnits | ReadForms);
        match self {
            Self::Submitter => reads || permission == SubmitReports,
            Self::Reviewer => reads || permission == ReviewReports,
            Self::Office => reads || matches!(permission, ManageUnits | ManageYears | ReadAudit),
            Self::Auditor => reads || permission == ReadAudit,
            Self::Operator => matches!(permission, Operate | ReadForms),
        }
    }

    /// Whether what it reads is kept in the access log.
    #[must_use]
    pub fn is_logged(self) -> bool {
        match self {
            Self::Office | Self::Auditor => true,
            Self::Submitter | Self::Reviewer | Self::Operator => false,
        }
    }
}

impl Permission {
    /// Whether it changes nothing and tells of units.
    #[must_use]
    pub fn reads_of_units(self) -> bool {
        match self {
            Self::ReadReports | Self::ReadRollups | Self::ReadUnits | Self::ReadAudit => true,
            Self::SubmitReports
            | Self::ReadForms
            | Self::ReviewReports
            | Self::ManageUnits
            | Self::ManageYears
            | Self::Operate => false,
        }
    }
}

impl Grant {
    /// A role within a reach.
    ///
    /// # Errors
    /// [`GrantError`] where the two do not go together: only a submitter is of one
    /// unit alone, and an operator is of no unit.
    pub fn new(role: Role, reach: Reach) -> Result<Self, GrantError> {
        let problem = match (role, &reach) {
            (Role::Submitter, _) | (_, Reach::Everything) => None,
            (Role::Operator, _) => Some("an operator is of no unit"),
            (_, Reach::Unit(_)) => Some("only a submitter is of one unit alone; say subtree"),
            (_, Reach::Subtree(_)) => None,
        };
        let grant = Self { role, reach };
        match problem {
            Some(problem) => Err(GrantError { text: grant.to_string(), problem: problem.to_owned() }),
            None => Ok(grant),
        }
    }

    /// Every role, for everything: who works at the machine itself.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Role::ALL.into_iter().map(|(role, _)| Self { role, reach: Reach::Everything }).collect()
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The reach.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    fn reaches(&self, permission: Permission, subject: Subject<'_>, units: &Units) -> bool {
        match (&self.reach, subject) {
            (Reach::Everything, _) | (_, Subject::NoUnit) => true,
            (_, Subject::AllUnits) => false,
            (Reach::Unit(own), Subject::Unit(unit, _)) => own == unit,
            // what is below a unit is not the unit
            (Reach::Unit(own), Subject::Below(unit, year)) => own == unit && !units.has_below(unit, year),
            (Reach::Subtree(root), Subject::Unit(unit, year) | Subject::Below(unit, year)) => {
                // nobody reviews his own report
                let strictly = permission == Permission::ReviewReports;
                if root == unit { !strictly } else { units.is_within(unit, root, year) }
            }
        }
    }
}

/// The one function that decides.
///
/// # Errors
/// [`Denial`], which is the same for a unit out of reach and for one that does not
/// exist. Who may see everything is never denied for want of a unit.
pub fn decide(grants: &[Grant], permission: Permission, subject: Subject<'_>, units: &Units) -> Result<(), Denial> {
    let mut fitting = grants.iter().filter(|grant| grant.role.permits(permission)).peekable();
    if fitting.peek().is_none() {
        return Err(Denial::Denied);
    }
    if fitting.any(|grant| grant.reaches(permission, subject, units)) {
        return Ok(());
    }
    Err(if subject == Subject::AllUnits { Denial::NameAUnit } else { Denial::Denied })
}

/// The same over several years: a unit must be within the reach in every year in
/// which it exists, and in one at least.
///
/// # Errors
/// [`Denial`].
pub fn decide_over(
    grants: &[Grant],
    permission: Permission,
    unit: &UnitCode,
    years: &[Year],
    units: &Units,
) -> Result<(), Denial> {
    let decided = |year: Year| decide(grants, permission, Subject::Below(unit, Some(year)), units);
    let exists = |year: &&Year| units.in_year(unit.as_str(), **year).is_some();
    let mut existing = years.iter().filter(exists).peekable();
    match (existing.peek(), years.last()) {
        (Some(_), _) => existing.try_for_each(|year| decided(*year)),
        (None, Some(year)) => decided(*year),
        (None, None) => Err(Denial::Denied),
    }
}

/// Whether histories of units may be replaced: each unit named is within the reach
/// in every year in which it exists, before and after, and the unit that a subtree
/// is granted for keeps its place, which is its superior's to decide.
///
/// # Errors
/// [`Denial`].
pub fn decide_change(grants: &[Grant], named: &[UnitCode], before: &Units, after: &Units) -> Result<(), Denial> {
    let permission = Permission::ManageUnits;
    if decide(grants, permission, Subject::AllUnits, before).is_ok() {
        return Ok(());
    }
    let turning: Vec<Year> = before.turning_years().union(&after.turning_years()).copied().collect();
    let parent_in = |units: &Units, unit: &UnitCode, year: Year| {
        units.in_year(unit.as_str(), year).map(|entry| entry.parent.clone())
    };
    let within = |grant: &Grant, unit: &UnitCode, year: Year| match grant.reach() {
        Reach::Subtree(root) if root == unit => parent_in(before, unit, year) == parent_in(after, unit, year),
        Reach::Everything | Reach::Unit(_) | Reach::Subtree(_) => [before, after].into_iter().all(|units| {
            let exists = units.in_year(unit.as_str(), year).is_some();
            !exists || grant.reaches(permission, Subject::Unit(unit, Some(year)), units)
        }),
    };
    let may = |unit: &UnitCode| {
        let exists =
            turning.iter().any(|year| [before, after].iter().any(|units| parent_in(units, unit, *year).is_some()));
        let mut fitting = grants.iter().filter(|grant| grant.role().permits(permission));
        exists && fitting.any(|grant| turning.iter().all(|year| within(grant, unit, *year)))
    };
    if !named.is_empty() && named.iter().all(may) { Ok(()) } else { Err(Denial::Denied) }
}

/// What somebody may see of what a list goes through: each entry is looked at for
/// itself, by the tree of its own year.
#[derive(Debug, Clone)]
pub struct Sight {
    grants: Arc<[Grant]>,
    permission: Permission,
}

impl Sight {
    /// What these grants let somebody see.
    #[must_use]
    pub fn new(grants: &Arc<[Grant]>, permission: Permission) -> Self {
        Self { grants: Arc::clone(grants), permission }
    }

    /// Whether a unit is seen in a year.
    #[must_use]
    pub fn sees(&self, unit: &UnitCode, year: Year, units: &Units) -> bool {
        decide(&self.grants, self.permission, Subject::Unit(unit, Some(year)), units).is_ok()
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Unit(unit) => write!(f, "unit:{unit}"),
            Self::Subtree(root) => write!(f, "subtree:{root}"),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.role.name(), self.reach)
    }
}

impl std::str::FromStr for Grant {
    type Err = GrantError;

    /// Reads "office:subtree:371000", "submitter:unit:371002", "auditor:everything".
    fn from_str(text: &str) -> Result<Self, GrantError> {
        let wrong = |problem: String| GrantError { text: text.chars().take(80).collect(), problem };
        let (role, reach) = text.split_once(':').unwrap_or((text, ""));
        let known = Role::ALL.into_iter().find(|(_, name)| *name == role);
        let (role, _) = known.ok_or_else(|| {
            let names = Role::ALL.map(|(_, name)| name).join(", ");
            wrong(format!("the role is none of {names}"))
        })?;
        let unit = |code: &str| UnitCode::new(code).map_err(|error| wrong(error.to_string()));
        let reach = match (role, reach.split_once(':')) {
            (_, None) if reach == "everything" => Reach::Everything,
            (_, Some(("unit", code))) => Reach::Unit(unit(code)?),
            (_, Some(("subtree", code))) => Reach::Subtree(unit(code)?),
            // of everything in any case
            (Role::Operator | Role::Auditor, None) if reach.is_empty() => Reach::Everything,
            _ => return Err(wrong("say ROLE:unit:CODE, ROLE:subtree:CODE or ROLE:everything".to_owned())),
        };
        Self::new(role, reach)
    }
}

#[cfg(test)]
mod tests;
