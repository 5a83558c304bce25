//! The command line: one file per command, each returns an answer that is
//! printed once.

mod bench;
mod check;
mod config;
mod connect;
mod convert;
mod copies;
mod demo;
mod explain;
mod export;
mod file;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod localisation;
mod output;
mod overdue;
mod panics;
mod plot;
mod proto;
mod reconcile;
mod reports;
mod review;
mod rollup;
mod roster;
mod serve;
mod settings;
#[cfg(feature = "otlp")]
mod spans;
#[cfg(not(feature = "otlp"))]
#[path = "cli/no_spans.rs"]
mod spans;
mod statistics;
mod submission;
mod submit;
mod token;
mod total;
mod units;
mod verify;
mod watch;
mod withdraw;
mod year;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::api::ServerError;
use crate::client::{ClientError, wire};
use connect::ServerArg;
use output::Answer;

/// Exit code: usage or configuration.
const USAGE: u8 = 2;
/// Exit code: the service could not be reached, or failed.
const SERVICE: u8 = 3;

/// Collects disclosure reports, checks every figure, rolls them up exactly.
///
/// Exit codes: 0 fine, 1 the answer is no (refused, FAIL, verification failed),
/// 2 usage or configuration, 3 the service could not be reached or failed.
#[derive(Debug, Parser)]
#[command(name = "crossfoot", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    #[command(subcommand)]
    Config(config::Command),
    Demo(demo::Args),
    Check(Box<check::Args>),
    Convert(convert::Args),
    Total(total::Args),
    Submit(Box<submit::Args>),
    Withdraw(withdraw::Args),
    Rollup(rollup::Args),
    Reconcile(reconcile::Args),
    Explain(explain::Args),
    Statistics(statistics::Args),
    Watch(watch::Args),
    #[command(subcommand)]
    Units(units::Command),
    #[command(subcommand)]
    Reports(reports::Command),
    #[command(subcommand)]
    Roster(roster::Command),
    Overdue(overdue::OverdueArgs),
    #[command(subcommand)]
    Review(review::ReviewCommand),
    #[command(subcommand)]
    Queries(review::QueriesCommand),
    Publish(review::PublishArgs),
    #[command(subcommand)]
    Year(year::Command),
    Audit(overdue::AuditArgs),
    Redact(review::RedactArgs),
    #[command(subcommand)]
    Token(token::Command),
    Proto(proto::Args),
    Verify(verify::Args),
    Backup(copies::BackupArgs),
    Restore(copies::RestoreArgs),
    Export(Box<export::Args>),
    Import(copies::ImportArgs),
    Bench(bench::Args),
}

/// Which total is meant, and as of when.
#[derive(Debug, Clone, clap::Args)]
struct TotalArgs {
    #[command(flatten)]
    basis: BasisArg,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    server: ServerArg,
}

/// What is added up.
#[derive(Debug, Clone, clap::Args)]
struct BasisArg {
    /// units: what each unit reported for itself; declared: what each child declares for all below it
    #[arg(long, value_parser = ["units", "declared"], default_value = "units")]
    basis: String,
}

impl BasisArg {
    fn wire(&self) -> wire::Basis {
        if self.basis == "declared" { wire::Basis::Declared } else { wire::Basis::Units }
    }
}

/// As of when.
#[derive(Debug, Clone, clap::Args)]
struct AtArg {
    /// As of this position of the ledger; else now
    #[arg(long = "at", value_name = "POSITION", default_value_t = 0)]
    at_position: i64,
}

impl TotalArgs {
    fn basis(&self) -> wire::Basis {
        self.basis.wire()
    }
}

/// Runs the command of this process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(&cli.command).and_then(|answer| Ok(answer.print()?)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            if is_closed_pipe(&error) {
                return ExitCode::SUCCESS;
            }
            output::note(&format!("{error:#}"));
            ExitCode::from(exit_code(&error))
        }
    }
}

fn execute(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Check(args) => wait(check::run(args)),
        Command::Convert(args) => convert::run(args),
        Command::Total(args) => wait(total::run(args)),
        Command::Config(command) => config::run(command),
        Command::Proto(args) => proto::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Export(args) => export::run(args),
        Command::Import(args) => copies::import(args),
        Command::Restore(args) => copies::restore(args),
        Command::Backup(args) => wait(copies::back_up(args)),
        Command::Serve(args) => wait(serve::run(args)),
        Command::Demo(args) => wait(demo::run(args)),
        Command::Bench(args) => wait(bench::run(args)),
        Command::Submit(args) => wait(submit::run(args)),
        Command::Withdraw(args) => wait(withdraw::run(args)),
        Command::Rollup(args) => wait(rollup::run(args)),
        Command::Reconcile(args) => wait(reconcile::run(args)),
        Command::Explain(args) => wait(explain::run(args)),
        Command::Statistics(args) => wait(statistics::run(args)),
        Command::Watch(args) => wait(watch::run(args)),
        Command::Units(command) => wait(units::run(command)),
        Command::Reports(command) => wait(reports::run(command)),
        Command::Roster(command) => wait(roster::run(command)),
        Command::Overdue(args) => wait(overdue::overdue(args)),
        Command::Review(command) => wait(review::review(command)),
        Command::Queries(command) => wait(review::queries(command)),
        Command::Publish(args) => wait(review::publish(args)),
        Command::Year(command) => wait(year::run(command)),
        Command::Audit(args) => wait(overdue::audit(args)),
        Command::Redact(args) => wait(review::redact(args)),
        Command::Token(command) => wait(token::run(command)),
    }
}

fn wait(work: impl Future<Output = anyhow::Result<Answer>>) -> anyhow::Result<Answer> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(ServerError::Task | ServerError::Transport(_)) = error.downcast_ref() {
        return SERVICE;
    }
    match error.downcast_ref::<ClientError>() {
        Some(ClientError::Refused(_)) => 1,
        Some(ClientError::Unreachable(..) | ClientError::Failed(_) | ClientError::Form(_)) => SERVICE,
        Some(
            ClientError::Address(_) | ClientError::File(_) | ClientError::Credentials(_) | ClientError::Handshake(_),
        )
        | None => USAGE,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
