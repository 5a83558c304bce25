//! `total`: a folder of documents to the table of a district and the list of what
//! is wrong, by the same checks and the same sums as the service, without one.

mod changes;
mod files;
mod json;
mod out;
mod publication;
mod record;
mod stated;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::BasisArg;
use super::output::{self, Answer};
use super::units;
use crate::client::wire;
use crate::documents::{Format, Language};
use crate::form::{Catalog, Form};
use crate::ingest::Desk;
use crate::ingest::folder::{self, Contradiction, FolderTotal, Judged, Paper, Sorted, Whose};
use crate::words::{Basis, Year, clock, limits};
use changes::Changes;
use files::Unreadable;
use record::{Record, RecordedTotal};

/// Add up a folder of documents, and list what is wrong; no server needed
///
/// Reads every document of the folder and of those in it, in any format that `check` reads. Whose report it is and
/// of which year is told by its title or by the name of the file, e.g. `350128-CZJ 2023.docx`; what is not clear is
/// listed, never guessed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder
    folder: PathBuf,
    /// The tree of units, in the format of `units apply`; else each name is a unit, and all are added up
    #[arg(long, value_name = "FILE")]
    units: Option<PathBuf>,
    /// Only this year; also the year of documents that do not say theirs
    #[arg(long)]
    year: Option<i64>,
    /// Write the total as a document, .docx, .xlsx, .html, .csv or .json; several totals get year and unit added to the name
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Language of the document: zh or en
    #[arg(long, default_value = "zh")]
    lang: Language,
    /// Write over a file that the last run did not write
    #[arg(long, requires = "out")]
    force: bool,
    /// Blank cells mean 0
    #[arg(long)]
    blank_means_zero: bool,
    #[command(flatten)]
    basis: BasisArg,
    /// Further forms: a folder of .proto files
    #[arg(long)]
    forms: Option<PathBuf>,
    /// Leave no record in the folder, and compare with none
    #[arg(long)]
    no_record: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a folder came to.
struct Found {
    folder: PathBuf,
    with_units: bool,
    unreadable: Vec<Unreadable>,
    sorted: Sorted,
    judged: Vec<Judged>,
    totals: Vec<FolderTotal>,
    since: Option<Since>,
    /// Files that were written, and their digests.
    written: Vec<(PathBuf, String)>,
}

/// What changed since the last run.
struct Since {
    /// By the name of the total; a total that is new has none.
    changes: BTreeMap<String, Changes>,
    /// Totals that are no more: year and name of the unit.
    lost: Vec<(u16, String)>,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let wanted = args.year.map(Year::new).transpose()?;
    let format = args.out.as_deref().map(Format::of).transpose()?;
    let catalog = Catalog::load(args.forms.as_deref())?;
    let forms: Vec<Arc<Form>> = catalog.iter().cloned().collect();
    let before = if args.no_record { None } else { last_record(&args.folder)? };
    let (papers, unreadable) = read(args, &forms, wanted, before.as_ref())?;
    let entries = match &args.units {
        Some(file) => {
            let name = || file.display().to_string();
            units::entries(&std::fs::read_to_string(file).with_context(name)?).with_context(name)?
        }
        None => folder::made_units(&folder_name(&args.folder), &papers)?,
    };
    let mut sorted = folder::sort(papers, &mut Whose::new(&entries, wanted), wanted);
    let store = tempfile::tempdir().context("no temporary folder for the totals")?;
    let desk = Desk::open(store.path(), &catalog, clock::system)?;
    desk.apply_units(entries, false, String::new(), Arc::from("folder")).await?;
    let judged = folder::judge(&desk, &mut sorted, args.blank_means_zero).await?;
    let basis = match args.basis.wire() {
        wire::Basis::Unspecified | wire::Basis::Units => Basis::Units,
        wire::Basis::Declared => Basis::Declared,
    };
    let totals = folder::totals(&desk, &judged, &sorted.contradictions, basis)?;
    let mut found = Found {
        folder: args.folder.clone(),
        with_units: args.units.is_some(),
        unreadable,
        sorted,
        judged,
        totals,
        since: None,
        written: Vec::new(),
    };
    if let Some(file) = args.out.as_deref().zip(format) {
        let earlier = before.as_ref().map_or(&[][..], |record| &record.outputs);
        found.written = out::write(&found, file, args.lang, earlier, args.force)?;
    }
    if !args.no_record {
        found.compare(before, wanted);
    }
    let answer = if args.json { Answer::Json(json::of(&found)) } else { Answer::Text(text::of(&found)) };
    Ok(answer.no_if(found.is_no()))
}

/// The record of the last run. One that cannot be read is told, and nothing is
/// compared with it: only a record that was read is written over.
fn last_record(folder: &Path) -> anyhow::Result<Option<Record>> {
    Record::load(folder).context("--no-record goes on without it")
}

/// Reads every document.
fn read(
    args: &Args,
    forms: &[Arc<Form>],
    wanted: Option<Year>,
    before: Option<&Record>,
) -> anyhow::Result<(Vec<Paper>, Vec<Unreadable>)> {
    let others = [&args.units, &args.forms].map(|path| path.as_ref().and_then(|path| path.canonicalize().ok()));
    let leave_out = |path: &Path| {
        let is_other = || path.canonicalize().is_ok_and(|path| others.iter().flatten().any(|other| *other == path));
        args.out.as_deref().is_some_and(|out| out::is_own(path, out)) || is_other()
    };
    let listing = files::list(&args.folder, &leave_out)?;
    let mut unreadable = listing.unreadable;
    let mut papers = Vec::new();
    for (path, file) in listing.files {
        let read = files::read(&path).and_then(|bytes| {
            if before.is_some_and(|record| record.outputs.contains(&out::digest(&bytes))) {
                return Ok(None);
            }
            Paper::read(&file, &bytes, forms, wanted).map(Some).map_err(|error| (error.zh(), error.to_string()))
        });
        match read {
            Ok(paper) => papers.extend(paper),
            Err(reason) => unreadable.push(Unreadable::new(file, reason)),
        }
    }
    if papers.is_empty() && unreadable.is_empty() {
        bail!("{}: no documents in it", args.folder.display());
    }
    Ok((papers, unreadable))
}

/// The name of a folder, also where it is given as `.`.
fn folder_name(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| "folder".to_owned(), |name| name.to_string_lossy().into_owned())
}

impl Found {
    /// Whether something is wrong with a document.
    fn is_no(&self) -> bool {
        let Sorted { contradictions, unplaced, .. } = &self.sorted;
        let refused = self.judged.iter().any(|one| !one.is_accepted());
        refused || !contradictions.is_empty() || !unplaced.is_empty() || !self.unreadable.is_empty()
    }

    /// Documents of a total that do not count because of what is in them.
    fn refused<'a>(&'a self, total: &'a FolderTotal) -> impl Iterator<Item = &'a Judged> {
        let refused = self.judged.iter().filter(|one| !one.is_accepted());
        refused.filter(|one| total.is_about(one.filing.year, &one.filing.unit, &one.filing.paper))
    }

    /// Units of a total whose documents contradict each other.
    fn contradictions<'a>(&'a self, total: &'a FolderTotal) -> impl Iterator<Item = &'a Contradiction> {
        let is_about = |one: &&Contradiction| one.papers.iter().any(|paper| total.is_about(one.year, &one.unit, paper));
        self.sorted.contradictions.iter().filter(is_about)
    }

    /// Compares with the last run, and leaves a record for the next.
    fn compare(&mut self, before: Option<Record>, wanted: Option<Year>) {
        let totals = self.totals.iter().map(|total| (record::name_of(total), RecordedTotal::of(total)));
        let mut now = Record::new(totals.collect());
        if let Some(mut before) = before {
            if let Some(wanted) = wanted {
                // the other years were not looked at: they stay as they were
                let others = before.totals.extract_if(.., |_, total| total.year != wanted.get());
                now.totals.extend(others);
            }
            self.since = Some(Since {
                changes: self.totals.iter().filter_map(|total| changes_of(&before, &now, total)).collect(),
                lost: changes::lost(&before, &now).map(|total| (total.year, total.name.clone())).collect(),
            });
            now.outputs = before.outputs;
        }
        let written: Vec<String> = self.written.iter().map(|(_, digest)| digest.clone()).collect();
        now.outputs.retain(|known| !written.contains(known));
        now.outputs.extend(written);
        let oldest = now.outputs.len().saturating_sub(limits::FOLDER_OUTPUTS);
        now.outputs.drain(..oldest);
        if let Err(error) = now.save(&self.folder) {
            output::note(&format!("the next run cannot tell what changed: no record could be left: {error}"));
        }
    }
}

fn changes_of(before: &Record, now: &Record, total: &FolderTotal) -> Option<(String, Changes)> {
    let name = record::name_of(total);
    let changes = changes::between(before.totals.get(&name)?, now.totals.get(&name)?);
    Some((name, changes))
}
