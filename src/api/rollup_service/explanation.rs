//! A total taken apart, on the wire.

use tonic::Status;

use crate::api::convert::{basis_to_pb, count, coverage_to_pb};
use crate::api::paging::Page;
use crate::api::status::invalid;
use crate::domain::{Contribution, Standing, TotalKey};
use crate::ingest::{ExplainAnswer, Listing};
use crate::pb::crossfoot::v1::{self as pb};

pub(super) fn listing_from_pb(order: i32, zeros: bool, page: &Page) -> Result<Listing, Status> {
    let by_size = match pb::ContributionOrder::try_from(order) {
        Ok(pb::ContributionOrder::Unspecified | pb::ContributionOrder::Tree) => false,
        Ok(pb::ContributionOrder::Size) => true,
        Err(_) => return Err(invalid("order", "say CONTRIBUTION_ORDER_TREE or CONTRIBUTION_ORDER_SIZE")),
    };
    Ok(Listing { by_size, zeros, skip: page.skip, most: page.size })
}

pub(super) fn to_pb(named: &TotalKey, answer: ExplainAnswer, zeros: bool, page: &Page) -> pb::ExplainCellResponse {
    let ExplainAnswer { position, form, unit_name, cell, total, counted, zero, excluded, contributions } = answer;
    let TotalKey { family, unit, year, basis } = named;
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let labels = form.cells().get(cell).map(|cell| (cell.path.clone(), cell.label_zh.clone(), cell.label_en.clone()));
    let (path, label_zh, label_en) = labels.unwrap_or_default();
    let all = counted.saturating_add(excluded);
    let listed = if zeros { all } else { all.saturating_sub(zero) };
    pb::ExplainCellResponse {
        position: count(position.0),
        family: family.to_string(),
        unit: unit.to_string(),
        unit_name: unit_name.to_string(),
        year: year.get().into(),
        basis: basis_to_pb(*basis),
        cell: path,
        label_zh,
        label_en,
        total,
        counted: number(counted),
        zero: number(zero),
        excluded: number(excluded),
        next_page_token: page.next(contributions.len(), listed, position),
        contributions: contributions.into_iter().map(contribution_to_pb).collect(),
    }
}

fn contribution_to_pb(contribution: Contribution) -> pb::Contribution {
    let Contribution { unit, name, standing, report, value } = contribution;
    let (state, covered_by) = match standing {
        Standing::Counted => (pb::ContributionState::Counted, String::new()),
        Standing::Missing => (pb::ContributionState::Missing, String::new()),
        Standing::Refused => (pb::ContributionState::Refused, String::new()),
        Standing::Returned => (pb::ContributionState::Returned, String::new()),
        Standing::Pending => (pb::ContributionState::Pending, String::new()),
        Standing::Withdrawn => (pb::ContributionState::Withdrawn, String::new()),
        Standing::Covered(by) => (pb::ContributionState::Covered, by.to_string()),
        Standing::Stated => (pb::ContributionState::Stated, String::new()),
    };
    pb::Contribution {
        unit: unit.to_string(),
        unit_name: name.to_string(),
        state: state.into(),
        coverage: report.map_or(0, |(coverage, ..)| coverage_to_pb(coverage)),
        revision: report.map_or(0, |(_, revision, _)| revision.0.into()),
        position: report.map_or(0, |(.., position)| count(position.0)),
        value,
        covered_by,
    }
}
