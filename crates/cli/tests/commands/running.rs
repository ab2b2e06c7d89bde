//! A server of the binary under test, on a free port and an empty directory, and commands to it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ROOT_KEY: &str = "kw_mgmt_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH";
/// Each try is a process of its own, which takes some milliseconds.
const READY_TRIES_MAX: usize = 3_000;

/// The binary, with nothing of the surroundings.
pub(crate) fn keyway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway"));
    command.env_clear();
    command
}

pub(crate) struct Server {
    process: Child,
    directory: TempDir,
    pub(crate) url: String,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) talk: String,
}

impl Said {
    pub(crate) fn of(command: &mut Command, input: &str) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        // A command that does not read its input may be gone by now.
        let _unread = process.stdin.take().unwrap().write_all(input.as_bytes());
        let output = process.wait_with_output().unwrap();
        Self {
            exit: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            talk: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = format!("127.0.0.1:{port}");
        let process = keyway()
            .args(["serve", "--listen", &address, "--data-dir"])
            .arg(directory.path().join("store"))
            .env("KEYWAY_ROOT_KEY", ROOT_KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Self {
            process,
            directory,
            url: format!("http://{address}"),
        };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&mut self) {
        for _ in 0..READY_TRIES_MAX {
            if self.run(&["doctor"]).exit == 0 {
                return;
            }
            if self.process.try_wait().unwrap().is_some() {
                break;
            }
        }
        let _ended = self.process.kill();
        let mut said = String::new();
        self.process
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        panic!("the server did not become ready: {said}");
    }

    /// Another server beside this one, which must not come up.
    pub(crate) fn second(&self, data_dir: &str, listen: &str) -> Said {
        let mut command = keyway();
        let data_dir = self.directory.path().join(data_dir);
        command
            .args(["serve", "--listen", listen, "--data-dir"])
            .arg(data_dir);
        Said::of(command.env("KEYWAY_ROOT_KEY", ROOT_KEY), "")
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        Said::of(self.command(ROOT_KEY).args(arguments), input)
    }

    pub(crate) fn run_as(&self, token: &str, arguments: &[&str]) -> Said {
        Said::of(self.command(token).args(arguments), "")
    }

    pub(crate) fn verify(&self, secret: &str, arguments: &[&str]) -> Said {
        let mut command = self.command(ROOT_KEY);
        Said::of(
            command.arg("verify").args(arguments),
            &format!("{secret}\n"),
        )
    }

    /// The data of a command that must succeed.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let said = Said::of(self.command(ROOT_KEY).arg("--json").args(arguments), "");
        assert_eq!(said.exit, 0, "{arguments:?}: {said:?}");
        serde_json::from_str(&said.out).unwrap()
    }

    fn command(&self, token: &str) -> Command {
        let mut command = keyway();
        command
            .env("KEYWAY_URL", &self.url)
            .env("KEYWAY_TOKEN", token);
        command
    }

    pub(crate) fn organization(&self) -> String {
        let made = self.json(&["organizations", "create", "--name", "Acme"]);
        made.get("id").and_then(Value::as_str).unwrap().to_owned()
    }

    /// A project of the only organization.
    pub(crate) fn project(&self) -> String {
        let organization = self.organization();
        let arguments = [
            "projects",
            "create",
            "--name",
            "Alpha",
            "--organization",
            &organization,
        ];
        let made = self.json(&arguments);
        made.get("id").and_then(Value::as_str).unwrap().to_owned()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}
