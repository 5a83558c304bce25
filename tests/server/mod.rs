//! The real binary: a server process, and commands run against it.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub const CROSSFOOT: &str = env!("CARGO_BIN_EXE_crossfoot");

/// A server process on a free port.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub fn start_with(data: &Path, more: &[&str]) -> Self {
        Self::start_in(data, more, &[])
    }

    /// A server at an address that one before it had.
    pub fn start_at(data: &Path, address: &str) -> Self {
        Self::start_in(data, &["--listen", address], &[])
    }

    /// A server with settings in its environment; its log then goes nowhere.
    pub fn start_in(data: &Path, more: &[&str], settings: &[(&str, String)]) -> Self {
        let log = if settings.is_empty() { Stdio::inherit() } else { Stdio::null() };
        let mut command = serve(&[], data, more);
        command.envs(settings.iter().map(|(name, value)| (*name, value.as_str())));
        Self::spawn(&mut command, log)
    }

    /// A server, and the lines of its log: errors alone.
    pub fn start_telling(data: &Path, more: &[&str]) -> (Self, std::io::Lines<BufReader<ChildStderr>>) {
        let mut server = Self::spawn(&mut serve(&[], data, more), Stdio::piped());
        let log = BufReader::new(server.child.stderr.take().unwrap()).lines();
        (server, log)
    }

    /// A server whose log, of that level, goes to a file.
    pub fn start_logging(data: &Path, more: &[&str], level: &str, log: std::fs::File) -> Self {
        Self::spawn(serve(&[], data, more).env("CROSSFOOT_LOG", level), log.into())
    }

    /// A server whose log goes to a file, at the level that it is told.
    pub fn start_logged(data: &Path, more: &[&str], log: &Path) -> Self {
        let log = std::fs::File::create(log).unwrap();
        Self::spawn(serve(&[], data, more).env_remove("CROSSFOOT_LOG"), log.into())
    }

    /// A server that another command starts; its log is added to a file.
    pub fn start_under(under: &[String], data: &Path, more: &[&str], log: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        Self::spawn(serve(under, data, more).env("CROSSFOOT_LOG", "warn"), log.into())
    }

    /// A server that has all its settings from a file.
    pub fn start_from(config: &Path) -> Self {
        let mut command = Command::new(CROSSFOOT);
        command.args(["serve", "--config"]).arg(config).env("CROSSFOOT_LOG", "error");
        Self::spawn(&mut command, Stdio::inherit())
    }

    fn spawn(command: &mut Command, log: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, address }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().unwrap().code()
    }

    /// SIGHUP: load certificates again, open the access log again.
    pub fn hang_up(&self) {
        self.signal(rustix::process::Signal::HUP);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// The end of a process that ends by itself, which it must within a time.
    pub fn ended(&mut self, patience: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < patience, "the process hangs");
            std::thread::yield_now();
        }
    }

    pub fn run(&self, args: &[&str]) -> Output {
        run(args, &self.address)
    }
}

/// The command that serves a folder on a free port, begun by another command or by none.
fn serve(under: &[String], data: &Path, more: &[&str]) -> Command {
    let free = ["--listen", "127.0.0.1:0"];
    let listen = if more.contains(&"--listen") { &[][..] } else { &free[..] };
    let mut words = under.iter().map(String::as_str).chain([CROSSFOOT, "serve", "--data"]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).arg(data).args(listen).args(more).env("CROSSFOOT_LOG", "error");
    command
}

/// What a server says that does not start.
pub fn refused(data: &Path, more: &[&str]) -> String {
    refused_under(&[], data, more)
}

/// The same, of one that another command starts.
pub fn refused_under(under: &[String], data: &Path, more: &[&str]) -> String {
    let output = serve(under, data, more).output().unwrap();
    assert_ne!(output.status.code(), Some(0));
    String::from_utf8(output.stderr).unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn run(args: &[&str], server: &str) -> Output {
    Command::new(CROSSFOOT).args(args).env("CROSSFOOT_SERVER", server).output().unwrap()
}

pub fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", text(output), String::from_utf8_lossy(&output.stderr)))
}

pub fn lines(output: &Output) -> Vec<Value> {
    text(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Writes a file into a folder; gives its path as text.
pub fn file(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::File::create(&path).unwrap().write_all(content).unwrap();
    path.to_str().unwrap().to_owned()
}
