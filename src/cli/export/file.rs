//! Files are written whole or not at all.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::cli::output::Answer;

/// Writes a file beside its place and moves it there once it is on the disk.
pub(in crate::cli) fn put(path: &Path, bytes: &[u8], force: bool) -> anyhow::Result<Answer> {
    let name = path.display();
    if path.exists() && !force {
        bail!("{name} exists; --force replaces it 文件已存在");
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // what may be read is decided by the umask, as for any file
    let permissions = std::fs::Permissions::from_mode(0o666);
    let mut file =
        tempfile::Builder::new().permissions(permissions).tempfile_in(folder).with_context(|| name.to_string())?;
    file.write_all(bytes).with_context(|| name.to_string())?;
    file.as_file().sync_all().with_context(|| name.to_string())?;
    let moved = if force { file.persist(path) } else { file.persist_noclobber(path) };
    moved.map_err(|error| error.error).with_context(|| name.to_string())?;
    Ok(Answer::Text(format!("{name}: {} bytes 已导出", bytes.len())))
}
