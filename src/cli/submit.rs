//! `submit`: sends a file of reports, one JSON object a line, through one stream;
//! a document is sent as such a line.

mod document;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, IsTerminal as _, Read};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tonic::{Code, Streaming};

use super::ServerArg;
use super::localisation::localisation_text;
use super::output::{self, Answer, findings_text};
use super::submission::{Line, answer};
use crate::client::{self, Client, ClientError, wire};
use crate::words::limits;
use document::Prepared;

/// Submit reports: a file of JSON lines, - for standard input, or with --unit one document
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Lines of {"unit","year","coverage":"OWN|CONSOLIDATED","report":{…},…}
    file: PathBuf,
    /// Judge only: nothing is kept
    #[arg(long)]
    validate_only: bool,
    /// Print one JSON object per line of the file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    document: document::DocumentArgs,
    #[command(flatten)]
    server: ServerArg,
}

/// What is answered for a line: by this program, or by the next result.
enum Slot {
    Here(Value),
    Sent { line: Named, request: Box<wire::SubmitReportRequest> },
}

/// Which line an answer is for.
struct Named {
    unit: String,
    year: i32,
    coverage: String,
}

/// What was told so far.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    unchanged: usize,
    refused: usize,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let mut client = args.server.connect().await?;
    let input: Box<dyn Read + Send> = if args.document.is_asked() {
        match args.document.prepare(&args.file, &mut client, !args.validate_only).await? {
            Prepared::Line(line) => Box::new(std::io::Cursor::new(line)),
            Prepared::NotSent(why) => return Ok(Answer::Text(why).no_if(true)),
        }
    } else if args.file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        let file = std::fs::File::open(&args.file);
        Box::new(file.with_context(|| args.file.display().to_string())?)
    };
    let stream = client.submissions().await?;
    let (slots, mut waiting) = mpsc::channel(limits::STREAM_IN_FLIGHT);
    let sender = tokio::spawn(send(client.clone(), input, stream.requests, slots, args.validate_only));
    let mut results = Some(stream.results);
    let mut tally = Tally::default();
    let bar =
        if std::io::stderr().is_terminal() && !args.json { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    while let Some(slot) = waiting.recv().await {
        match slot {
            Slot::Here(value) => tell(&mut tally, args.json, &bar, "REFUSED", &value, &told(&[], None))?,
            Slot::Sent { line: Named { unit, year, coverage }, request } => {
                let result = result_of(&client, &mut results, *request).await?;
                let told = told(&result.findings, result.localisation.as_ref());
                let outcome = super::submission::outcome_name(result.outcome());
                let value = answer(&unit, year, &coverage, result);
                tell(&mut tally, args.json, &bar, outcome, &value, &told)?;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    sender.await??;
    let Tally { accepted, unchanged, refused } = tally;
    if !args.json {
        let dry = if args.validate_only { " (dry run: nothing kept)" } else { "" };
        output::line(&format!("{accepted} accepted, {unchanged} unchanged, {refused} refused{dry}"))?;
    }
    Ok(Answer::Silent.no_if(refused > 0))
}

/// The result of a report that was sent. Once the stream has broken, it and those
/// after it are sent again one by one: their ids make that safe.
async fn result_of(
    client: &Client,
    results: &mut Option<Streaming<wire::SubmitReportsResponse>>,
    request: wire::SubmitReportRequest,
) -> anyhow::Result<wire::SubmissionResult> {
    if let Some(stream) = results {
        match stream.message().await.map_err(ClientError::from) {
            Ok(Some(wire::SubmitReportsResponse { result: Some(result) })) => return Ok(result),
            Ok(_) => {}
            Err(error) if !is_passing(&error) => return Err(error.into()),
            Err(error) => output::note(&format!("{error}; sending again what had no answer")),
        }
        *results = None;
    }
    Ok(patiently(async || client.submit(request.clone()).await).await?)
}

/// Whether a call may be answered a little later: the service starts again.
fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable(..) => true,
        ClientError::Failed(status) => matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled),
        ClientError::Address(_)
        | ClientError::File(_)
        | ClientError::Credentials(_)
        | ClientError::Handshake(_)
        | ClientError::Refused(_)
        | ClientError::Form(_) => false,
    }
}

/// Calls until there is an answer, for a minute or so.
async fn patiently<T>(call: impl AsyncFn() -> Result<T, ClientError>) -> Result<T, ClientError> {
    const TRIES: u32 = 40;
    let mut pause = Duration::from_millis(100);
    for _ in 0..TRIES {
        match call().await {
            Err(error) if is_passing(&error) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
        pause = pause.saturating_mul(2).min(Duration::from_secs(2));
    }
    call().await
}

/// Sends the lines of the file, in order; what cannot be sent is refused here.
async fn send(
    mut client: Client,
    input: Box<dyn Read + Send>,
    requests: mpsc::Sender<wire::SubmitReportsRequest>,
    slots: mpsc::Sender<Slot>,
    validate_only: bool,
) -> anyhow::Result<()> {
    let mut ignored = BTreeSet::new();
    for (number, text) in (1_usize..).zip(BufReader::new(input).lines()) {
        let text = text.with_context(|| format!("line {number}"))?;
        if text.trim().is_empty() {
            continue;
        }
        let slot = match Line::parse(text.trim_start_matches('\u{feff}')) {
            Err(error) => {
                let named = serde_json::from_str(&text).unwrap_or(Value::Null);
                Slot::Here(refused_here(number, &named, &error))
            }
            Ok(line) => {
                ignored.extend(line.ignored.keys().cloned());
                match line.request(&mut client, validate_only).await {
                    Err(error) => {
                        if let Some(ClientError::Failed(_) | ClientError::Unreachable(..)) = error.downcast_ref() {
                            return Err(error);
                        }
                        let named = json!({ "unit": line.unit, "year": line.year, "coverage": line.coverage });
                        Slot::Here(refused_here(number, &named, &error))
                    }
                    Ok(submission) => {
                        let request = Box::new(submission.clone());
                        // if the stream has broken, it is sent where results are read
                        let _ = requests.send(wire::SubmitReportsRequest { submission: Some(submission) }).await;
                        let (unit, year, coverage) = (line.unit, line.year, line.coverage.to_ascii_uppercase());
                        Slot::Sent { line: Named { unit, year, coverage }, request }
                    }
                }
            }
        };
        if slots.send(slot).await.is_err() {
            return Ok(());
        }
    }
    note_ignored(&ignored);
    Ok(())
}

/// Says once which keys of the lines are not used; a misspelt one must not go unseen.
fn note_ignored(ignored: &BTreeSet<String>) {
    if !ignored.is_empty() {
        let keys: Vec<&str> = ignored.iter().map(String::as_str).collect();
        output::note(&format!("keys that are not part of a submission were ignored: {}", keys.join(", ")));
    }
}

/// A line that could not be sent.
fn refused_here(number: usize, named: &Value, error: &anyhow::Error) -> Value {
    let field = |name: &str| named.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "unit": field("unit"),
        "year": field("year"),
        "coverage": field("coverage"),
        "outcome": "REFUSED",
        "reason": "MALFORMED_LINE",
        "message_zh": format!("第 {number} 行无法读取：{error:#}"),
        "message_en": format!("line {number} cannot be read: {error:#}"),
        "receipt": null,
        "findings": [],
        "unused_explanations": [],
    })
}

/// What was found in a report that was sent, but for notices and what could not be
/// judged; and which cells may be wrong.
fn told(findings: &[wire::Finding], localisation: Option<&wire::Localisation>) -> String {
    let findings = findings.iter().cloned().map(|found| client::finding(found).0);
    let worth_telling: Vec<crate::form::Finding> = findings
        .filter(|found| found.verdict == crate::form::Verdict::Fail && found.severity != crate::form::Severity::Notice)
        .collect();
    let located = localisation.map(|wire| localisation_text(&client::localisation(wire.clone())));
    findings_text(&worth_telling) + &located.unwrap_or_default()
}

/// Tells what became of one line.
fn tell(
    tally: &mut Tally,
    as_json: bool,
    bar: &ProgressBar,
    outcome: &str,
    value: &Value,
    found: &str,
) -> anyhow::Result<()> {
    let count = match outcome {
        "ACCEPTED" => &mut tally.accepted,
        "UNCHANGED" => &mut tally.unchanged,
        _ => &mut tally.refused,
    };
    *count = count.saturating_add(1);
    if as_json {
        return Ok(output::line(&value.to_string())?);
    }
    let field = |name: &str| match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let mut text = format!("{outcome} {} {} {}", field("unit"), field("year"), field("coverage"));
    if !field("reason").is_empty() {
        let _ = write!(text, ": {} — {}\n    {}", field("reason"), field("message_en"), field("message_zh"));
    } else if let Some(revision) = value.pointer("/receipt/revision") {
        let _ = write!(
            text,
            ": revision {revision}, position {}",
            value.pointer("/receipt/position").unwrap_or(&Value::Null)
        );
    }
    if value.get("awaits_approval") == Some(&Value::Bool(true)) {
        text.push_str("\n    counts once a reviewer approves it 审核通过后计入");
    }
    for change in value.get("certified_changes").and_then(Value::as_array).into_iter().flatten() {
        let field = |name: &str| {
            change.get(name).map(|field| field.to_string().trim_matches('"').to_owned()).unwrap_or_default()
        };
        let cells = change.get("cells").and_then(Value::as_array).map_or(0, Vec::len);
        let (unit, year) = (field("unit"), field("year"));
        let _ = write!(
            text,
            "\n    moves {cells} cells of {unit} {year}, which is closed and certified 将变动已签认的汇总"
        );
    }
    let text = format!("{text}\n{found}");
    bar.suspend(|| output::line(text.trim_end()))?;
    Ok(())
}
