//! `export rollup`: the total of a unit as the document that it publishes.

use anyhow::anyhow;
use tonic::Code;

use super::{RollupArgs, appendices};
use crate::cli::output::{Answer, response_json};
use crate::cli::submission::series;
use crate::client::{Client, ClientError, PAGE, every_page, wire};
use crate::documents::{Format, Publication};
use crate::form::Form;
use crate::words::Year;

/// Runs the command. Everything in the document is as of one position.
pub(super) async fn run(args: &RollupArgs) -> anyhow::Result<Answer> {
    Format::of(&args.file.to)?;
    let year = Year::new(args.year)?;
    let mut client = args.server.connect().await?;
    let request = wire::GetRollupRequest {
        family: args.family.clone(),
        unit: args.unit.clone(),
        year: i32::from(year.get()),
        basis: args.basis.wire().into(),
        at_position: args.at.at_position,
    };
    let rollup = client.rollup(request).await?;
    let form = client.form(&rollup.family, rollup.year).await?;
    let (language, mut publication) =
        (args.file.lang, Publication::new(&form, &rollup.unit_name, year, args.file.lang));
    for total in &rollup.cells {
        let cell = form.cells().find(&total.path).ok_or_else(|| anyhow!("the form has no cell {}", total.path))?;
        if let Some(figure) = publication.figures.get_mut(cell) {
            *figure = Some(total.value);
        }
    }
    publication.texts = own_texts(&client, &rollup, &form).await?;
    let missing = missing(&client, &rollup).await?;
    let reconciled = reconciled(&client, &rollup).await?;
    publication.appendices = vec![
        appendices::completeness(&rollup, language),
        appendices::missing(&missing, language),
        appendices::reconciliation(reconciled.as_ref(), &form, language),
    ];
    publication.appendices.extend(appendices::further_figures(&publication));
    publication.json = response_json("GetRollupResponse", &rollup)?;
    super::put(&args.file, &publication)
}

/// The texts of the unit's own report for all below it, if one is in effect.
async fn own_texts(
    client: &Client,
    rollup: &wire::GetRollupResponse,
    form: &Form,
) -> anyhow::Result<Vec<(String, String)>> {
    let name = series(&rollup.family, &rollup.unit, rollup.year, wire::Coverage::Consolidated);
    let request = wire::GetReportRequest { series: Some(name), revision: 0, at_position: rollup.position };
    let stored = match client.report(request).await {
        Ok(found) => found.report,
        Err(ClientError::Refused(status)) if matches!(status.code(), Code::NotFound | Code::PermissionDenied) => None,
        Err(error) => return Err(error.into()),
    };
    let stated = stored.filter(|stored| stored.state() == wire::RevisionState::Effective);
    let Some(report) = stated.and_then(|stored| stored.report) else { return Ok(Vec::new()) };
    form.texts_of(&report.value).map_err(|problem| anyhow!("{}: {problem}", rollup.unit))
}

/// Who is missing as of the total's position.
async fn missing(client: &Client, rollup: &wire::GetRollupResponse) -> Result<Vec<wire::MissingUnit>, ClientError> {
    let mut units = every_page(async |page_token| {
        let request = wire::ListMissingRequest {
            family: rollup.family.clone(),
            unit: rollup.unit.clone(),
            year: rollup.year,
            page_size: PAGE,
            page_token,
            at_position: rollup.position,
        };
        let page = client.missing(request).await?;
        Ok::<_, ClientError>((page.units, page.next_page_token))
    })
    .await?;
    // a list about a position leaves out refused attempts; the total names them
    let refused = rollup.completeness.as_ref().map_or(&[][..], |counts| &counts.missing_refused);
    for unit in &mut units {
        unit.refused |= refused.contains(&unit.unit);
    }
    Ok(units)
}

/// What the unit states against the total; none for a unit with none below it.
async fn reconciled(
    client: &Client,
    rollup: &wire::GetRollupResponse,
) -> Result<Option<wire::ReconcileUnitResponse>, ClientError> {
    let request = wire::ReconcileUnitRequest {
        family: rollup.family.clone(),
        unit: rollup.unit.clone(),
        year: rollup.year,
        basis: rollup.basis,
        at_position: rollup.position,
    };
    match client.reconcile(request).await {
        Ok(found) => Ok(Some(found)),
        Err(ClientError::Refused(status)) if status.code() == Code::FailedPrecondition => Ok(None),
        Err(error) => Err(error),
    }
}
