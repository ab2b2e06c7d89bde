//! Programs that end when the test does, however it ends.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    child: Child,
}

/// A command whose program the kernel kills when the thread that started it is gone.
pub fn tied(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL"])
        .arg(program)
        .stdin(Stdio::null());
    command
}

/// Runs to the end and must succeed; answers with what was printed.
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}{complaint}");
    said
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A directory that other users may pass through: servers drop root's rights.
pub fn passable_directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

/// An output that is added to the end of a file.
pub fn appended(path: &Path) -> Stdio {
    let file = fs::OpenOptions::new().create(true).append(true).open(path);
    Stdio::from(file.unwrap())
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child }
    }

    /// The system's number for it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and its end is awaited.
    pub fn kill(&mut self) {
        // One that has ended cannot be killed, which is as good.
        let _gone = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it did.
    pub fn terminate(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        run(Command::new("sh").args(["-c", "kill -TERM $0", &id]));
        self.child.wait().unwrap()
    }

    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
