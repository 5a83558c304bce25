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
    /// Why not.
    pub(super) reason: String,
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
            let reason = format!("lies deeper than {} folders", limits::FOLDER_DEPTH);
            listing.unreadable.push(Unreadable { file: format!("{name}/"), reason });
            return Ok(());
        }
        Err(error) => {
            listing.unreadable.push(Unreadable { file: format!("{name}/"), reason: error.to_string() });
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
            listing.unreadable.push(Unreadable { file: below, reason: "a link to a folder".to_owned() });
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

/// Reads a file, if it is not too large for a document.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?;
    if !size.is_file() {
        return Err("is no file".to_owned());
    }
    if size.len() > limits::DOCUMENT_BYTES as u64 {
        return Err(format!("has {} bytes, a document has at most {}", size.len(), limits::DOCUMENT_BYTES));
    }
    fs::read(path).map_err(|error| error.to_string())
}
