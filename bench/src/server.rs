//! The product's own binary, on data that outlives it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use keyway_tests::client::Caller;
use keyway_tests::postgres::Postgres;
use keyway_tests::programs::{self, Program};
use keyway_tests::{ports, wait};
use tempfile::TempDir;

use crate::stopwatch::Stopwatch;

pub(crate) const ROOT_KEY: &str = "kw_mgmt_bench0000000000000000000000000000000000000000";

/// Where the data lies.
pub(crate) enum Place {
    Embedded(TempDir),
    Postgres(Postgres),
}

impl Place {
    pub(crate) fn embedded() -> Result<Self> {
        Ok(Self::Embedded(tempfile::tempdir()?))
    }

    /// A `PostgreSQL` server of our own, as Debian sets it up: it forces every commit to disk.
    pub(crate) async fn postgres() -> Self {
        Self::Postgres(Postgres::start().await)
    }

    fn arguments(&self) -> [String; 2] {
        match self {
            Self::Embedded(directory) => {
                let path = directory.path().join("data").display().to_string();
                ["--data-dir".to_owned(), path]
            }
            Self::Postgres(server) => ["--database-url".to_owned(), server.url()],
        }
    }
}

pub(crate) struct Server {
    pub authority: String,
    /// From the start of the program until it answers.
    pub ready_after: Duration,
    program: Program,
}

impl Server {
    pub(crate) async fn start(place: &Place) -> Result<Self> {
        let authority = format!("127.0.0.1:{}", ports::free());
        let watch = Stopwatch::start();
        let program = Program::start(
            programs::tied(binary()?)
                .args(["serve", "--listen", &authority])
                .args(place.arguments())
                .env_clear()
                .env("PATH", "/usr/bin:/bin")
                .env("KEYWAY_ROOT_KEY", ROOT_KEY)
                .env("KEYWAY_LOG", "warn")
                .stdout(Stdio::null()),
        );
        let mut server = Self {
            authority,
            ready_after: Duration::ZERO,
            program,
        };
        let nobody = Caller::of_anything(&server.authority);
        wait::until("the server", async || {
            let answer = nobody.call(Method::GET, "/readyz").try_send().await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
        server.ready_after = watch.elapsed();
        Ok(server)
    }

    pub(crate) fn root(&self) -> Caller {
        Caller::of_anything(&self.authority).with(ROOT_KEY)
    }

    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }

    pub(crate) fn stop(mut self) -> Result<()> {
        let status = self.program.terminate();
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// How often the server said that a key is let through, and how often anything else.
    pub(crate) async fn verdicts(&self) -> Result<(u64, u64)> {
        let metrics = self.root().get("/metrics").await;
        ensure!(metrics.status == 200, "no metrics: {}", metrics.text());
        let (mut valid, mut other) = (0, 0);
        for line in metrics.text().lines() {
            let Some(rest) = line.strip_prefix("keyway_verdicts_total{outcome=\"") else {
                continue;
            };
            let (outcome, count) = rest.split_once("\"} ").context("an unknown line")?;
            let count: u64 = count.parse()?;
            if outcome == "valid" {
                valid += count;
            } else {
                other += count;
            }
        }
        Ok((valid, other))
    }
}

/// The binary that was built beside this one.
fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name("keyway");
    ensure!(
        path.exists(),
        "{} is missing: build it first, with `cargo build --release --bin keyway`",
        path.display()
    );
    Ok(path)
}

/// Processor time that a process has used so far.
pub(crate) fn cpu_time(process: u32) -> Result<Duration> {
    let mut nanos = 0;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let first = text
            .split_whitespace()
            .next()
            .context("schedstat is empty")?;
        nanos += first.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}
