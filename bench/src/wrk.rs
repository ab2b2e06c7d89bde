//! Load by wrk: a fixed number of connections that are kept alive, each sending as soon as it has its
//! answer.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::NamedTempFile;

const ASK: &str = include_str!("../wrk/ask.lua");
const CREATE: &str = include_str!("../wrk/create.lua");

/// What a run of wrk counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub requests: u64,
    pub micros: u64,
    pub p99_micros: u64,
}

impl Counted {
    #[expect(clippy::cast_precision_loss, reason = "three digits are read of it")]
    pub(crate) fn per_second(self) -> f64 {
        self.requests as f64 * 1e6 / self.micros as f64
    }
}

/// Which door to knock at, and whether every answer is looked into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub kind: &'a str,
    pub token: &'a str,
    pub secrets: &'a Path,
    pub is_checked: bool,
}

pub(crate) fn ask(authority: &str, asking: Asking<'_>, seconds: u64) -> Result<Counted> {
    let secrets = asking.secrets.to_string_lossy();
    let mut arguments = vec![asking.kind, asking.token, &secrets];
    if asking.is_checked {
        arguments.push("checked");
    }
    run(ASK, authority, 32, seconds, &arguments)
}

pub(crate) fn create(
    authority: &str,
    token: &str,
    organization: &str,
    clients: u64,
    seconds: u64,
) -> Result<Counted> {
    run(CREATE, authority, clients, seconds, &[token, organization])
}

fn run(
    script: &str,
    authority: &str,
    clients: u64,
    seconds: u64,
    arguments: &[&str],
) -> Result<Counted> {
    let mut file = NamedTempFile::with_suffix(".lua")?;
    file.write_all(script.as_bytes())?;
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", &clients.to_string()])
        .args(["--duration", &format!("{seconds}s"), "--script"])
        .arg(file.path())
        .arg(format!("http://{authority}"))
        .arg("--")
        .args(arguments)
        .output()
        .context("wrk is missing: run script/setup first")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "wrk failed: {said}{complaint}");
    let counted = said
        .lines()
        .find_map(|line| line.strip_prefix("counted "))
        .with_context(|| format!("wrk counted nothing: {said}{complaint}"))?;
    let mut numbers = counted.split(' ').map(str::parse::<u64>);
    let mut next = || Ok::<_, anyhow::Error>(numbers.next().context("a number is missing")??);
    let (requests, micros, wrong, p99_micros) = (next()?, next()?, next()?, next()?);
    ensure!(wrong == 0, "{wrong} of {requests} answers were wrong");
    ensure!(requests > 0, "nothing was answered: {said}");
    Ok(Counted {
        requests,
        micros,
        p99_micros,
    })
}
