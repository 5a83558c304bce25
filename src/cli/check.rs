//! `check`: judges files offline, by the same checks as the service.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

use super::localisation::{localisation_json, localisation_text};
use super::output::{Answer, finding_json, findings_text};
use crate::domain::event::UnitKind;
use crate::form::{Catalog, Evidence, Finding, Form, Hints, Localisation, Reader, Statements, UnitFacts, Verdict};
use crate::words::{Year, limits};

/// Check reports offline: proto3 JSON or binary, no server needed
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files to check
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Reporting year; picks the form where several years differ
    #[arg(long)]
    year: Option<i64>,
    /// Kind of the unit, e.g. department: decides who may make rules (规章)
    #[arg(long, value_parser = kind)]
    unit_kind: Option<UnitKind>,
    /// The same unit's report of the year before, for cross-year checks
    #[arg(long)]
    prior: Option<PathBuf>,
    /// Blank cells mean 0
    #[arg(long)]
    blank_means_zero: bool,
    /// Full name of the form's message, where the year does not decide
    #[arg(long)]
    form: Option<String>,
    /// Further forms: a folder of .proto files
    #[arg(long)]
    forms: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The unit is new this year: it carried nothing in
    #[arg(long)]
    newly_founded: bool,
}

fn kind(name: &str) -> Result<UnitKind, String> {
    let known = || UnitKind::ALL.map(|(_, name)| name).join(", ");
    UnitKind::from_name(name).ok_or_else(|| format!("no such kind; known: {}", known()))
}

/// What was found in one file.
struct Checked {
    file: String,
    form: Arc<Form>,
    verdict: Verdict,
    findings: Vec<Finding>,
    localisation: Option<Localisation>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let catalog = Catalog::load(args.forms.as_deref())?;
    let form = pick(&catalog, args)?;
    let statements = Statements { blank_means_zero: args.blank_means_zero, nil_report: false };
    let unit =
        UnitFacts { makes_rules: args.unit_kind.and_then(UnitKind::makes_rules), newly_founded: args.newly_founded };
    let mut prior = Reader::default();
    if let Some(file) = &args.prior {
        read(&form, file, &mut prior)?;
    }
    let prior = args.prior.as_ref().map(|_| &prior);
    let checked = args
        .files
        .iter()
        .map(|file| check(&form, file, statements, unit, prior))
        .collect::<anyhow::Result<Vec<Checked>>>()?;
    let failed = checked.iter().any(|checked| checked.verdict == Verdict::Fail);
    let answer = if args.json {
        Answer::Lines(checked.iter().map(Checked::json).collect())
    } else {
        Answer::Text(checked.iter().map(Checked::text).collect())
    };
    Ok(answer.no_if(failed))
}

/// The form the files are judged by.
fn pick(catalog: &Catalog, args: &Args) -> anyhow::Result<Arc<Form>> {
    if let Some(name) = &args.form {
        return catalog.by_name(name).cloned().ok_or_else(|| anyhow!("no form {name}"));
    }
    let forms: Vec<&Arc<Form>> = match args.year {
        Some(year) => catalog.for_year(None, Year::new(year)?),
        None => catalog.iter().filter(|form| form.years().1.is_none()).collect(),
    };
    match forms.as_slice() {
        [form] => Ok(Arc::clone(form)),
        [] => bail!("no form covers {}", args.year.map_or_else(|| "the present".to_owned(), |year| year.to_string())),
        many => {
            let names: Vec<&str> = many.iter().map(|form| form.name()).collect();
            bail!("several forms fit, name one with --form: {}", names.join(", "))
        }
    }
}

/// Reads a report: JSON if it begins like JSON, else binary.
fn read(form: &Form, file: &Path, reader: &mut Reader) -> anyhow::Result<()> {
    let name = file.display();
    let size = std::fs::metadata(file).with_context(|| format!("{name}"))?.len();
    if size > limits::REPORT_BYTES as u64 {
        bail!("{name}: has {size} bytes, a report has at most {}", limits::REPORT_BYTES);
    }
    let bytes = std::fs::read(file).with_context(|| format!("{name}"))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).trim_ascii_start();
    // no field of a form begins with an opening brace and a quote or a space
    let bytes = if text.first() == Some(&b'{') && std::str::from_utf8(text).is_ok() {
        let value: Value = serde_json::from_slice(text).with_context(|| format!("{name}: not JSON"))?;
        form.from_json(&value).map_err(|error| anyhow!("{name}: not a {}: {error}", form.name()))?
    } else {
        bytes
    };
    reader.read(form, &bytes).map_err(|error| anyhow!("{name}: not a {}: {error}", form.name()))
}

fn check(
    form: &Arc<Form>,
    file: &Path,
    statements: Statements,
    unit: UnitFacts,
    prior: Option<&Reader>,
) -> anyhow::Result<Checked> {
    let mut reader = Reader::default();
    read(form, file, &mut reader)?;
    let mut found = Vec::new();
    form.check_report(&mut reader, statements, &mut found);
    let (now, prior) = (reader.figures(statements), prior.map(|prior| prior.figures(statements)));
    form.check_beyond(now, prior, unit, &mut found);
    let verdict = form.verdict(&found);
    let findings = form.describe(&found, Evidence { now, prior, claims: reader.claims() });
    let localisation = form.localise(&found, now, Hints { prior, peers: None });
    Ok(Checked { file: file.display().to_string(), form: Arc::clone(form), verdict, findings, localisation })
}

impl Checked {
    fn json(&self) -> Value {
        let findings: Vec<Value> = self.findings.iter().map(finding_json).collect();
        json!({
            "file": self.file,
            "form": self.form.name(),
            "verdict": self.verdict.name(),
            "findings": findings,
            "localisation": self.localisation.as_ref().map(localisation_json),
        })
    }

    fn text(&self) -> String {
        let (zh, ..) = self.form.title();
        let verdict = match self.verdict {
            Verdict::Pass => "PASS 通过",
            Verdict::Fail => "FAIL 不通过",
            Verdict::NotAssessable => "NOT ASSESSABLE 无法判定",
        };
        let located = self.localisation.as_ref().map(localisation_text).unwrap_or_default();
        format!("{}: {verdict}（{zh}）\n{}{located}", self.file, findings_text(&self.findings))
    }
}
