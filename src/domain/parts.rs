//! A state in two parts: the events that say something beside the series, and the series
//! as they are. Put together they are the state again, without the events of reports.

use std::sync::Arc;
use std::thread;

use super::book::Book;
use super::event::{Event, EventKind, FormId};
use super::series::Series;
use super::state::{State, tree_of};
use crate::words::{Coverage, FamilyName, Position, Timestamp, UnitCode, Year};

/// A year of a family in which something was filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledYear {
    /// Form family.
    pub family: FamilyName,
    /// Reporting year.
    pub year: Year,
    /// The registration of its form.
    pub form: FormId,
    /// How many series it has.
    pub series: usize,
}

impl State {
    /// Places of the events that say something beside the series.
    #[must_use]
    pub fn apart(&self) -> &[Position] {
        &self.apart
    }

    /// Every year in which something was filed, in order; their series are all series,
    /// in that order.
    #[must_use]
    pub fn filed_years(&self) -> Vec<FiledYear> {
        let filed = |(family, year, book): (&FamilyName, Year, &Book)| FiledYear {
            family: family.clone(),
            year,
            form: self.current_form(book.form.name()).map_or(FormId(0), |(id, _)| id),
            series: book.keys(None).count(),
        };
        self.books.iter().map(filed).collect()
    }

    /// Folds in what an event says beside the series. Trees are not planted meanwhile.
    ///
    /// # Errors
    /// A sentence, if it cannot follow those before it.
    pub fn enter_apart(&mut self, event: &Event) -> Result<(), String> {
        if !event.kind.is_apart() {
            return Err(format!("event {} speaks of a series", event.position));
        }
        if let EventKind::UnitsApplied(applied) = &event.kind {
            // they were entered before: nothing is to be taken back
            drop(Arc::make_mut(&mut self.units).enter(&applied.units, event.position));
            self.units_at = event.position;
        } else if let EventKind::RosterApplied(applied) = &event.kind {
            self.replace_roster(applied, event.position)?;
        } else {
            self.enter(event)?;
        }
        self.apart.push(event.position);
        Ok(())
    }

    /// Takes the place after which events follow, and plants the trees. Totals are put off.
    pub fn stand_at(&mut self, head: Position, time: Timestamp) {
        self.trees = self.units.trees();
        (self.head, self.last_time) = (head, time);
        self.put_off_totals();
    }

    /// Takes in the series of a year, in order of unit; they are not added up yet.
    ///
    /// # Errors
    /// A sentence, if they cannot stand in it.
    pub fn fill(
        &mut self,
        year: &FiledYear,
        series: impl Iterator<Item = (UnitCode, Coverage, Series)>,
    ) -> Result<(), String> {
        let FiledYear { family, year, form: id, series: _ } = year;
        let form = self.form(*id).ok_or_else(|| format!("form {} is not registered", id.0))?;
        let roster = self.roster(family, *year);
        let tree = tree_of(&self.trees, *year).with_roster(&roster);
        self.books.insert(family, *year, Book::filled((form, self.forms.clone()), tree, roster, series));
        Ok(())
    }

    /// Keeps no totals and no counts until [`State::sum_up`]: nothing may be asked that
    /// needs them.
    pub fn put_off_totals(&mut self) {
        self.put_off = true;
        self.books.iter_mut().for_each(|(.., book)| book.put_off = true);
    }

    /// Adds everything up, every year on a thread of its own, and keeps it from now on.
    ///
    /// # Errors
    /// A sentence, if a total leaves its range.
    pub fn sum_up(&mut self) -> Result<(), String> {
        self.put_off = false;
        thread::scope(|scope| {
            let sums: Vec<_> = self.books.iter_mut().map(|(.., book)| scope.spawn(|| book.sum_up())).collect();
            let done = sums.into_iter().map(|sum| sum.join().map_err(|_| "adding up panicked".to_owned()));
            done.into_iter().try_for_each(|sum| sum?.map_err(|error| error.to_string()))
        })
    }
}
