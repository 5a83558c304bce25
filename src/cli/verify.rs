//! `verify`: replays a ledger, checks its chain, and compares every kept total
//! with a naive sum that shares nothing with the code that keeps them.

use std::path::PathBuf;

use serde_json::json;

use super::output::Answer;
use crate::domain::State;
use crate::ledger::{Ledger, LedgerError, StoreError};
use crate::words::{Digest, Position};

/// Check a ledger (the service must be stopped)
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the ledger
    #[arg(long)]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    anyhow::ensure!(args.data.join("db").exists(), "{} holds no ledger", args.data.display());
    let mut state = State::new();
    match Ledger::open(&args.data, &mut state) {
        Ok(ledger) => Ok(report(&state, ledger.head(), args.json)),
        Err(error @ LedgerError::Store(StoreError::InUse(_))) => Err(error.into()),
        Err(error) => Ok(failed(&[error.to_string()], args.json)),
    }
}

/// What is told of a ledger that could be replayed.
fn report(state: &State, (position, chain): (Position, Digest), as_json: bool) -> Answer {
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
        }));
    }
    Answer::Text(format!(
        "verified: {position} events chained, {reports} effective reports, {totals} kept totals equal their sums\n\
         head {chain}"
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
    use crate::form::{Catalog, Content, Reader, Statements};
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
        let form = Arc::clone(Catalog::load(None).unwrap().iter().next().unwrap());
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
            findings: Vec::new(),
            explained: Vec::new(),
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
        assert_eq!(report(&state, head, true).print().unwrap(), 0);
        let (family, year) = state.all_series().map(|(key, _)| (key.family, key.year)).next().unwrap();
        state.corrupt((&family, year), &UnitCode::new("D").unwrap(), 17);
        assert_eq!(report(&state, head, true).print().unwrap(), 1);
        assert!(state.differences_from_naive()[0].contains("D: the kept total on basis units"));
    }
}
