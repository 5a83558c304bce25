//! `check`: judges files offline, by the same checks as the service.

mod against;

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use serde_json::{Value, json};

use super::file::{FormArgs, Forms, is_unread, reading_json, reading_text};
use super::localisation::{localisation_json, localisation_text};
use super::output::{Answer, finding_json, findings_text};
use crate::documents::{OpenError, Reading};
use crate::domain::event::UnitKind;
use crate::form::{Evidence, Figures, Finding, Hints, Localisation, Reader, Statements, UnitFacts, Verdict};
use crate::ingest::Unpacked;
use crate::words::Year;

/// Check reports offline, no server needed
///
/// Reads Word (.docx), spreadsheets (.xlsx, .xls, .ods), web pages, CSV, plain text, proto3 JSON and binary.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files to check
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    form: FormArgs,
    /// Kind of the unit, e.g. department: decides who may make rules (规章)
    #[arg(long, value_parser = kind)]
    unit_kind: Option<UnitKind>,
    /// The same unit's report of the year before, for cross-year checks
    #[arg(long)]
    prior: Option<PathBuf>,
    /// Blank cells mean 0
    #[arg(long)]
    blank_means_zero: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The unit is new this year: it carried nothing in
    #[arg(long)]
    newly_founded: bool,
    #[command(flatten)]
    against: against::AgainstArgs,
}

fn kind(name: &str) -> Result<UnitKind, String> {
    let known = || UnitKind::ALL.map(|(_, name)| name).join(", ");
    UnitKind::from_name(name).ok_or_else(|| format!("no such kind; known: {}", known()))
}

/// What was found in one file.
struct Checked {
    file: String,
    reading: Reading,
    verdict: Verdict,
    identities: (usize, usize),
    findings: Vec<Finding>,
    localisation: Option<Localisation>,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    if args.against.is_asked() {
        let [file] = args.files.as_slice() else { bail!("--against compares one file") };
        return against::run(&args.against, &args.form, file, args.json).await;
    }
    let forms = args.form.load()?;
    let statements = Statements { blank_means_zero: args.blank_means_zero, nil_report: false };
    let unit =
        UnitFacts { makes_rules: args.unit_kind.and_then(UnitKind::makes_rules), newly_founded: args.newly_founded };
    let (mut told, mut failed) = (Vec::new(), false);
    for file in &args.files {
        let reading = match forms.read(file) {
            Ok(reading) => reading,
            // among others it is told in its place, and the others are checked all the same
            Err(error) if args.files.len() > 1 => {
                told.push(unread(file, &error));
                failed = true;
                continue;
            }
            Err(error) => return Err(error),
        };
        let prior = args.prior.as_ref().map(|prior| read_prior(&forms, prior, &reading, statements)).transpose()?;
        let prior = prior.as_ref().map(Unpacked::figures);
        let checked = check(file.display().to_string(), reading, statements, unit, prior)?;
        failed |= checked.is_no();
        told.push((checked.text(), checked.json()));
    }
    let (texts, lines): (Vec<String>, Vec<Value>) = told.into_iter().unzip();
    Ok(if args.json { Answer::Lines(lines) } else { Answer::Text(texts.concat()) }.no_if(failed))
}

/// A file that no report could be read from, for people and for programs.
fn unread(file: &Path, error: &anyhow::Error) -> (String, Value) {
    let (file, en) = (file.display().to_string(), format!("{:#}", error.root_cause()));
    let zh = error.downcast_ref::<OpenError>().map_or_else(|| en.clone(), OpenError::zh);
    let text = format!("{file}: NOT READ 无法读取\n  {zh}\n  {en}\n");
    (text, json!({ "file": file, "verdict": Value::Null, "message_zh": zh, "message_en": en }))
}

/// The figures of the year before, in the cells of the form of this year.
fn read_prior(forms: &Forms, file: &Path, now: &Reading, statements: Statements) -> anyhow::Result<Unpacked> {
    let year = forms.year.or(now.draft.as_ref().and_then(|draft| draft.year)).and_then(Year::before);
    let earlier = forms.of_year(year).read(file)?;
    let mut reader = Reader::default();
    reader.read(&earlier.form, &earlier.report).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    Unpacked::followed(&now.form, &earlier.form, reader.figures(statements)).ok_or_else(|| {
        anyhow!("{}: fills {}, which {} does not follow", file.display(), earlier.form.name(), now.form.name())
    })
}

fn check(
    file: String,
    reading: Reading,
    statements: Statements,
    unit: UnitFacts,
    prior: Option<Figures<'_>>,
) -> anyhow::Result<Checked> {
    let form = &reading.form;
    let mut reader = Reader::default();
    reader.read(form, &reading.report).map_err(|error| anyhow!("{file}: {error}"))?;
    let mut found = Vec::new();
    form.check_report(&mut reader, statements, &mut found);
    let now = reader.figures(statements);
    form.check_beyond(now, prior, unit, &mut found);
    let verdict = form.verdict(&found);
    let identities = form.identities_held(&found);
    let findings = form.describe(&found, Evidence { now, prior, claims: reader.claims() });
    let localisation = form.localise(&found, now, Hints { prior, peers: None });
    Ok(Checked { file, verdict, identities, findings, localisation, reading })
}

impl Checked {
    /// Whether the report would not be accepted, or not all of it could be read.
    fn is_no(&self) -> bool {
        self.verdict == Verdict::Fail || is_unread(&self.reading)
    }

    fn json(&self) -> Value {
        let findings: Vec<Value> = self.findings.iter().map(finding_json).collect();
        json!({
            "file": self.file,
            "form": self.reading.form.name(),
            "read": reading_json(&self.reading),
            "verdict": self.verdict.name(),
            "identities": { "held": self.identities.0, "of": self.identities.1 },
            "findings": findings,
            "localisation": self.localisation.as_ref().map(localisation_json),
        })
    }

    fn text(&self) -> String {
        let (zh, ..) = self.reading.form.title();
        let verdict = match self.verdict {
            Verdict::Pass => "PASS 通过",
            Verdict::Fail => "FAIL 不通过",
            Verdict::NotAssessable => "NOT ASSESSABLE 无法判定",
        };
        let read = reading_text(&self.reading);
        let (held, of) = self.identities;
        let identities = format!("  {held} of {of} identities hold 勾稽关系成立\n");
        let located = self.localisation.as_ref().map(localisation_text).unwrap_or_default();
        format!("{}: {verdict}（{zh}）\n{read}{identities}{}{located}", self.file, findings_text(&self.findings))
    }
}
