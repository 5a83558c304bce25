//! The access log: every refused attempt, and every read by an office or an
//! auditor. Who, which call, which unit; no figures and no secrets.
//!
//! One tracing event on target `crossfoot::access` and, where a file is named, a
//! line of JSON in it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;

use super::access::AccessError;
use super::convert::time_to_pb;
use crate::words::Timestamp;

/// See the module. Clones write to the same file.
#[derive(Debug, Clone, Default)]
pub struct AccessLog(Option<Arc<LogFile>>);

#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: Mutex<File>,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It may be read.
    Allowed,
    /// Known, and may not.
    Denied,
    /// Not known; and so many more from there since the last one that was told.
    Unknown(u64),
}

/// One attempt.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    pub(super) time: Timestamp,
    /// Empty: not known.
    pub(super) principal: &'a str,
    pub(super) peer: Option<IpAddr>,
    /// Full name of the RPC; empty: none of the service's.
    pub(super) rpc: &'a str,
    /// As asked for; "*": all units.
    pub(super) unit: &'a str,
    /// None: no year was named.
    pub(super) year: Option<u16>,
    pub(super) outcome: Told,
}

impl Told {
    fn word(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::Denied => "PERMISSION_DENIED",
            Self::Unknown(_) => "UNAUTHENTICATED",
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    // who asked what is nobody else's business
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

impl AccessLog {
    /// Opens the file, or makes it.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, AccessError> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = open(path).map_err(|error| AccessError::Log(path.to_owned(), error))?;
        Ok(Self(Some(Arc::new(LogFile { path: path.to_owned(), file: Mutex::new(file) }))))
    }

    /// Whether there is a file.
    #[must_use]
    pub fn has_file(&self) -> bool {
        self.0.is_some()
    }

    /// Opens the file again, after the one before was moved away.
    pub fn reopen(&self) {
        let Some(log) = &self.0 else { return };
        match open(&log.path) {
            Ok(file) => *log.file.lock() = file,
            Err(error) => {
                tracing::error!(error = %error, access.log = %log.path.display(), "the access log cannot be opened again");
            }
        }
    }

    /// Notes an attempt.
    pub(super) fn note(&self, attempt: &Attempt<'_>) {
        let Attempt { time, principal, peer, rpc, unit, year, outcome } = attempt;
        let peer = peer.map(|peer| peer.to_string()).unwrap_or_default();
        let more = match outcome {
            Told::Unknown(more) => *more,
            Told::Allowed | Told::Denied => 0,
        };
        tracing::info!(
            target: "crossfoot::access",
            {
                access.principal = principal, access.peer = peer, access.rpc = rpc, access.unit = unit,
                access.year = year, access.outcome = outcome.word(), access.untold = (more > 0).then_some(more)
            },
            "{} {rpc}", outcome.word()
        );
        let Some(log) = &self.0 else { return };
        let mut line = json!({
            "time": time_to_pb(*time).to_string(),
            "principal": principal,
            "peer": peer,
            "rpc": rpc,
            "unit": unit,
            "year": year,
            "outcome": outcome.word(),
        });
        if let (true, Some(fields)) = (more > 0, line.as_object_mut()) {
            fields.insert("untold".to_owned(), more.into());
        }
        // one write, so that lines stay whole
        if let Err(error) = log.file.lock().write_all(format!("{line}\n").as_bytes()) {
            tracing::error!(error = %error, access.log = %log.path.display(), "the access log cannot be written");
        }
    }
}
