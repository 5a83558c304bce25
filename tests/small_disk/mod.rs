//! A small disk of its own for a real server: a tmpfs in a mount namespace, made
//! with `unshare` (util-linux). It needs no root, and the kernel takes all of it
//! away when the last process in it ends.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Enters the namespaces of a process as the user that it has there.
const NSENTER: [&str; 5] = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target"];

/// A mounted disk, and the process that keeps it mounted.
pub struct Disk {
    keeper: Child,
    place: PathBuf,
    _folder: tempfile::TempDir,
}

impl Disk {
    /// A disk of so many MiB.
    pub fn new(mib: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("disk");
        std::fs::create_dir(&place).unwrap();
        // it ends with this process, however that ends: its input is then closed
        let mount =
            format!("mount -t tmpfs -o size={mib}m small-disk '{}' && echo mounted && exec cat", place.display());
        let mut keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("unshare (util-linux): {error}"));
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "mounted\n", "this test needs user namespaces that are open to everyone");
        Self { keeper, place, _folder: folder }
    }

    /// A place on the disk, as processes in its namespace name it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.place.join(name)
    }

    /// The same place, as this process reaches it.
    pub fn seen(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(self.path(name).strip_prefix("/").unwrap())
    }

    /// What a command begins with that sees the disk.
    pub fn enter(&self) -> Vec<String> {
        let pid = self.keeper.id().to_string();
        NSENTER.into_iter().chain([pid.as_str(), "--"]).map(str::to_owned).collect()
    }

    /// Runs a program that sees the disk.
    pub fn run(&self, program: &str, args: &[&str]) -> Output {
        let enter = self.enter();
        Command::new(&enter[0]).args(&enter[1..]).arg(program).args(args).output().unwrap()
    }

    /// The same for mount and umount, which must not fail.
    pub fn must(&self, program: &str, args: &[&str]) {
        let output = self.run(program, args);
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Bytes that are free.
    pub fn free(&self) -> u64 {
        let disk = rustix::fs::statvfs(self.seen("")).unwrap();
        disk.f_bavail * disk.f_frsize
    }

    /// Fills the disk with a real file, but for so many bytes.
    pub fn fill(&self, but: u64) {
        const PIECE: usize = 4 << 10;
        let mut file = File::options().create(true).append(true).open(self.seen("filling")).unwrap();
        while self.free() > but {
            match file.write_all(&[1; PIECE]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Takes the file away again.
    pub fn make_room(&self) {
        std::fs::remove_file(self.seen("filling")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

/// A path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
