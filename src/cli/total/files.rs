//! The files of a folder, in order of their names: what is read, what is passed
//! over, what cannot be read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::words::limits;

/// Files that programs leave in folders.
const LEFT_BY_PROGRAMS: [&str; 2] = ["Thumbs.db", "desktop.ini"];

/// What is in a folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Files to read: the path, and the name below the folder.
    pub(super) files: Vec<(PathBuf, String)>,
    /// What cannot be looked at, and why.
    pub(super) unreadable: Vec<Unreadable>,
}

/// A file that no report was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// Below the folder.
    pub(super) file: String,
    /// Why not, Chinese.
    pub(super) reason_zh: String,
    /// English.
    pub(super) reason_en: String,
}

impl Unreadable {
    /// A file that could not be read, by what was said of it in Chinese and English.
    pub(super) fn new(file: String, (reason_zh, reason_en): (String, String)) -> Self {
        Self { file, reason_zh, reason_en }
    }
}

/// What a system says is English only.
fn of_system(error: &std::io::Error) -> (String, String) {
    (format!("系统报错：{error}"), error.to_string())
}

/// Lists a folder and those in it. `leave_out` tells files that are no documents.
pub(super) fn list(folder: &Path, leave_out: &dyn Fn(&Path) -> bool) -> anyhow::Result<Listing> {
    let mut listing = Listing::default();
    // an unreadable folder inside is told beside the rest; this one must be there
    fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    visit(folder, "", 0, leave_out, &mut listing)?;
    listing.files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(listing)
}

fn visit(
    folder: &Path,
    name: &str,
    depth: usize,
    leave_out: &dyn Fn(&Path) -> bool,
    listing: &mut Listing,
) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = match entries {
        Ok(entries) if depth <= limits::FOLDER_DEPTH => entries,
        Ok(_) => {
            let most = limits::FOLDER_DEPTH;
            let reason = (format!("文件夹超过 {most} 层"), format!("lies deeper than {most} folders"));
            listing.unreadable.push(Unreadable::new(format!("{name}/"), reason));
            return Ok(());
        }
        Err(error) => {
            listing.unreadable.push(Unreadable::new(format!("{name}/"), of_system(&error)));
            return Ok(());
        }
    };
    for entry in entries {
        let own = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if is_no_document(&own) || leave_out(&path) {
            continue;
        }
        let below = if name.is_empty() { own } else { format!("{name}/{own}") };
        let kind = entry.file_type().with_context(|| path.display().to_string())?;
        // a link to a folder may lead round in a ring
        if kind.is_dir() {
            visit(&path, &below, depth.saturating_add(1), leave_out, listing)?;
        } else if path.is_dir() {
            let reason = ("指向文件夹的链接".to_owned(), "a link to a folder".to_owned());
            listing.unreadable.push(Unreadable::new(below, reason));
        } else if listing.files.len() < limits::FOLDER_FILES {
            listing.files.push((path, below));
        } else {
            anyhow::bail!("{}: more than {} files", folder.display(), limits::FOLDER_FILES);
        }
    }
    Ok(())
}

/// Hidden files, locks that Word and WPS leave (`~$…`), and what systems leave.
fn is_no_document(name: &str) -> bool {
    name.starts_with(['.', '~']) || LEFT_BY_PROGRAMS.iter().any(|left| name.eq_ignore_ascii_case(left))
}

/// Reads a file, if it is not too large for a document; else why not, Chinese and
/// English.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, (String, String)> {
    let size = fs::metadata(path).map_err(|error| of_system(&error))?;
    if !size.is_file() {
        return Err(("不是文件".to_owned(), "is no file".to_owned()));
    }
    let (bytes, most) = (size.len(), limits::DOCUMENT_BYTES);
    if bytes > most as u64 {
        let zh = format!("有 {bytes} 字节，文件最多 {most} 字节");
        return Err((zh, format!("has {bytes} bytes, a document has at most {most}")));
    }
    fs::read(path).map_err(|error| of_system(&error))
}
