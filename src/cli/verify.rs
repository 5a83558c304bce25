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
