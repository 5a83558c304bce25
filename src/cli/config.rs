//! `config`: checks a file of settings without serving, and shows a sample.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::output::{Answer, grouped};
use super::settings::{EXAMPLE, Stated, resolve};
use crate::api::Capacity;

/// Check settings of `serve`, or show a sample
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check a file (addresses, folders, forms, limits) and print the settings that would hold; opens nothing
    Check(Box<CheckArgs>),
    /// Print a sample with every setting and its default
    Example,
}

/// What `config check` is told.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The file, as for `serve --config`
    file: PathBuf,
    #[command(flatten)]
    flags: Stated,
}

/// Runs the command.
pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Example => Ok(Answer::Text(EXAMPLE.to_owned())),
        Command::Check(args) => {
            let CheckArgs { file, flags } = args.as_ref();
            let (holds, settings) = resolve(flags.clone(), Some(file))?;
            let name = file.display();
            let toml = holds.to_toml()?;
            let memory = memory(&settings.capacity);
            Ok(Answer::Text(format!("# {name}: all is well; these settings would hold 配置无误\n{toml}\n{memory}")))
        }
    }
}

/// What memory the settings come to, as comments.
fn memory(capacity: &Capacity) -> String {
    let mib = |bytes: u64| grouped(&bytes.div_ceil(1 << 20).to_string());
    let parts = capacity.memory();
    let most = parts.iter().fold(0_u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
    let mut text = format!("# What is under way takes at most {} MiB of memory 并发占用内存上限:\n#  ", mib(most));
    for (index, (what, bytes)) in parts.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma} {what} {}", mib(*bytes));
    }
    text.push_str("\n# On top come the ledger's own state, questions about the past, and answers nobody takes.");
    text
}
