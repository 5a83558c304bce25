//! Which cells may be wrong in a report that fails identities, ranked with what
//! the office knows: the unit's report of the year before, and where the figures
//! of the units around it stand.

use super::prior::Unpacked;
use super::sequence::{Overlay, Then};
use crate::domain::event::SeriesKey;
use crate::domain::{State, TotalKey};
use crate::form::{Figures, FindingRecord, Form, Hints, Localisation};
use crate::words::{Basis, Year};

/// What is told of a report of a series; none if its identities hold.
pub(super) fn localise(
    overlay: &Overlay<'_>,
    key: &SeriesKey,
    form: &Form,
    found: &[FindingRecord],
    now: Figures<'_>,
) -> Option<Localisation> {
    if !form.is_locatable(found) {
        return None;
    }
    let prior = overlay.prior(key, form, Then::default());
    let years = [Some(key.year), key.year.before()].into_iter().flatten();
    let peers = years.filter_map(|year| peers(overlay.state, key, form, year)).next();
    let hints = Hints { prior: prior.as_ref().map(Unpacked::figures), peers: peers.as_deref() };
    form.localise(found, now, hints)
}

/// The sum of the reports of a year below the unit at the top of the tree, if
/// there are any and they fill the same form.
fn peers(state: &State, key: &SeriesKey, form: &Form, year: Year) -> Option<Box<[i64]>> {
    let tree = state.tree_for(&key.family, year);
    let own = tree.find(key.unit.as_str())?;
    let top = tree.get(tree.above(own).last().unwrap_or(own))?.code.clone();
    let total = TotalKey { family: key.family.clone(), unit: top, year, basis: Basis::Units };
    let rollup = state.rollup(&total)?;
    (rollup.total.reports > 0 && rollup.form.name() == form.name()).then_some(rollup.total.cells)
}
