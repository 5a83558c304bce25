//! The state: a fold over the events of the ledger, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use super::book::Book;
use super::completeness::Counts;
use super::event::{
    DeadlineExtended, Event, EventKind, FormId, FormRegistered, QueryExplained, Rejudged, ReportAccepted,
    RosterApplied, SeriesKey, UnitEntry, UnitsApplied, YearClosed, YearReopened,
};
use super::forms::Forms;
use super::roster::Roster;
use super::series::Series;
use super::statement::Closed;
use super::tokens::Tokens;
use super::totals::{Total, TotalKey};
use super::tree::Tree;
use super::units::Units;
use super::yearly::Yearly;
use crate::form::{Form, Row, UnitFacts};
use crate::words::{Digest, FamilyName, Position, Revision, Timestamp, UnitCode, Year, limits};

/// Everything the ledger says, folded.
#[derive(Debug, Default)]
pub struct State {
    pub(super) head: Position,
    pub(super) last_time: Timestamp,
    pub(super) forms: Forms,
    current: HashMap<String, FormId>,
    pub(super) units: Arc<Units>,
    /// Where the units were last changed.
    pub(super) units_at: Position,
    /// The tree from each turning year on.
    pub(super) trees: Vec<(Year, Arc<Tree>)>,
    pub(super) books: Yearly<Book>,
    /// Rosters as they were told.
    pub(super) rosters: Yearly<Rosters>,
    pub(super) closed: BTreeMap<TotalKey, Closed>,
    /// Texts that were taken out.
    pub(super) redacted: BTreeSet<Digest>,
    tokens: Tokens,
    /// Places of the events that say something beside the series.
    pub(super) apart: Vec<Position>,
    /// See [`State::put_off_totals`].
    pub(super) put_off: bool,
}

/// The rosters of a form and year, one after the other, each with its place in the ledger.
pub(super) type Rosters = Vec<(Position, Arc<Roster>)>;

/// An event that cannot follow the ones before it: the ledger is damaged, or
/// written by a program that decides otherwise.
#[derive(Debug, thiserror::Error)]
#[error("event {position}: {problem}")]
pub struct ApplyError {
    /// Where.
    pub position: Position,
    /// What is wrong.
    pub problem: String,
}

/// A total with what it covers.
#[derive(Debug, Clone)]
pub struct Rollup {
    /// Ledger position it speaks of.
    pub position: Position,
    /// The form of that family and year.
    pub form: Arc<Form>,
    /// Name of the unit in that year.
    pub unit_name: Arc<str>,
    /// The sum.
    pub total: Total,
    /// Who has filed.
    pub counts: Counts,
}

impl State {
    /// The state of an empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Position of the last event.
    #[must_use]
    pub fn head(&self) -> Position {
        self.head
    }

    /// Time of the last event.
    #[must_use]
    pub fn last_time(&self) -> Timestamp {
        self.last_time
    }

    /// Folds one event in.
    ///
    /// # Errors
    /// [`ApplyError`] if it cannot follow what came before.
    pub fn apply(&mut self, event: &Event) -> Result<(), ApplyError> {
        let wrong = |problem: String| ApplyError { position: event.position, problem };
        if event.position != self.head.next() {
            return Err(wrong(format!("follows {}", self.head)));
        }
        if event.time < self.last_time {
            return Err(wrong("is earlier than the event before it".to_owned()));
        }
        self.enter(event).map_err(wrong)?;
        if event.kind.is_apart() {
            self.apart.push(event.position);
        }
        self.head = event.position;
        self.last_time = event.time;
        Ok(())
    }

    pub(super) fn enter(&mut self, event: &Event) -> Result<(), String> {
        match &event.kind {
            EventKind::FormRegistered(registered) => self.register(registered, event.position),
            EventKind::UnitsApplied(UnitsApplied { units, rejudged }) => {
                self.replace_units(units, event.position)?;
                self.rejudge(rejudged, event.position)
            }
            EventKind::ReportAccepted(accepted) => self.accept(accepted, event),
            EventKind::ReportWithdrawn(withdrawn) => {
                self.expect_live(&withdrawn.series, withdrawn.revision)?;
                self.update(&withdrawn.series, |series| series.withdraw(withdrawn.revision, event.position))?;
                self.rejudge(&withdrawn.rejudged, event.position)
            }
            EventKind::QueryExplained(explained) => {
                let QueryExplained { series, explained, text } = explained;
                self.update(series, |series| series.explain(*explained, Some(*text), event.position))
            }
            EventKind::RosterApplied(applied) => {
                self.replace_roster(applied, event.position)?;
                self.rejudge(&applied.rejudged, event.position)
            }
            EventKind::DeadlineExtended(extended) => self.extend_deadline(extended, event.position),
            EventKind::ReportReviewed(reviewed) => {
                self.expect_live(&reviewed.series, reviewed.revision)?;
                self.update(&reviewed.series, |series| series.review(reviewed, event.position))?;
                self.rejudge(&reviewed.rejudged, event.position)
            }
            EventKind::PublicationRecorded(recorded) => {
                self.update(&recorded.series, |series| series.publish(recorded, event.position))
            }
            EventKind::YearClosed(YearClosed { statement, .. }) => {
                let closed = Closed { statement: Arc::clone(statement), position: event.position };
                self.closed.insert(statement.total.clone(), closed);
                Ok(())
            }
            EventKind::YearReopened(YearReopened { total }) => self
                .closed
                .remove(total)
                .map(drop)
                .ok_or_else(|| format!("{} of {} is not closed", total.unit, total.year)),
            EventKind::TextRedacted(redacted) => {
                self.redacted.insert(redacted.text);
                Ok(())
            }
            EventKind::TokenIssued(issued) => self.tokens.issue(issued, event),
            EventKind::TokenRevoked(revoked) => self.tokens.revoke(revoked, event),
        }
    }

    fn accept(&mut self, accepted: &ReportAccepted, event: &Event) -> Result<(), String> {
        let SeriesKey { family, year, unit, coverage } = &accepted.series;
        let form = self.forms.get(accepted.form).filter(|form| form.family() == family && form.covers(*year));
        let form = form.ok_or_else(|| format!("form {} is not registered for {family} {year}", accepted.form.0))?;
        if accepted.row.borrowed().reach(form.cells()) > FIGURE_REACH {
            return Err("a figure is out of range".to_owned());
        }
        let book = self.book_mut(family, *year)?;
        let index = book.tree.find(unit.as_str());
        let index = index.ok_or_else(|| format!("unit {unit} is not in the tree of {year}"))?;
        let newest = book.series_of(index, *coverage).and_then(Series::newest).map_or(0, |newest| newest.0);
        if newest.checked_add(1) != Some(accepted.revision.0) {
            return Err(format!("revision {} follows {newest}", accepted.revision));
        }
        let accept = |series: &mut Series| series.accept(accepted, (event.position, event.time));
        book.update_at(index, *coverage, accept).map_err(|error| error.to_string())?;
        self.rejudge(&accepted.rejudged, event.position)
    }

    /// That a revision counts or awaits approval.
    fn expect_live(&self, key: &SeriesKey, revision: Revision) -> Result<(), String> {
        let live = self.series(key).and_then(|series| series.live(revision));
        if live.is_some() { Ok(()) } else { Err(format!("revision {revision} is not in effect, nor awaits approval")) }
    }

    pub(super) fn replace_roster(&mut self, applied: &RosterApplied, position: Position) -> Result<(), String> {
        let (family, year) = (&applied.family, applied.year);
        let roster = self.tell_roster(family, year, self.roster(family, year).replaced_by(applied), position);
        let Some(book) = self.books.get_mut(family, year) else { return Ok(()) };
        let tree = tree_of(&self.trees, year).with_roster(&roster);
        book.roster = roster;
        book.replant(tree).map_err(|error| error.to_string())
    }

    fn extend_deadline(&mut self, extended: &DeadlineExtended, position: Position) -> Result<(), String> {
        let DeadlineExtended { family, year, unit, .. } = extended;
        let roster = self.roster(family, *year).extended_by(extended);
        let roster = self.tell_roster(family, *year, roster, position);
        if let Some(book) = self.books.get_mut(family, *year) {
            book.extend(roster, unit);
        }
        Ok(())
    }

    fn tell_roster(&mut self, family: &FamilyName, year: Year, roster: Roster, position: Position) -> Arc<Roster> {
        let roster = Arc::new(roster);
        self.rosters.or_insert_with(family, year, Vec::new).push((position, Arc::clone(&roster)));
        roster
    }

    pub(super) fn register(&mut self, registered: &FormRegistered, position: Position) -> Result<(), String> {
        let FormRegistered { id, form } = registered;
        if usize::try_from(id.0).ok() != self.forms.len().checked_add(1) {
            return Err(format!("form {} is registered out of order", id.0));
        }
        if let Some((_, before)) = self.current_form(form.name())
            && !before.has_cells_of(form)
        {
            return Err(format!("cells of {} differ from those registered before", form.name()));
        }
        self.forms.push(position, Arc::clone(form));
        self.current.insert(form.name().to_owned(), *id);
        for (_, _, book) in self.books.iter_mut() {
            book.forms = self.forms.clone();
            if book.form.name() == form.name() {
                book.form = Arc::clone(form);
            }
        }
        Ok(())
    }

    fn replace_units(&mut self, entries: &[UnitEntry], position: Position) -> Result<(), String> {
        let units = Arc::make_mut(&mut self.units);
        let replaced = units.enter(entries, position);
        let trees = units.trees();
        if let Some((year, unit)) = trees.iter().find_map(|(year, tree)| Some((year, tree.too_deep()?))) {
            units.take_back(replaced);
            return Err(format!("unit {unit} is above itself in {year}, or deeper than {} levels", limits::TREE_DEPTH));
        }
        (self.units_at, self.trees) = (position, trees);
        for (_, year, book) in self.books.iter_mut() {
            let tree = tree_of(&self.trees, year).with_roster(&book.roster);
            if tree.adds_up_like(&book.tree) {
                book.tree = tree;
            } else {
                book.replant(tree).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    fn rejudge(&mut self, rejudged: &[Rejudged], position: Position) -> Result<(), String> {
        rejudged.iter().try_for_each(|Rejudged { series, findings }| {
            self.update(series, |entry| entry.rejudge(findings, position))
        })
    }

    fn update(&mut self, key: &SeriesKey, change: impl FnOnce(&mut Series)) -> Result<(), String> {
        let book = self.book_mut(&key.family, key.year)?;
        book.update(&key.unit, key.coverage, change).map_err(|error| error.to_string())
    }

    /// The book of a family and year, a new one if there is none yet.
    pub(super) fn book_mut(&mut self, family: &FamilyName, year: Year) -> Result<&mut Book, String> {
        if self.books.get(family, year).is_none() {
            let (_, form) = self.form_for(family, year).ok_or_else(|| format!("no form of {family} covers {year}"))?;
            let (tree, roster) = (self.tree_for(family, year), self.roster(family, year));
            let mut book = Book::new(form, self.forms.clone(), tree, roster);
            book.put_off = self.put_off;
            self.books.insert(family, year, book);
        }
        self.books.get_mut(family, year).ok_or_else(|| format!("no book of {family} {year}"))
    }

    /// A registered form.
    #[must_use]
    pub fn form(&self, id: FormId) -> Option<Arc<Form>> {
        self.forms.get(id).map(Arc::clone)
    }

    /// Number of forms registered so far.
    #[must_use]
    pub fn registered(&self) -> u32 {
        u32::try_from(self.forms.len()).unwrap_or(u32::MAX)
    }

    /// The registration in force of the form with that name.
    #[must_use]
    pub fn current_form(&self, name: &str) -> Option<(FormId, Arc<Form>)> {
        let id = *self.current.get(name)?;
        Some((id, self.form(id)?))
    }

    /// The registrations in force.
    #[must_use]
    pub fn current_registrations(&self) -> Vec<(FormId, Arc<Form>)> {
        self.current_forms().iter().filter_map(|form| self.current_form(form.name())).collect()
    }

    /// All forms in force as of a position, in order of family and year.
    #[must_use]
    pub fn forms_in_force(&self, at: Position) -> Vec<Arc<Form>> {
        let by_name: BTreeMap<&str, &Arc<Form>> = self.forms_at(at).map(|form| (form.name(), form)).collect();
        let mut forms: Vec<Arc<Form>> = by_name.into_values().map(Arc::clone).collect();
        forms.sort_by(|a, b| (a.family(), a.years().0).cmp(&(b.family(), b.years().0)));
        forms
    }

    /// All forms in force, in order of family and year.
    #[must_use]
    pub fn current_forms(&self) -> Vec<Arc<Form>> {
        self.forms_in_force(self.head)
    }

    /// Registered forms as of a position.
    pub(super) fn forms_at(&self, at: Position) -> impl Iterator<Item = &Arc<Form>> {
        self.forms.iter().take_while(move |(position, _)| *position <= at).map(|(_, form)| form)
    }

    /// The form of a family that judges a year.
    #[must_use]
    pub fn form_for(&self, family: &FamilyName, year: Year) -> Option<(FormId, Arc<Form>)> {
        let fits = |form: &Form| form.family() == family && form.covers(year);
        let is_current = |id: &FormId, form: &Form| self.current.get(form.name()) == Some(id);
        let ids = (1..=self.registered()).rev().map(FormId);
        let mut forms = ids.filter_map(|id| Some((id, self.forms.get(id)?)));
        let found = forms.find(|(id, form)| fits(form) && is_current(id, form));
        found.map(|(id, form)| (id, Arc::clone(form)))
    }

    /// The tokens that were issued.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The units.
    #[must_use]
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// The tree of a year, without the duties that rosters give.
    #[must_use]
    pub fn tree(&self, year: Year) -> Arc<Tree> {
        tree_of(&self.trees, year)
    }

    /// The tree of a family's year, with the duties that its roster gives.
    #[must_use]
    pub fn tree_for(&self, family: &FamilyName, year: Year) -> Arc<Tree> {
        match self.book(family, year) {
            Some(book) => Arc::clone(&book.tree),
            None => self.tree(year).with_roster(&self.roster(family, year)),
        }
    }

    /// The roster of a family's year; an empty one where there is none.
    #[must_use]
    pub fn roster(&self, family: &FamilyName, year: Year) -> Arc<Roster> {
        self.roster_at(family, year, Position(u64::MAX))
    }

    /// The roster of a family's year as it was told at a position.
    #[must_use]
    pub fn roster_at(&self, family: &FamilyName, year: Year, at: Position) -> Arc<Roster> {
        static NONE: LazyLock<Arc<Roster>> = LazyLock::new(Arc::default);
        let told = self.rosters.get(family, year).map_or(&[][..], Vec::as_slice);
        let roster = told.iter().rev().find(|(position, _)| *position <= at).map(|(_, roster)| roster);
        Arc::clone(roster.unwrap_or(&NONE))
    }

    /// Whether a text was taken out.
    #[must_use]
    pub fn is_redacted(&self, text: &Digest) -> bool {
        self.redacted.contains(text)
    }

    /// Whether a unit exists in a year.
    #[must_use]
    pub fn has_unit(&self, unit: &UnitCode, year: Year) -> bool {
        self.units.in_year(unit.as_str(), year).is_some()
    }

    /// What checks need to know of the unit of a series.
    #[must_use]
    pub fn unit_facts(&self, key: &SeriesKey) -> UnitFacts {
        self.tree_for(&key.family, key.year).facts(key.unit.as_str())
    }

    pub(super) fn book(&self, family: &FamilyName, year: Year) -> Option<&Book> {
        self.books.get(family, year)
    }

    /// A series, if anything was ever accepted in it.
    #[must_use]
    pub fn series(&self, key: &SeriesKey) -> Option<&Series> {
        self.book(&key.family, key.year)?.series(key.unit.as_str(), key.coverage)
    }

    /// Queries of what is looked at in a series that nobody has explained.
    #[must_use]
    pub fn open_queries(&self, series: &Series) -> i64 {
        series.open_queries(&self.forms)
    }

    /// Whether a unit has filed a report it owes.
    #[must_use]
    pub fn has_filed(&self, family: &FamilyName, year: Year, unit: &UnitCode) -> bool {
        let book = self.book(family, year);
        book.and_then(|book| Some(book.has_filed(book.tree.find(unit.as_str())?))).unwrap_or(false)
    }

    /// All series, in order of family, year, unit, coverage.
    pub fn all_series(&self) -> impl Iterator<Item = (SeriesKey, &Series)> {
        self.series_after(None)
    }

    /// All series after a given one, in order of family, year, unit, coverage.
    pub fn series_after(&self, after: Option<&SeriesKey>) -> impl Iterator<Item = (SeriesKey, &Series)> {
        let from = after.map(|after| (&after.family, after.year));
        let books = self.books.iter().filter(move |(family, year, _)| from.is_none_or(|from| from <= (*family, *year)));
        let all = books.flat_map(move |(family, year, book)| {
            let unit = after.filter(|_| from == Some((family, year))).map(|after| &after.unit);
            book.keys(unit).map(move |(unit, coverage, series)| {
                (SeriesKey { family: family.clone(), year, unit: unit.clone(), coverage }, series)
            })
        });
        all.skip_while(move |(key, _)| after.is_some_and(|after| key <= after))
    }

    /// The total of a unit and what it covers; none if the unit is not in the
    /// tree of that year or no form of the family covers it.
    #[must_use]
    pub fn rollup(&self, key: &TotalKey) -> Option<Rollup> {
        self.with_book(&key.family, key.year, |book| {
            let index = book.tree.find(key.unit.as_str())?;
            Some(Rollup {
                position: self.head,
                form: Arc::clone(&book.form),
                unit_name: Arc::clone(&book.tree.get(index)?.name),
                total: book.total(index, key.basis),
                counts: book.counts(index),
            })
        })
    }

    /// Units below one, or itself, that owe a report and have not filed.
    #[must_use]
    pub fn missing(
        &self,
        family: &FamilyName,
        unit: &UnitCode,
        year: Year,
        after: Option<&UnitCode>,
        most: usize,
    ) -> Vec<(UnitCode, Arc<str>)> {
        let named = |book: &Book, index| book.tree.get(index).map(|node| (node.code.clone(), Arc::clone(&node.name)));
        self.with_book(family, year, |book| {
            let root = book.tree.find(unit.as_str())?;
            Some(book.missing(root, after, most).into_iter().filter_map(|index| named(book, index)).collect())
        })
        .unwrap_or_default()
    }

    /// Units without children that contributed a CONSOLIDATED report.
    #[must_use]
    pub fn not_broken_down(&self, key: &TotalKey, most: usize) -> Vec<UnitCode> {
        let named = |book: &Book, index| book.tree.get(index).map(|node| node.code.clone());
        self.with_book(&key.family, key.year, |book| {
            let root = book.tree.find(key.unit.as_str())?;
            Some(
                book.not_broken_down(root, key.basis, most)
                    .into_iter()
                    .filter_map(|index| named(book, index))
                    .collect(),
            )
        })
        .unwrap_or_default()
    }

    /// The book of a family and year; an empty one where nothing was filed yet.
    pub(super) fn with_book<T>(
        &self,
        family: &FamilyName,
        year: Year,
        read: impl FnOnce(&Book) -> Option<T>,
    ) -> Option<T> {
        match self.book(family, year) {
            Some(book) => read(book),
            None => {
                let (_, form) = self.form_for(family, year)?;
                let (tree, roster) = (self.tree_for(family, year), self.roster(family, year));
                read(&Book::empty(form, self.forms.clone(), tree, roster))
            }
        }
    }

    /// Whether accepting figures would take a total beyond [`limits::TOTAL_MAX`], or
    /// one of them alone is too large for totals to stay in range.
    #[must_use]
    pub fn would_overflow(&self, key: &SeriesKey, form: FormId, row: &Row) -> bool {
        let (Some(form), row) = (self.forms.get(form), row.borrowed()) else { return true };
        let reach = row.reach(form.cells());
        let has_room = |book: &Book| book.has_surely_room_for(reach) || book.has_room_for(&key.unit, key.coverage, row);
        reach > FIGURE_REACH || self.book(&key.family, key.year).is_some_and(|book| !has_room(book))
    }

    /// Falsifies a kept total, so that a test can see it noticed.
    #[cfg(test)]
    pub(crate) fn corrupt(&mut self, key: (&FamilyName, Year), unit: &UnitCode, cell: usize) {
        let book = self.books.get_mut(key.0, key.1).unwrap();
        let index = book.tree.find(unit.as_str()).unwrap();
        book.corrupt(index, cell);
    }
}

/// How far figures may be from 0: a form need not check bounds, totals rely on them.
const FIGURE_REACH: u64 = limits::FIGURE_MAX.unsigned_abs();

/// The tree that holds in a year.
pub(super) fn tree_of(trees: &[(Year, Arc<Tree>)], year: Year) -> Arc<Tree> {
    trees.iter().rev().find(|(from, _)| *from <= year).map(|(_, tree)| Arc::clone(tree)).unwrap_or_default()
}
