//! The access of `serve`: its flags, and the access log that is opened again.

use std::num::NonZeroU32;
use std::path::PathBuf;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::api::{Access, AccessLog, AccessSettings, CertificateSettings, Rates};
use crate::words::limits;

/// Who must prove who he is, and how much he may ask.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct AccessArgs {
    /// Every caller shows a token, made with `token create` (or, with --tls-client-ca, a certificate)
    #[arg(long)]
    auth_tokens: bool,
    /// Whom client certificates stand for: array of {"name" or "fingerprint", "principal", "grants"}
    #[arg(long, value_name = "FILE", requires = "tls_client_ca")]
    auth_certificates: Option<PathBuf>,
    /// A file that gets a line for every refused attempt and every read by an office or auditor; SIGHUP opens it again
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// Calls of one principal in a second
    #[arg(long, value_name = "N", default_value_t = limits::CALLS_PER_SECOND)]
    calls_per_second: NonZeroU32,
    /// Reports of one principal in a second
    #[arg(long, value_name = "N", default_value_t = limits::REPORTS_PER_SECOND)]
    reports_per_second: NonZeroU32,
}

impl AccessArgs {
    /// Whether callers show tokens.
    pub(super) fn tokens(&self) -> bool {
        self.auth_tokens
    }

    /// What the flags say.
    pub(super) fn settings(&self) -> anyhow::Result<AccessSettings> {
        let Self { auth_tokens, auth_certificates, access_log, calls_per_second, reports_per_second } = self.clone();
        let certificates: Vec<CertificateSettings> = match auth_certificates {
            None => Vec::new(),
            Some(file) => {
                let name = file.display().to_string();
                let text = std::fs::read_to_string(&file).with_context(|| name.clone())?;
                serde_json::from_str(&text).with_context(|| name)?
            }
        };
        let rates = Rates { calls_per_second, reports_per_second, ..Rates::default() };
        Ok(AccessSettings { tokens: auth_tokens, certificates, log: access_log, rates })
    }

    /// Access as the server keeps it. `verified`: client certificates are.
    pub(super) fn access(&self, verified: bool) -> anyhow::Result<Access> {
        let settings = self.settings()?;
        let access = Access::new(&settings)?;
        if settings.log.is_some() {
            reopen_on_hangup(access.log())?;
        }
        if !(settings.tokens || verified) {
            tracing::info!("nobody is asked who he is: whoever reaches this address may do everything");
        }
        Ok(access)
    }
}

/// Opens the access log again on every SIGHUP, after its file was moved away.
fn reopen_on_hangup(log: AccessLog) -> std::io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            log.reopen();
        }
    });
    Ok(())
}
