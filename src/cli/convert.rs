//! `convert`: a report from one format to another. Nothing is judged.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::export::file::put;
use super::file::{FormArgs, Forms, is_unread, reading_text};
use super::output::Answer;
use crate::documents::{Format, Language, Publication, Reading, write};

/// Convert a report: from any format that `check` reads to Word, Excel, HTML, CSV, JSON or binary
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to read
    file: PathBuf,
    /// The file to write: .docx, .xlsx, .html, .csv, .json or .pb (binary); - prints JSON
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Language of headings in a document: zh or en
    #[arg(long, default_value = "zh")]
    lang: Language,
    /// Write over a file that exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    form: FormArgs,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let forms = args.form.load()?;
    let reading = forms.read(&args.file)?;
    let name = args.file.display();
    let read = reading_text(&reading);
    if is_unread(&reading) {
        let text = format!("{name}: not all of it could be read, nothing was written 未能全部读取，未转换\n{read}");
        return Ok(Answer::Text(text).no_if(true));
    }
    if args.to.as_os_str() == "-" {
        let json = reading.form.to_json(&reading.report);
        return Ok(Answer::Json(json.map_err(|error| anyhow!("{name}: {error}"))?));
    }
    let bytes = converted(&args.to, &reading, &forms, args.lang)?;
    put(&args.to, &bytes, args.force)?;
    Ok(Answer::Text(format!("{}: {}\n{read}", args.to.display(), reading.form.name())))
}

/// The report in the format that the name of a file asks for.
fn converted(to: &Path, reading: &Reading, forms: &Forms, language: Language) -> anyhow::Result<Vec<u8>> {
    if to.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pb")) {
        return Ok(reading.report.clone());
    }
    let draft = reading.draft.as_ref();
    let year = forms.year.or(draft.and_then(|draft| draft.year));
    let format = Format::of(to)?;
    // JSON says no year, so none is needed for it
    let year = match (year, format) {
        (Some(year), _) => year,
        (None, Format::Json) => reading.form.years().0,
        (None, Format::Docx | Format::Xlsx | Format::Html | Format::Csv) => {
            return Err(anyhow!("no title says the reporting year: name it with --year"));
        }
    };
    let unit = draft.and_then(|draft| draft.unit_name.clone()).unwrap_or_default();
    let publication = Publication::new(&reading.form, &unit, year, language).with_report(&reading.report)?;
    Ok(write(&publication, format)?)
}
