//! `crossfoot.v1.RollupService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::convert::{count, family_from_pb, unit_from_pb, year_from_pb};
use super::paging;
use super::status::{from_submit, invalid};
use crate::domain::{Counts, Rollup};
use crate::form::percent;
use crate::ingest::{Desk, RollupAnswer};
use crate::pb::crossfoot::v1::rollup_service_server::RollupService;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::{Basis, FamilyName, UnitCode, Year};

/// The service.
#[derive(Debug)]
pub(super) struct Rollups {
    pub(super) desk: Arc<Desk>,
}

#[tonic::async_trait]
impl RollupService for Rollups {
    async fn get_rollup(
        &self,
        request: Request<pb::GetRollupRequest>,
    ) -> Result<Response<pb::GetRollupResponse>, Status> {
        let pb::GetRollupRequest { family, unit, year, basis } = request.into_inner();
        let (unit, year) = (unit_from_pb(&unit)?, year_from_pb(year)?);
        let basis = match pb::Basis::try_from(basis) {
            Ok(pb::Basis::Unspecified | pb::Basis::Units) => Basis::Units,
            Ok(pb::Basis::Declared) => Basis::Declared,
            Err(_) => return Err(invalid("basis", "say BASIS_UNITS or BASIS_DECLARED")),
        };
        let family = self.family(&family, year)?;
        let answer = self.desk.rollup(&family, &unit, year, basis).map_err(|error| from_submit(&error))?;
        Ok(Response::new(rollup_to_pb(&family, &unit, year, basis, answer)))
    }

    async fn list_missing(
        &self,
        request: Request<pb::ListMissingRequest>,
    ) -> Result<Response<pb::ListMissingResponse>, Status> {
        let pb::ListMissingRequest { family, unit, year, page_size, page_token } = request.into_inner();
        let (unit, year, size) = (unit_from_pb(&unit)?, year_from_pb(year)?, paging::size(page_size)?);
        let family = self.family(&family, year)?;
        let after = (!page_token.is_empty()).then(|| unit_from_pb(&page_token)).transpose()?;
        let listed = self.desk.missing(&family, &unit, year, after.as_ref(), size.saturating_add(1));
        let (position, rows) = listed.map_err(|error| from_submit(&error))?;
        let (rows, next_page_token) = paging::split(rows, size, |(code, ..)| code.to_string());
        let units = rows.into_iter().map(|(code, name, refused)| pb::MissingUnit {
            unit: code.to_string(),
            name: name.to_string(),
            refused,
        });
        Ok(Response::new(pb::ListMissingResponse {
            position: count(position.0),
            units: units.collect(),
            next_page_token,
        }))
    }
}

impl Rollups {
    fn family(&self, family: &str, year: Year) -> Result<FamilyName, Status> {
        self.desk.family(family_from_pb(family)?, year).map_err(|error| from_submit(&error))
    }
}

fn rollup_to_pb(
    family: &FamilyName,
    unit: &UnitCode,
    year: Year,
    basis: Basis,
    answer: RollupAnswer,
) -> pb::GetRollupResponse {
    let RollupAnswer { rollup, refused, missing, missing_refused, not_broken_down } = answer;
    let Rollup { position, form, unit_name, total, counts } = rollup;
    let Counts { due, filed, nil, open_queries } = counts;
    let codes = |codes: Vec<UnitCode>| codes.into_iter().map(|code| code.to_string()).collect();
    let mut stated = total.stated.iter();
    let cells = form.cells().iter().zip(&total.cells).filter_map(|(cell, value)| {
        // a cell that need not be stated is listed where a counted report states it
        let listed = cell.required || stated.next().is_some_and(|reports| *reports > 0);
        listed.then(|| pb::CellTotal { path: cell.path.clone(), value: *value })
    });
    let cells = cells.collect();
    let ratios = form.ratios().iter().filter_map(|ratio| {
        let (numerator, denominator) = form.ratio_parts(ratio, &total.cells)?;
        Some(pb::RatioTotal {
            id: ratio.id.clone(),
            label_zh: ratio.label_zh.clone(),
            label_en: ratio.label_en.clone(),
            numerator,
            denominator,
            percent: percent(numerator, denominator),
        })
    });
    pb::GetRollupResponse {
        position: count(position.0),
        family: family.to_string(),
        form: form.name().to_owned(),
        unit: unit.to_string(),
        unit_name: unit_name.to_string(),
        year: year.get().into(),
        basis: match basis {
            Basis::Units => pb::Basis::Units.into(),
            Basis::Declared => pb::Basis::Declared.into(),
        },
        completeness: Some(pb::Completeness {
            due,
            filed,
            nil,
            refused,
            open_queries,
            missing_count: due.saturating_sub(filed),
            missing: codes(missing),
            missing_refused: codes(missing_refused),
        }),
        cells,
        ratios: ratios.collect(),
        reports: total.reports,
        not_broken_down: codes(not_broken_down),
        not_broken_down_count: total.not_broken_down,
    }
}
