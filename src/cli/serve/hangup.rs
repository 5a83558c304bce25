//! SIGHUP: certificates are loaded and the access log is opened again. A service with
//! neither catches nothing, and the signal ends the process, as it does others.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::api::{AccessLog, Tls};

/// Loads certificates again on every SIGHUP; says now and then if others can read their key.
pub(super) fn reload_certificates(tls: Option<&Arc<Tls>>) -> io::Result<()> {
    let Some(tls) = tls.cloned() else { return Ok(()) };
    tls.tell_of_exposed_key();
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let tls = Arc::clone(&tls);
            let reload = move || tls.reload().inspect(|()| tls.tell_of_exposed_key());
            match tokio::task::spawn_blocking(reload).await {
                Ok(Ok(())) => tracing::info!("certificates were loaded again; new connections use them"),
                Ok(Err(error)) => {
                    tracing::error!(error = %error, "certificates were not loaded again; those before stay in use");
                }
                Err(error) => tracing::error!(error = %error, "certificates were not loaded again"),
            }
        }
    });
    Ok(())
}

/// Opens the access log again on every SIGHUP, after its file was moved away.
pub(super) fn reopen_log(log: AccessLog) -> io::Result<()> {
    if !log.has_file() {
        return Ok(());
    }
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            log.reopen();
        }
    });
    Ok(())
}
