//! `bench`: how fast the service is on this machine, through real gRPC over
//! loopback, client and server on the same cores.

mod ingest;
mod made;
mod measured;
mod nation;
mod sending;
mod served;
mod written;

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;

use super::output::{self, Answer};
use measured::Measured;

/// Measure the service on this machine, on stores that are thrown away
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    make: Option<Command>,
    /// What to measure; nothing named: all of it
    #[arg(value_enum)]
    what: Vec<What>,
    /// Reports of a round of a stream, and units of the nation
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    reports: u32,
    /// Rounds, with what is compared taking turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Folder for the stores, on the disk to be measured; else the one for temporary files
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Also write every round, the machine and the settings as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Make(written::Args),
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Reports through streams, with and without a mirror; what they take on the disk
    Stream,
    /// One report a call, 1 and 512 under way, with and without a store
    Unary,
    /// Roll-ups over the units of a nation while reports come in
    Rollup,
    /// A roll-up of all units of a nation as of an earlier position
    Scan,
    /// Memory for two years of a nation's reports
    Memory,
    /// Start with two years of a nation's reports, by checkpoint and by full replay
    Start,
}

impl What {
    const ALL: [Self; 6] = [Self::Stream, Self::Unary, Self::Rollup, Self::Scan, Self::Memory, Self::Start];
    const OF_A_NATION: [Self; 4] = [Self::Rollup, Self::Scan, Self::Memory, Self::Start];
}

/// How much is done, and where.
#[derive(Debug)]
struct Size {
    reports: usize,
    rounds: usize,
    dir: PathBuf,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    if let Some(Command::Make(make)) = &args.make {
        return written::run(make).await;
    }
    let what = if args.what.is_empty() { What::ALL.to_vec() } else { args.what.clone() };
    let dir = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let size = Size { reports: usize::try_from(args.reports)?, rounds: usize::try_from(args.rounds)?, dir };
    let maker = made::Maker::new()?;
    let mut all: Vec<Measured> = Vec::new();
    if what.contains(&What::Stream) {
        all.extend(ingest::stream(&maker, &size).await?);
    }
    if what.contains(&What::Unary) {
        all.extend(ingest::unary(&maker, &size).await?);
    }
    if what.iter().any(|what| What::OF_A_NATION.contains(what)) {
        all.extend(nation::measure(&maker, &size, &what).await?);
    }
    if let Some(file) = &args.json {
        let json = json!({ "machine": machine(), "settings": settings(&size), "results": measured::json(&all) });
        std::fs::write(file, format!("{json:#}\n")).with_context(|| file.display().to_string())?;
    }
    Ok(Answer::Text(measured::text(&all)))
}

/// What it was measured on.
fn machine() -> serde_json::Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    json!({
        "cpu": cpu,
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "crossfoot": env!("CARGO_PKG_VERSION"),
    })
}

fn settings(size: &Size) -> serde_json::Value {
    json!({
        "reports": size.reports, "rounds": size.rounds, "connections": sending::CONNECTIONS,
        "server": format!("crossfoot serve --log-filter {}, all else by default", served::LOG_FILTER),
    })
}

/// Says how far it is.
fn progress(text: &str) {
    output::note(text);
}
