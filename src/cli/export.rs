//! `export`: a report, the total of a unit, or an empty form, as a document; without
//! a name of one of these, the whole ledger.

mod appendices;
pub(super) mod file;
mod rollup;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};

use super::output::Answer;
use super::submission::{coverage, series};
use super::{AtArg, BasisArg, ServerArg, copies};
use crate::client::{Client, ClientError, wire};
use crate::documents::{self, Format, Language, Publication, SignOff};
use crate::form::{Catalog, Form};
use crate::words::{Coverage, Timestamp, Year};

/// Write a report, a total or an empty form as a document; or everything in a ledger as plain messages
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Args {
    #[command(subcommand)]
    document: Option<Document>,
    #[command(flatten)]
    ledger: Option<copies::ExportArgs>,
}

#[derive(Debug, clap::Subcommand)]
enum Document {
    /// A stored report: .docx, .xlsx, .html, .csv or .json
    Report(ReportArgs),
    /// The total of a unit, with what it covers and how it compares with what is stated
    Rollup(RollupArgs),
    /// An empty workbook to type a report into; no server needed
    Template(TemplateArgs),
}

/// Which document is written, and where.
#[derive(Debug, clap::Args)]
struct FileArgs {
    /// The file to write; its name says the format
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Language of labels and headings: zh or en
    #[arg(long, default_value = "zh")]
    lang: Language,
}

#[derive(Debug, clap::Args)]
struct ReportArgs {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i64,
    /// OWN or CONSOLIDATED
    #[arg(long, value_parser = coverage, default_value = "OWN")]
    coverage: wire::Coverage,
    /// A revision; else the one that awaits approval, or the effective one
    #[arg(long, default_value_t = 0)]
    revision: i64,
    /// Add a sheet with the receipt for signature and seal (负责人签字盖章)
    #[arg(long)]
    sign_off: bool,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
struct RollupArgs {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i64,
    #[command(flatten)]
    basis: BasisArg,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
struct TemplateArgs {
    /// Reporting year; else the form in force is taken and the year is typed
    #[arg(long)]
    year: Option<i64>,
    /// Full name of the form's message, where the year does not decide
    #[arg(long)]
    form: Option<String>,
    /// Further forms: a folder of .proto files
    #[arg(long)]
    forms: Option<PathBuf>,
    #[command(flatten)]
    file: FileArgs,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    match (&args.document, &args.ledger) {
        (Some(Document::Report(args)), _) => super::wait(report(args)),
        (Some(Document::Rollup(args)), _) => super::wait(rollup::run(args)),
        (Some(Document::Template(args)), _) => template(args),
        (None, Some(args)) => copies::export(args),
        (None, None) => bail!("say what is to be exported: a report, a rollup, a template, or --data and --to"),
    }
}

/// Writes what is published, in the format that the name of the file asks for.
fn put(args: &FileArgs, publication: &Publication<'_>) -> anyhow::Result<Answer> {
    let bytes = documents::write(publication, Format::of(&args.to)?)?;
    file::put(&args.to, &bytes, args.force)
}

async fn report(args: &ReportArgs) -> anyhow::Result<Answer> {
    Format::of(&args.file.to)?;
    let year = Year::new(args.year)?;
    let mut client = args.server.connect().await?;
    let name = series(&args.family, &args.unit, i32::from(year.get()), args.coverage);
    let request =
        wire::GetReportRequest { series: Some(name), revision: args.revision, at_position: args.at.at_position };
    let found = client.report(request).await?;
    let stored = found.report.ok_or_else(|| anyhow!("{} {year}: no report is stored 无已受理的报告", args.unit))?;
    let form = client.form(&args.family, i32::from(year.get())).await?;
    let report = stored.report.unwrap_or_default();
    let unit_name = unit_name(&client, &args.unit, year, found.position).await?;
    let mut publication = Publication::new(&form, &unit_name, year, args.file.lang).with_report(&report.value)?;
    if args.sign_off {
        let receipt = stored.receipt.context("the service gave no receipt")?;
        publication.sign_off = Some(sign_off(&receipt)?);
    }
    put(&args.file, &publication)
}

/// The receipt as it is signed.
fn sign_off(receipt: &wire::Receipt) -> anyhow::Result<SignOff> {
    let series = receipt.series.clone().unwrap_or_default();
    let coverage = match series.coverage() {
        wire::Coverage::Unspecified | wire::Coverage::Own => Coverage::Own,
        wire::Coverage::Consolidated => Coverage::Consolidated,
    };
    let time = receipt.time.context("the receipt has no time")?;
    let micros = time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos) / 1_000);
    Ok(SignOff {
        unit: series.unit,
        coverage,
        revision: receipt.revision,
        position: receipt.position,
        content_digest: receipt.digest.clone(),
        chain_hash: receipt.chain_hash.clone(),
        time: Timestamp(micros).in_shanghai(),
    })
}

/// What a unit was called in a year; its code where it may not be asked or is gone.
async fn unit_name(client: &Client, code: &str, year: Year, at_position: i64) -> anyhow::Result<String> {
    let request = wire::GetUnitRequest { code: code.to_owned(), at_position };
    let entries = match client.unit_service().get_unit(request).await.map_err(ClientError::from) {
        Ok(response) => response.into_inner().history,
        Err(ClientError::Refused(_)) => return Ok(code.to_owned()),
        Err(error) => return Err(error.into()),
    };
    let year = i32::from(year.get());
    let holds = |unit: &&wire::Unit| unit.from_year <= year && (unit.until_year == 0 || year <= unit.until_year);
    Ok(entries.iter().rev().find(holds).map_or_else(|| code.to_owned(), |unit| unit.name.clone()))
}

fn template(args: &TemplateArgs) -> anyhow::Result<Answer> {
    if Format::of(&args.file.to)? != Format::Xlsx {
        bail!("{}: a template is a workbook, .xlsx", args.file.to.display());
    }
    let year = args.year.map(Year::new).transpose()?;
    let form = form(&Catalog::load(args.forms.as_deref())?, args, year)?;
    let bytes = documents::template(&form, year, args.file.lang)?;
    file::put(&args.file.to, &bytes, args.file.force)
}

fn form(catalog: &Catalog, args: &TemplateArgs, year: Option<Year>) -> anyhow::Result<Arc<Form>> {
    let fits = |form: &&Arc<Form>| match year {
        Some(year) => form.covers(year),
        None => args.form.is_some() || form.years().1.is_none(),
    };
    let is_named = |form: &&Arc<Form>| args.form.as_ref().is_none_or(|name| form.name() == name);
    let forms: Vec<&Arc<Form>> = catalog.iter().filter(is_named).filter(fits).collect();
    match forms.as_slice() {
        [form] => Ok(Arc::clone(form)),
        [] => bail!("no such form"),
        many => {
            let names: Vec<&str> = many.iter().map(|form| form.name()).collect();
            bail!("several forms fit, name one with --form: {}", names.join(", "))
        }
    }
}
