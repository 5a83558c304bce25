//! `proto`: writes every .proto, for clients in any language.

use std::path::PathBuf;

use anyhow::Context as _;

use super::output::Answer;
use crate::form::SOURCES;

/// Write all .proto files (API, options, built-in forms) to a folder
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to
    dir: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let mut written = Vec::new();
    for (name, text) in SOURCES {
        let path = args.dir.join(name);
        let folder = path.parent().unwrap_or(&args.dir);
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        written.push(path.display().to_string());
    }
    Ok(Answer::Text(written.join("\n")))
}
