//! A `PostgreSQL` server of the test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::programs::{self, Program};
use crate::{ports, wait};

/// The user that Debian's package makes. The server refuses to run as root.
const OWNER: &str = "postgres";

#[derive(Debug)]
pub struct Postgres {
    process: Program,
    directory: TempDir,
    port: u16,
}

impl Postgres {
    pub async fn start() -> Self {
        let directory = programs::passable_directory();
        let binaries = binaries();
        let port = ports::free();
        if programs::is_root() {
            programs::run(Command::new("chown").arg(OWNER).arg(directory.path()));
        }
        let cluster = directory.path().join("cluster");
        programs::run(
            owned(&binaries.join("initdb"))
                .arg("-D")
                .arg(&cluster)
                .args([
                    "-A",
                    "trust",
                    "-U",
                    OWNER,
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                    "-N",
                ]),
        );
        let process = serve(directory.path(), port);
        let started = Self {
            process,
            directory,
            port,
        };
        started.wait_until_ready(&binaries).await;
        started
    }

    /// As if its machine had lost its power.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port with the same data; the former one has ended.
    pub async fn start_again(&mut self) {
        self.process = serve(self.directory.path(), self.port);
        self.wait_until_ready(&binaries()).await;
    }

    async fn wait_until_ready(&self, binaries: &Path) {
        let port = self.port.to_string();
        wait::until("PostgreSQL", async || {
            let mut ask = Command::new(binaries.join("pg_isready"));
            let answer = ask.args(["-h", "127.0.0.1", "-p", &port]).output().unwrap();
            answer.status.success().then_some(())
        })
        .await;
    }

    /// The database that every cluster has.
    pub fn url(&self) -> String {
        format!("postgres://{OWNER}@127.0.0.1:{}/postgres", self.port)
    }

    /// Everything that it wrote.
    pub fn folder(&self) -> &Path {
        self.directory.path()
    }
}

fn serve(directory: &Path, port: u16) -> Program {
    let log = programs::appended(&directory.join("log"));
    Program::start(
        owned(&binaries().join("postgres"))
            .arg("-D")
            .arg(directory.join("cluster"))
            .args([
                "-p",
                &port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-k",
            ])
            .arg(directory)
            .stderr(log),
    )
}

/// As the user that the server runs as, and ending with the test.
fn owned(program: &Path) -> Command {
    let mut command = programs::tied(program);
    if programs::is_root() {
        command = Command::new("setpriv");
        command
            .args(["--reuid", OWNER, "--regid", OWNER, "--init-groups"])
            .args(["--pdeathsig", "KILL"])
            .arg(program);
    }
    command
}

fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .max()
        .expect("PostgreSQL is missing: run script/setup first")
}
