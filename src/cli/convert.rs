//! `convert`: a report from one format to another. Nothing is judged.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};

use super::file::{FormArgs, is_unread, reading_text};
use super::output::Answer;

/// Convert a report: any format that `check` reads to JSON or binary
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to read
    file: PathBuf,
    /// The file to write, .json or .pb (binary); - prints JSON
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Write over a file that exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    form: FormArgs,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let reading = args.form.load()?.read(&args.file)?;
    let name = args.file.display();
    let read = reading_text(&reading);
    if is_unread(&reading) {
        let text = format!("{name}: not all of it could be read, nothing was written 未能全部读取，未转换\n{read}");
        return Ok(Answer::Text(text).no_if(true));
    }
    let json = reading.form.to_json(&reading.report).map_err(|error| anyhow!("{name}: {error}"))?;
    if args.to.as_os_str() == "-" {
        return Ok(Answer::Json(json));
    }
    let bytes = match args.to.extension().and_then(std::ffi::OsStr::to_str) {
        Some("json") => format!("{json:#}\n").into_bytes(),
        Some("pb") => reading.report,
        _ => bail!("{}: ends neither in .json nor in .pb", args.to.display()),
    };
    let to = args.to.display().to_string();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(true).create(args.force).create_new(!args.force);
    options.open(&args.to).and_then(|mut file| file.write_all(&bytes)).with_context(|| to.clone())?;
    Ok(Answer::Text(format!("{to}: {}\n{read}", reading.form.name())))
}
