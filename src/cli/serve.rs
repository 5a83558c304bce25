//! `serve`: runs the service until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::output::{self, Answer};
use super::panics;
use crate::api::{Server, observe};
use crate::form::Catalog;
use crate::ingest::{Desk, Keeping};
use crate::ledger::Mirroring;
use crate::words::{clock, limits};

/// Run the service (loopback only: callers are not authenticated yet)
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the ledger; made if it is not there
    #[arg(long)]
    data: PathBuf,
    /// Address to listen on, loopback only; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:7007")]
    listen: SocketAddr,
    /// A folder, best on another disk, that every commit also goes to before it is acknowledged
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// Acknowledge nothing while the mirror cannot be written
    #[arg(long, requires = "mirror")]
    mirror_required: bool,
    /// Free MiB of the disk below which nothing more is written; reads go on
    #[arg(long, value_name = "MIB", default_value_t = limits::DISK_RESERVE_BYTES >> 20)]
    disk_reserve: u64,
    /// Also listen here for /metrics (Prometheus) and /healthz; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    observe: Option<SocketAddr>,
    /// How logs are written
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    log_format: String,
    /// Check forms, folders and addresses, and serve nothing
    #[arg(long)]
    check: bool,
    /// Further forms: a folder of .proto files
    #[arg(long)]
    forms: Option<PathBuf>,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let filter = EnvFilter::try_from_env("CROSSFOOT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let logs = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    if args.log_format == "json" {
        logs.json().init();
    } else {
        logs.with_ansi(colours).init();
    }
    panics::end_the_process();
    let catalog = Catalog::load(args.forms.as_deref())?;
    // the address first: a second server must not touch the ledger
    let server = Server::bind(args.listen).await?;
    let data = args.data.clone();
    let forms = catalog.clone();
    let required = args.mirror_required;
    let mirroring = args.mirror.clone().map(|dir| Mirroring { dir, required });
    let keeping = Keeping { mirroring, disk_reserve: args.disk_reserve.saturating_mul(1 << 20) };
    let open = move || Desk::open_with(&data, keeping, &forms, clock::system);
    let desk = tokio::task::spawn_blocking(open).await?.with_context(|| args.data.display().to_string())?;
    let desk = Arc::new(desk);
    tracing::info!(ledger.position = %desk.head(), ledger.folder = %args.data.display(), "the ledger is open");
    if args.check {
        return Ok(Answer::Text(format!("all is well: the ledger ends at position {} 配置无误", desk.head())));
    }
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    output::line(&format!("listening on http://{}", server.address()))?;
    if let Some(address) = args.observe {
        let address = observe(address, Arc::clone(&desk), stop.clone()).await?;
        // whoever read the first line may have closed the pipe
        let _ = output::line(&format!("observing on http://{address}"));
    }
    server.serve(Arc::clone(&desk), &catalog, stop).await?;
    tracing::info!(ledger.position = %desk.head(), "stopped");
    Ok(Answer::Silent)
}

/// Stops on SIGTERM or SIGINT; the second signal ends the process at once.
async fn stop_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
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
