//! `backup` and `restore`: copies of a ledger.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;

use super::ServerArg;
use super::output::Answer;
use crate::client::{Client, ClientError};
use crate::domain::State;
use crate::ledger::{self, Ledger};

/// Copy the whole ledger of a running service to a file
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

/// Make a ledger from a mirror or a backup, in a new folder
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// The file: `ledger.copy` of a mirror, or what `backup` wrote
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Folder of the new ledger
    #[arg(long)]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs `backup`.
pub(super) async fn back_up(args: &BackupArgs) -> anyhow::Result<Answer> {
    let client = Client::connect(&args.server.server).await?;
    let name = args.to.display().to_string();
    let mut file = std::fs::File::create_new(&args.to).with_context(|| name.clone())?;
    let mut pieces = client.back_up().await?;
    let (mut bytes, mut position) = (0_usize, 0);
    while let Some(piece) = pieces.message().await.map_err(ClientError::from)? {
        file.write_all(&piece.piece).with_context(|| name.clone())?;
        bytes = bytes.saturating_add(piece.piece.len());
        position = position.max(piece.position);
    }
    anyhow::ensure!(position > 0, "the backup ended before it was whole; {name} is not a backup");
    file.sync_all().with_context(|| name.clone())?;
    Ok(if args.json {
        Answer::Json(json!({ "file": name, "position": position, "bytes": bytes }))
    } else {
        Answer::Text(format!("{name}: the ledger up to position {position}, {bytes} bytes 备份完成"))
    })
}

/// Runs `restore`.
pub(super) fn restore(args: &RestoreArgs) -> anyhow::Result<Answer> {
    let (position, chain) = ledger::restore(&args.from, &args.data)?;
    // opened once, so that what was restored is proved to be a ledger
    let mut state = State::new();
    let restored = Ledger::open(&args.data, &mut state)?.head();
    anyhow::ensure!(restored == (position, chain), "what was restored ends at {}, the copy at {position}", restored.0);
    let data = args.data.display();
    Ok(if args.json {
        Answer::Json(json!({ "data": data.to_string(), "position": position.0, "chain_hash": chain.to_string() }))
    } else {
        Answer::Text(format!("{data}: restored up to position {position} 已恢复\nhead {chain}"))
    })
}
