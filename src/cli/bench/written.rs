//! The same units, reports and totals as files, for programs that measure others.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use super::made::{self, FIRST_YEAR, Maker};
use super::nation::districts_once;
use super::sending::{self, CONNECTIONS};
use super::served::Served;
use crate::cli::output::Answer;
use crate::client::wire;

/// Write the units and reports that are measured with, and the totals of their districts, as CSV
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder for units.csv, reports.csv and totals.csv
    dir: PathBuf,
    /// Number of reports
    #[arg(long, default_value_t = 200_000)]
    reports: usize,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let maker = Maker::new()?;
    std::fs::create_dir_all(&args.dir).with_context(|| args.dir.display().to_string())?;
    let file = |name: &str| {
        let path = args.dir.join(name);
        File::create(&path).map(BufWriter::new).with_context(|| path.display().to_string())
    };
    let cells: String = (0..maker.form.cells().len()).fold(String::new(), |mut header, cell| {
        let _ = write!(header, ",c{cell}");
        header
    });
    let mut out = file("units.csv")?;
    writeln!(out, "unit,parent,kind")?;
    for unit in made::units(args.reports) {
        writeln!(out, "{},{},{}", unit.code, unit.parent, unit.kind)?;
    }
    out.flush()?;
    let mut out = file("reports.csv")?;
    writeln!(out, "unit,year,coverage{cells}")?;
    for agency in 0..args.reports {
        write!(out, "{},{FIRST_YEAR},OWN", made::code(agency))?;
        maker.figures(agency, FIRST_YEAR).iter().try_for_each(|figure| write!(out, ",{figure}"))?;
        writeln!(out)?;
    }
    out.flush()?;
    let mut out = file("totals.csv")?;
    writeln!(out, "unit{cells}")?;
    for wire::GetRollupResponse { unit, cells, .. } in totals(&maker, args.reports).await? {
        write!(out, "{unit}")?;
        let figure = |path: &str| cells.iter().find(|cell| cell.path == path).map_or(0, |cell| cell.value);
        maker.form.cells().iter().try_for_each(|cell| write!(out, ",{}", figure(&cell.path)))?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(Answer::Text(format!("{} reports written to {}", args.reports, args.dir.display())))
}

/// Totals of the districts, as the service gives them.
async fn totals(maker: &Maker, reports: usize) -> anyhow::Result<Vec<wire::GetRollupResponse>> {
    let folder = tempfile::tempdir().context("no temporary folder for the store")?;
    let served = Served::start(&folder.path().join("ledger"), None)?;
    served.plant(reports).await?;
    let requests = (0..reports).map(|agency| maker.submission(agency, FIRST_YEAR)).collect::<anyhow::Result<_>>()?;
    sending::stream(&served.clients(CONNECTIONS).await?, requests).await?;
    let (totals, _) = districts_once(&served.client().await?).await?;
    served.stop()?;
    Ok(totals)
}
