//! The TLS of `serve`: its flags, and loading certificates again on SIGHUP.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::api::{ClientCertificates, Tls, TlsFiles, Transport};
use crate::words::clock;

/// How callers reach the service.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TlsArgs {
    /// Certificate of the service, then those that lead to its authority, PEM; SIGHUP loads all files again
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Authorities that vouch for callers, PEM: then every caller must show a certificate (or, with --auth-tokens, a token)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// Be reached in plain text beyond this machine; anybody on the way can read it
    #[arg(long)]
    insecure: bool,
}

impl TlsArgs {
    /// What the flags say; certificates are loaded again from now on when the process is told to.
    /// Where callers are known by `tokens` too, they may do without a certificate.
    pub(super) fn transport(&self, tokens: bool) -> anyhow::Result<Transport> {
        let asked = if tokens { ClientCertificates::Optional } else { ClientCertificates::Required };
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let client_authorities = self.tls_client_ca.clone();
                let files = TlsFiles { certificate: certificate.clone(), key: key.clone(), client_authorities };
                let tls = Arc::new(Tls::load(files, asked, clock::system)?);
                reload_on_hangup(Arc::clone(&tls))?;
                Some(tls)
            }
            _ => None,
        };
        Ok(Transport { tls, tokens, insecure: self.insecure })
    }
}

/// Loads the files again on every SIGHUP. Without TLS nothing is caught, and the signal ends the
/// process, as it does others.
fn reload_on_hangup(tls: Arc<Tls>) -> std::io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let tls = Arc::clone(&tls);
            match tokio::task::spawn_blocking(move || tls.reload()).await {
                Ok(Ok(())) => tracing::info!("certificates were loaded again; new connections use them"),
                Ok(Err(error)) => {
                    tracing::error!(error = %error, "certificates were not loaded again; those before stay in use")
                }
                Err(error) => tracing::error!(error = %error, "certificates were not loaded again"),
            }
        }
    });
    Ok(())
}
