//! Whether a folder can be used, without making or opening anything in it.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::origin::Problems;

/// A folder that is written to: it is there, or can be made.
pub(super) fn writable(key: &str, folder: &Path, problems: &mut Problems<'_>) {
    let Ok(whole) = std::path::absolute(folder) else {
        return problems.add(key, "is no path");
    };
    let Some(there) = whole.ancestors().find(|ancestor| ancestor.exists()) else {
        return problems.add(key, format_args!("{} is nowhere", folder.display()));
    };
    if !there.is_dir() {
        return problems.add(key, format_args!("{} is not a folder", there.display()));
    }
    if let Err(error) = access(there, Access::WRITE_OK | Access::EXEC_OK) {
        let help = if error == Errno::ROFS { "; mount its disk for writing" } else { "" };
        problems.add(key, format_args!("{} cannot be written: {error}{help}", there.display()));
    }
}

/// Whether a folder is another, or within it.
pub(super) fn is_within(folder: &Path, other: &Path) -> bool {
    let real = |path: &Path| -> Option<PathBuf> {
        let whole = std::path::absolute(path).ok()?;
        // what is not there yet has no other name
        let (there, rest) =
            whole.ancestors().find_map(|there| Some((there.canonicalize().ok()?, whole.strip_prefix(there).ok()?)))?;
        Some(there.join(rest))
    };
    matches!((real(folder), real(other)), (Some(folder), Some(other)) if folder.starts_with(&other))
}
