//! The settings of `serve`: what may be stated in a file or on the command line,
//! and how both become one. [`Settings`] is what holds; it is made once, before any
//! port or ledger is opened.
//!
//! A further setting is a field of [`Stated`] (or a table of its own there), a line
//! in `example.toml`, and a check in `check`. A test compares the sample with the defaults.

mod callers;
mod check;
mod folders;
mod limits;
mod origin;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(super) use callers::Callers;
use callers::StatedCallers;
pub(super) use check::{Logging, Settings};
use limits::StatedLimits;
use origin::Origin;

/// A file with every setting and its default.
pub(super) const EXAMPLE: &str = include_str!("settings/example.toml");

/// What may be stated, in a file or on the command line.
#[derive(Debug, Clone, Default, Deserialize, Serialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Stated {
    /// Folder of the ledger; made if it is not there
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one. Beyond loopback callers must be known [default: 127.0.0.1:7007]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Also listen here for /metrics (Prometheus) and /healthz; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    observe: Option<SocketAddr>,
    /// A folder, best on another disk, that every commit also goes to before it is acknowledged
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// Acknowledge nothing while the mirror cannot be written
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    mirror_required: Option<bool>,
    /// Further forms: a folder of .proto files
    #[arg(long, value_name = "DIR")]
    forms: Option<PathBuf>,
    /// The Ed25519 key (PKCS#8) that statements are signed with; made if it is not there; else signing-key in --data
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// How logs are written [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// What is logged, e.g. warn, or info,crossfoot=debug for a line per call [default: info]
    #[arg(long, value_name = "FILTER", env = "CROSSFOOT_LOG")]
    log_filter: Option<String>,
    /// OpenTelemetry collector (OTLP over gRPC) that the spans of calls are sent to
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    #[command(flatten)]
    callers: StatedCallers,
    #[command(flatten)]
    limits: StatedLimits,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Stated {
    fn defaults() -> Self {
        Self {
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 7007))),
            mirror_required: Some(false),
            log_format: Some(LogFormat::Text),
            log_filter: Some("info".to_owned()),
            callers: StatedCallers::defaults(),
            limits: StatedLimits::defaults(),
            ..Self::default()
        }
    }

    /// What is stated here, and for the rest what the other states.
    fn or(self, other: Self) -> Self {
        let Self {
            data,
            listen,
            observe,
            mirror,
            mirror_required,
            forms,
            signing_key,
            log_format,
            log_filter,
            otlp_endpoint,
            callers,
            limits,
        } = self;
        Self {
            data: data.or(other.data),
            listen: listen.or(other.listen),
            observe: observe.or(other.observe),
            mirror: mirror.or(other.mirror),
            mirror_required: mirror_required.or(other.mirror_required),
            forms: forms.or(other.forms),
            signing_key: signing_key.or(other.signing_key),
            log_format: log_format.or(other.log_format),
            log_filter: log_filter.or(other.log_filter),
            otlp_endpoint: otlp_endpoint.or(other.otlp_endpoint),
            callers: callers.or(other.callers),
            limits: limits.or(other.limits),
        }
    }

    /// As a file states it.
    pub(super) fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }
}

/// What the flags state, else the file, else the defaults; and the settings that
/// come of it, checked.
///
/// # Errors
/// Everything that is wrong, each with its place: file, line and key, or the flag.
pub(super) fn resolve(flags: Stated, file: Option<&Path>) -> anyhow::Result<(Stated, Settings)> {
    let (origin, stated) = Origin::read(&flags, file)?;
    let holds = flags.or(stated).or(Stated::defaults());
    let settings = check::check(&holds, &origin)?;
    Ok((holds, settings))
}
