//! `verify`: replays a ledger, checks its chain, and compares every kept total
//! with a naive sum that shares nothing with the code that keeps them.

mod statement;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::output::Answer;
use crate::domain::State;
use crate::ledger::{Ledger, LedgerError, LedgerReader, StoreError};
use crate::words::{Digest, Position};

/// Check a ledger (the service must be stopped)
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the ledger
    #[arg(long, required_unless_present = "statement")]
    data: Option<PathBuf>,
    /// Check a signed statement, as `year close --out` wrote it; with --data, that the ledger says the same
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// The public key the statement must be signed with, in hexadecimal
    #[arg(long, value_name = "HEX", requires = "statement")]
    public_key: Option<String>,
    /// Also prove that these receipts are in the ledger: JSON as `submit --json` prints it, one or one a line
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Take the end of the ledger as it is, where its witness (the file `head`) was lost
    #[arg(long)]
    accept_head: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let signed = match &args.statement {
        Some(file) => match statement::read(file, args.public_key.as_deref())? {
            Ok(signed) => Some(signed),
            Err(problem) => return Ok(failed(&[problem], args.json)),
        },
        None => None,
    };
    let Some(data) = &args.data else {
        return Ok(signed.map_or(Answer::Silent, |signed| statement::told(&signed, args.json)));
    };
    anyhow::ensure!(data.join("db").exists(), "{} holds no ledger", data.display());
    let receipts = args.receipt.as_deref().map(receipts).transpose()?.unwrap_or_default();
    let mut state = State::new();
    let open = if args.accept_head { Ledger::open_accepting_head } else { Ledger::open };
    match open(data, &mut state) {
        Ok(ledger) => {
            let reader = ledger.reader();
            let mut problems: Vec<String> =
                receipts.iter().filter_map(|receipt| prove(receipt, &reader, &state).err()).collect();
            problems.extend(signed.iter().filter_map(|signed| statement::prove(signed, &reader, &state).err()));
            let lost = reader.lost_texts(&state)?;
            let lost = lost.into_iter().map(|(position, text)| {
                let way_out = LedgerError::from(StoreError::Text(text)).way_out();
                format!("{}: event {position}: the text {text} is damaged or missing{way_out}", data.display())
            });
            problems.extend(lost);
            if !problems.is_empty() {
                return Ok(failed(&problems, args.json));
            }
            Ok(report(&state, ledger.head(), receipts.len(), args.json))
        }
        Err(error @ LedgerError::Store(StoreError::InUse(_))) => Err(error.into()),
        Err(error) => Ok(failed(&[format!("{}: {error}{}", data.display(), error.way_out())], args.json)),
    }
}

/// What a receipt says that can be proved.
#[derive(Debug, Deserialize)]
struct Receipt {
    position: u64,
    digest: String,
    chain_hash: String,
}

/// The receipts of a file: of each line the object `receipt`, or the line itself.
fn receipts(path: &Path) -> anyhow::Result<Vec<Receipt>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let mut found = Vec::new();
    for value in values {
        let value = value.with_context(|| path.display().to_string())?;
        let receipt = value.get("receipt").cloned().unwrap_or(value);
        if !receipt.is_null() {
            let receipt = serde_json::from_value(receipt);
            found.push(receipt.with_context(|| format!("{}: not a receipt", path.display()))?);
        }
    }
    anyhow::ensure!(!found.is_empty(), "{} holds no receipt", path.display());
    Ok(found)
}

/// Proves that a receipt is in the ledger: the report stands at its place, with
/// its content, at the end of the very chain the receipt names.
fn prove(receipt: &Receipt, reader: &LedgerReader, state: &State) -> Result<(), String> {
    let Receipt { position, digest, chain_hash } = receipt;
    let read = reader.event(Position(*position), &|id| state.form(id));
    let (event, chain) = read.map_err(|error| format!("receipt at {position}: {error}"))?;
    let content = event.kind.accepted().map(|accepted| accepted.digest.to_string());
    match (content, chain.to_string()) {
        (None, _) => Err(format!("receipt at {position}: the event there is no report")),
        (Some(content), _) if content != *digest => {
            Err(format!("receipt at {position}: the report there has digest {content}, the receipt says {digest}"))
        }
        (Some(_), chain) if chain != *chain_hash => {
            Err(format!("receipt at {position}: the chain there is {chain}, the receipt says {chain_hash}"))
        }
        (Some(_), _) => Ok(()),
    }
}

/// What is told of a ledger that could be replayed.
fn report(state: &State, (position, chain): (Position, Digest), proved: usize, as_json: bool) -> Answer {
    let differences = state.differences_from_naive();
    if !differences.is_empty() {
        return failed(&differences, as_json);
    }
    let (reports, totals) =
        (state.all_series().filter(|(_, series)| series.effective().is_some()).count(), state.kept_totals());
    if as_json {
        return Answer::Json(json!({
            "verified": true,
            "position": position.0,
            "chain_hash": chain.to_string(),
            "effective_reports": reports,
            "kept_totals": totals,
            "receipts_proved": proved,
        }));
    }
    let proved = if proved == 0 { String::new() } else { format!("{proved} receipts are in it 回执均在账\n") };
    Answer::Text(format!(
        "verified: {position} events chained, {reports} effective reports, {totals} kept totals equal their sums\n\
         {proved}head {chain}"
    ))
}

fn failed(problems: &[String], as_json: bool) -> Answer {
    let answer = if as_json {
        Answer::Json(json!({ "verified": false, "problems": problems }))
    } else {
        Answer::Text(format!("NOT verified:\n  {}", problems.join("\n  ")))
    };
    answer.no_if(true)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::event::{
        Event, EventKind, FormId, FormRegistered, ReportAccepted, SeriesKey, UnitEntry, UnitKind, UnitsApplied,
    };
    use crate::form::{Catalog, Content, Findings, Reader, Statements};
    use crate::words::{Coverage, Revision, Timestamp, UnitCode, Year};

    fn unit(code: &str, parent: Option<&str>) -> UnitEntry {
        UnitEntry {
            code: UnitCode::new(code).unwrap(),
            from_year: Year::new(2019).unwrap(),
            until_year: None,
            parent: parent.map(|parent| UnitCode::new(parent).unwrap()),
            kind: UnitKind::District,
            name: Arc::from(code),
            makes_rules: false,
        }
    }

    /// A district with one department that has filed.
    fn state() -> State {
        let form = Arc::clone(Catalog::load(None).unwrap().iter().next_back().unwrap());
        let reader = {
            let mut reader = Reader::default();
            reader.read(&form, &[]).unwrap();
            reader
        };
        let content = Content::new(&form, &reader, Coverage::Own, Statements::default(), &[]);
        let series = SeriesKey {
            family: form.family().clone(),
            year: Year::new(2024).unwrap(),
            unit: UnitCode::new("D-1").unwrap(),
            coverage: Coverage::Own,
        };
        let accepted = ReportAccepted {
            series,
            form: FormId(1),
            revision: Revision(1),
            request_id: None,
            row: content.row,
            digest: content.digest,
            texts: None,
            blank_means_zero: true,
            nil_report: false,
            findings: Findings::default(),
            explained: Vec::new(),
            awaits_approval: false,
            rejudged: Vec::new(),
        };
        let kinds = [
            EventKind::FormRegistered(FormRegistered { id: FormId(1), form }),
            EventKind::UnitsApplied(UnitsApplied {
                units: vec![unit("D", None), unit("D-1", Some("D"))],
                rejudged: Vec::new(),
            }),
            EventKind::ReportAccepted(Box::new(accepted)),
        ];
        let mut state = State::new();
        for (position, kind) in (1..).map(Position).zip(kinds) {
            let event =
                Event { position, time: Timestamp(0), principal: Arc::from("test"), reason: String::new(), kind };
            state.apply(&event).unwrap();
        }
        state
    }

    #[test]
    fn a_corrupt_kept_total_ends_verify_with_exit_code_1() {
        let mut state = state();
        let head = (state.head(), Digest::ZERO);
        assert_eq!(report(&state, head, 0, true).print().unwrap(), 0);
        let (family, year) = state.all_series().map(|(key, _)| (key.family, key.year)).next().unwrap();
        state.corrupt((&family, year), &UnitCode::new("D").unwrap(), 17);
        assert_eq!(report(&state, head, 0, true).print().unwrap(), 1);
        assert!(state.differences_from_naive()[0].contains("D: the kept total on basis units"));
    }
}
