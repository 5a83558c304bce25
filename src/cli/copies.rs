//! `backup` and `restore`: copies of a ledger.

use std::io::{BufRead, BufReader, BufWriter, Read as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::json;

use super::ServerArg;
use super::output::{self, Answer};
use crate::client::ClientError;
use crate::domain::State;
use crate::form::DESCRIPTORS;
use crate::ledger::{self, Ledger, Restored};

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

/// Write everything in a ledger as plain messages (the service must be stopped)
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// Folder of the ledger
    #[arg(long)]
    data: PathBuf,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// json: one crossfoot.ledger.v1.Exported a line; protobuf: the same, length-delimited
    #[arg(long, value_parser = ["json", "protobuf"], default_value = "json")]
    format: String,
}

/// Make a ledger from an export, in a new folder
#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The file that `export` wrote
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Folder of the new ledger
    #[arg(long)]
    data: PathBuf,
    /// As for `export`
    #[arg(long, value_parser = ["json", "protobuf"], default_value = "json")]
    format: String,
}

/// The message of an export.
pub(super) fn exported() -> anyhow::Result<MessageDescriptor> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    pool.get_message_by_name("crossfoot.ledger.v1.Exported").context("the message of an export is not known")
}

/// Runs `export`.
pub(super) fn export(args: &ExportArgs) -> anyhow::Result<Answer> {
    let mut state = State::new();
    let ledger = Ledger::open(&args.data, &mut state)?;
    let name = args.to.display().to_string();
    let mut out = BufWriter::new(std::fs::File::create_new(&args.to).with_context(|| name.clone())?);
    let message = exported()?;
    let (position, chain) = ledger.reader().export(&state, |item| -> anyhow::Result<()> {
        if args.format == "json" {
            let item = DynamicMessage::decode(message.clone(), item.as_slice())?;
            serde_json::to_writer(&mut out, &item)?;
            out.write_all(b"\n")?;
        } else {
            let mut length = Vec::new();
            prost::encoding::encode_varint(item.len() as u64, &mut length);
            out.write_all(&[length, item].concat())?;
        }
        Ok(())
    })?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(Answer::Text(format!("{name}: the ledger up to position {position} 已导出\nhead {chain}")))
}

/// Runs `import`.
pub(super) fn import(args: &ImportArgs) -> anyhow::Result<Answer> {
    let name = args.from.display().to_string();
    let file = BufReader::new(std::fs::File::open(&args.from).with_context(|| name.clone())?);
    let message = exported()?;
    let (position, chain) = if args.format == "json" {
        let items = file.lines().map(|line| item_from_json(&message, &line.map_err(|error| error.to_string())?));
        ledger::import(&args.data, items)?
    } else {
        ledger::import(&args.data, delimited(file))?
    };
    let data = args.data.display();
    Ok(Answer::Text(format!("{data}: imported up to position {position} 已导入\nhead {chain}")))
}

/// One line of an export.
pub(super) fn item_from_json(message: &MessageDescriptor, line: &str) -> Result<Vec<u8>, String> {
    let mut json = serde_json::Deserializer::from_str(line);
    let item = DynamicMessage::deserialize(message.clone(), &mut json).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    Ok(item.encode_to_vec())
}

/// Messages that are preceded by their length.
pub(super) fn delimited(mut file: impl BufRead) -> impl Iterator<Item = Result<Vec<u8>, String>> {
    /// An event is never larger.
    const MOST: u64 = 256 << 20;
    std::iter::from_fn(move || {
        if file.fill_buf().ok()?.is_empty() {
            return None;
        }
        let mut read = || {
            let (mut length, mut shift) = (0_u64, 0_u32);
            loop {
                let mut byte = [0];
                file.read_exact(&mut byte).map_err(|error| error.to_string())?;
                length |= u64::from(byte[0] & 0x7f).checked_shl(shift).ok_or("its length is no number")?;
                shift = shift.saturating_add(7);
                if byte[0] < 0x80 {
                    break;
                }
            }
            if length > MOST {
                return Err("it is impossibly long".to_owned());
            }
            let mut item = Vec::new();
            file.by_ref().take(length).read_to_end(&mut item).map_err(|error| error.to_string())?;
            if item.len() as u64 == length { Ok(item) } else { Err("it is cut short".to_owned()) }
        };
        Some(read())
    })
}

/// Runs `backup`.
pub(super) async fn back_up(args: &BackupArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
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
    let Restored { head: (position, chain), cut_at } = ledger::restore(&args.from, &args.data)?;
    // opened once, so that what was restored is proved to be a ledger
    let mut state = State::new();
    let restored = Ledger::open(&args.data, &mut state)?.head();
    anyhow::ensure!(restored == (position, chain), "what was restored ends at {}, the copy at {position}", restored.0);
    let data = args.data.display();
    let from = args.from.display();
    if let Some(at) = cut_at {
        // exit code 1: whoever restores must know
        output::note(&format!(
            "{from} is not whole from byte {at} on; what came after position {position} is not in it"
        ));
    }
    let answer = if args.json {
        let chain = chain.to_string();
        Answer::Json(json!({ "data": data.to_string(), "position": position.0, "chain_hash": chain, "cut_at": cut_at }))
    } else {
        Answer::Text(format!("{data}: restored up to position {position} 已恢复\nhead {chain}"))
    };
    Ok(answer.no_if(cut_at.is_some()))
}
