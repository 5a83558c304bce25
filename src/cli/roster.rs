//! `roster`: who owes a report in a year, and until when.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Deserialize;

use super::ServerArg;
use super::output::{Answer, response_json, table};
use crate::client::{ClientError, wire};

/// Who owes a report in a year, and until when (名册、时限)
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show the roster of a year
    Show(ShowArgs),
    /// Replace the roster of a year; extensions stay
    Apply(ApplyArgs),
    /// Give a unit more time
    Extend(ExtendArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// Only this unit and all below it
    unit: Option<String>,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: super::AtArg,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
pub(super) struct ApplyArgs {
    /// {"year", "requires_approval", "deadlines": [{"kind", "submission_due", "publication_due"}],
    /// "dispositions": [{"unit", "disposition": "due|exempt|merged|newly_founded|abolished", "reason", "into"}]}
    file: PathBuf,
    /// Show what changes, change nothing
    #[arg(long)]
    validate_only: bool,
    /// Why; kept in the ledger
    #[arg(long, default_value = "")]
    reason: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExtendArgs {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// What for
    #[arg(long = "for", value_parser = ["submission", "publication"], default_value = "submission")]
    obligation: String,
    /// To the end of this day in Asia/Shanghai, e.g. 2024-02-15
    #[arg(long)]
    until: String,
    /// Why; kept in the ledger
    #[arg(long)]
    reason: String,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

/// A roster in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RosterFile {
    #[serde(default)]
    family: String,
    year: i32,
    #[serde(default)]
    requires_approval: bool,
    #[serde(default)]
    deadlines: Vec<DeadlineLine>,
    #[serde(default)]
    dispositions: Vec<DispositionLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadlineLine {
    /// Left out: every kind that is not named.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    submission_due: String,
    #[serde(default)]
    publication_due: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DispositionLine {
    unit: String,
    disposition: Disposition,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    into: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Disposition {
    Due,
    Exempt,
    Merged,
    NewlyFounded,
    Abolished,
}

impl Disposition {
    fn wire(self) -> wire::Disposition {
        match self {
            Self::Due => wire::Disposition::Due,
            Self::Exempt => wire::Disposition::Exempt,
            Self::Merged => wire::Disposition::Merged,
            Self::NewlyFounded => wire::Disposition::NewlyFounded,
            Self::Abolished => wire::Disposition::Abolished,
        }
    }
}

impl RosterFile {
    fn wire(self) -> wire::Roster {
        let Self { family, year, requires_approval, deadlines, dispositions } = self;
        let deadline = |DeadlineLine { kind, submission_due, publication_due }| wire::KindDeadlines {
            kind,
            submission_due,
            publication_due,
        };
        let disposition = |DispositionLine { unit, disposition, reason, into }| wire::UnitDisposition {
            unit,
            disposition: disposition.wire().into(),
            reason,
            into,
        };
        wire::Roster {
            family,
            year,
            requires_approval,
            deadlines: deadlines.into_iter().map(deadline).collect(),
            dispositions: dispositions.into_iter().map(disposition).collect(),
            extensions: Vec::new(),
        }
    }
}

/// Runs the command.
pub(super) async fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Show(args) => show(args).await,
        Command::Apply(args) => apply(args).await,
        Command::Extend(args) => extend(args).await,
    }
}

async fn show(args: &ShowArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let request = wire::GetRosterRequest {
        family: args.family.clone(),
        year: args.year,
        unit: args.unit.clone().unwrap_or_default(),
        at_position: args.at.at_position,
    };
    let found = client.unit_service().get_roster(request).await.map_err(ClientError::from)?.into_inner();
    if args.json {
        return Ok(Answer::Json(response_json("GetRosterResponse", &found)?));
    }
    let roster = found.roster.unwrap_or_default();
    let mut rows = Vec::new();
    for due in &roster.deadlines {
        let kind = if due.kind.is_empty() { "every other kind 其他各类" } else { &due.kind };
        let days = format!(
            "submission 报送 {} · publication 公开 {}",
            or_dash(&due.submission_due),
            or_dash(&due.publication_due)
        );
        rows.push(vec![kind.to_owned(), days]);
    }
    for named in &roster.dispositions {
        let what = match named.disposition() {
            wire::Disposition::Unspecified => String::new(),
            wire::Disposition::Due => "due 应报".to_owned(),
            wire::Disposition::Exempt => format!("exempt 免报: {}", named.reason),
            wire::Disposition::Merged => format!("merged into 并入 {}", named.into),
            wire::Disposition::NewlyFounded => "newly founded 新设".to_owned(),
            wire::Disposition::Abolished => "abolished 撤销".to_owned(),
        };
        rows.push(vec![named.unit.clone(), what]);
    }
    for extended in &roster.extensions {
        let what = match extended.obligation() {
            wire::Obligation::Publication => "publication 公开",
            wire::Obligation::Submission | wire::Obligation::Unspecified => "submission 报送",
        };
        rows.push(vec![extended.unit.clone(), format!("{what} extended until 延至 {}", extended.until)]);
    }
    let approval = if roster.requires_approval {
        "reports count once approved 审核通过后计入"
    } else {
        "reports count at once 受理即计入"
    };
    Ok(Answer::Text(format!(
        "{} {}, position {}: {approval}\n{}",
        roster.family,
        roster.year,
        found.position,
        table(&["kind or unit", "roster 名册"], rows, &[])
    )))
}

fn or_dash(day: &str) -> &str {
    if day.is_empty() { "—" } else { day }
}

async fn apply(args: &ApplyArgs) -> anyhow::Result<Answer> {
    let name = args.file.display();
    let text = std::fs::read_to_string(&args.file).with_context(|| name.to_string())?;
    let mut reading = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let file: RosterFile = serde_path_to_error::deserialize(&mut reading).with_context(|| name.to_string())?;
    let client = args.server.connect().await?;
    let request = wire::ApplyRosterRequest {
        roster: Some(file.wire()),
        validate_only: args.validate_only,
        reason: args.reason.clone(),
    };
    let plan = client.unit_service().apply_roster(request).await.map_err(ClientError::from)?.into_inner();
    if args.json {
        return Ok(Answer::Json(response_json("ApplyRosterResponse", &plan)?));
    }
    let rows = plan.changes.into_iter().map(|change| vec![change.subject, change.before, change.after]).collect();
    let done = match (args.validate_only, plan.position) {
        (true, _) => "plan only, nothing changed 仅为预览".to_owned(),
        (false, 0) => "nothing to change 无变化".to_owned(),
        (false, position) => format!("applied at position {position} 已生效"),
    };
    Ok(Answer::Text(format!("{}\n{done}", table(&["subject", "before", "after"], rows, &[]))))
}

async fn extend(args: &ExtendArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let obligation = match args.obligation.as_str() {
        "publication" => wire::Obligation::Publication,
        _ => wire::Obligation::Submission,
    };
    let extension =
        wire::Extension { unit: args.unit.clone(), obligation: obligation.into(), until: args.until.clone() };
    let request = wire::ExtendDeadlineRequest {
        family: args.family.clone(),
        year: args.year,
        extension: Some(extension),
        reason: args.reason.clone(),
    };
    let done = client.unit_service().extend_deadline(request).await.map_err(ClientError::from)?.into_inner();
    Ok(if args.json {
        Answer::Json(response_json("ExtendDeadlineResponse", &done)?)
    } else {
        Answer::Text(format!("{} has time until {} (position {}) 已延期", args.unit, args.until, done.position))
    })
}
