//! `serve`: runs the service until it is told to stop.

mod hangup;
mod telemetry;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::output::{self, Answer};
use super::panics;
use super::settings::{Callers, Settings, Stated, resolve};
use crate::api::{Access, Server, Stopped};
use crate::ingest::Desk;
use crate::words::clock;

/// Run the service
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings (TOML); flags win over it. `crossfoot config example` shows every one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check settings, listen, open the ledger, and serve nothing
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    flags: Stated,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let (_, settings) = resolve(args.flags.clone(), args.config.as_deref())?;
    let Settings { data, listen, observe, catalog, keeping, capacity, callers, logging } = settings;
    let exporter = telemetry::start(logging)?;
    panics::end_the_process();
    // the address first: a second server must not touch the ledger
    let Callers { transport, access } = callers;
    let guarded = access.tokens || transport.knows_callers();
    hangup::reload_certificates(transport.tls.as_ref())?;
    let access = Access::new(&access)?;
    hangup::reopen_log(access.log())?;
    if !guarded {
        tracing::info!("nobody is asked who he is: whoever reaches this address may do everything");
    }
    let server = Server::bind_with(listen, transport).await?;
    let server = server.with_capacity(capacity).with_traces(exporter.join()).with_access(access);
    let (folder, forms) = (data.clone(), catalog.clone());
    let open = move || Desk::open_with(&folder, keeping, &forms, clock::system);
    let desk = tokio::task::spawn_blocking(open).await?.with_context(|| data.display().to_string())?;
    let desk = Arc::new(desk);
    tracing::info!(ledger.position = %desk.head(), ledger.folder = %data.display(), "the ledger is open");
    if args.check {
        return Ok(Answer::Text(format!("all is well: the ledger ends at position {} 配置无误", desk.head())));
    }
    let (stop, end) = (CancellationToken::new(), CancellationToken::new());
    let _end = end.clone().drop_guard();
    tokio::spawn(stop_on_signal(Signals::catch(), stop.clone()));
    output::line(&format!("listening on {}", server.url()))?;
    if let Some(address) = observe {
        let address = crate::api::observe(address, Arc::clone(&desk), stop.clone(), end).await?;
        // whoever read the first line may have closed the pipe
        let _ = output::line(&format!("observing on http://{address}"));
    }
    let stopped = server.serve(Arc::clone(&desk), &catalog, stop).await?;
    tell(stopped, &desk);
    exporter.finish().await;
    Ok(Answer::Silent)
}

/// Says what was done since the word to stop.
fn tell(stopped: Stopped, desk: &Desk) {
    let Stopped { committed, acknowledged, calls_cut, streams_cut, within_grace, took } = stopped;
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    macro_rules! say {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                stop.reports_committed = committed, stop.reports_acknowledged = acknowledged,
                stop.calls_cut = calls_cut, stop.streams_cut = streams_cut, stop.milliseconds = milliseconds,
                stop.within_grace = within_grace, ledger.position = %desk.head(), $message
            )
        };
    }
    if within_grace {
        say!(info, "stopped: everything ended by itself");
    } else {
        say!(warn, "stopped: what had not ended within the grace period was cut off");
    }
}

/// The signals that stop the service. They are caught before it says that it listens:
/// whoever reads that may send one at once.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
}

/// Stops on SIGTERM or SIGINT; the second signal ends the process at once.
async fn stop_on_signal(signals: std::io::Result<Signals>, stop: CancellationToken) {
    let Ok(Signals { mut terminate, mut interrupt }) = signals else {
        tracing::error!("signals cannot be caught; the service only stops when it is killed");
        return;
    };
    for again in [false, true] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if again {
            std::process::exit(1);
        }
        tracing::info!("stopping: no new calls, open ones may end");
        stop.cancel();
    }
}
