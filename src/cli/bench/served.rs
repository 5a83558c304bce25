//! A server of its own process on a store that is thrown away, as an operator runs it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rustix::process::{Pid, Signal, kill_process};

use super::made;
use crate::client::{Client, wire};

/// How the server logs: not a line for every report.
pub(super) const LOG_FILTER: &str = "warn";

/// A server that runs.
#[derive(Debug)]
pub(super) struct Served {
    child: Child,
    pub(super) address: String,
}

impl Served {
    /// Starts a server on a folder and waits until it listens.
    pub(super) fn start(data: &Path, mirror: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-filter", LOG_FILTER, "--data"]).arg(data);
        if let Some(mirror) = mirror {
            command.arg("--mirror").arg(mirror);
        }
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().context("no output of the server")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let Some(address) = address else {
            child.wait()?;
            return Err(anyhow!("the server did not start"));
        };
        Ok(Self { child, address })
    }

    /// A connection.
    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::connect(&self.address).await?)
    }

    /// So many connections.
    pub(super) async fn clients(&self, count: usize) -> anyhow::Result<Vec<Client>> {
        let mut clients = Vec::new();
        for _ in 0..count {
            clients.push(self.client().await?);
        }
        Ok(clients)
    }

    /// Enters the units.
    pub(super) async fn plant(&self, agencies: usize) -> anyhow::Result<()> {
        const AT_ONCE: usize = 100_000;
        let client = self.client().await?;
        let units: Vec<wire::Unit> = made::units(agencies).collect();
        for units in units.chunks(AT_ONCE) {
            let reason = "bench".to_owned();
            client.apply_units(wire::ApplyUnitsRequest { units: units.to_vec(), validate_only: false, reason }).await?;
        }
        Ok(())
    }

    /// Bytes of memory that are its own, not those of files, once the allocator has given
    /// back what is free.
    pub(super) async fn memory(&self) -> anyhow::Result<u64> {
        const GIVEN_BACK: Duration = Duration::from_secs(12);
        tokio::time::sleep(GIVEN_BACK).await;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).context("no RssAnon")?;
        Ok(kib.parse::<u64>()?.saturating_mul(1024))
    }

    /// Stops it in order and waits for its end.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        self.signal(Signal::TERM);
        let ended = self.child.wait()?;
        anyhow::ensure!(ended.success(), "the server ended with {ended}");
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // it may have ended already
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Checks a ledger whose server has stopped; gives its effective reports.
pub(super) fn verify(data: &Path) -> anyhow::Result<u64> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args(["verify", "--json", "--data"]).arg(data).output()?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    anyhow::ensure!(output.status.success(), "verify: {answer}");
    let reports = answer.get("effective_reports").and_then(serde_json::Value::as_u64);
    reports.ok_or_else(|| anyhow!("verify: {answer}"))
}
