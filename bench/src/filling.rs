//! Puts keys into a server by the doors that customers use.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use keyway_core::profile::Profile;
use keyway_tests::client::Caller;
use serde_json::{Value, json};

use crate::sample::{self, KEYS_PER_ORGANIZATION, KEYS_PER_PROJECT, Numbered, Samples};
use crate::server::Server;
use crate::stopwatch::Stopwatch;

/// Lines in one call.
const LINES_AT_ONCE: u64 = 100_000;
/// Projects that are made at the same time.
const PROJECTS_AT_ONCE: u64 = 64;

/// Which organization has which keys.
pub(crate) struct Filled {
    pub organizations: Vec<String>,
    pub keys: u64,
    /// Spent importing, without the making of the lines.
    pub import: Duration,
}

/// Imports keys 0 to `keys`.
pub(crate) async fn fill(server: &Server, samples: &Samples, keys: u64) -> Result<Filled> {
    let root = server.root();
    let mut organizations = Vec::new();
    for number in 0..keys.div_ceil(KEYS_PER_ORGANIZATION) {
        let body = json!({"name": format!("Customer {number}")});
        let made = root.post("/v1/organizations", &body).await.json();
        let id = made.get("id").and_then(Value::as_str);
        organizations.push(id.context("no id of an organization")?.to_owned());
    }
    make_projects(&root, &organizations, keys).await?;
    let mut import = Duration::ZERO;
    let mut from = 0;
    while from < keys {
        let upto = keys.min(from + LINES_AT_ONCE);
        let lines = lines(samples, &organizations, from..upto)?;
        let call = root.call(http::Method::POST, "/v1/keys/import");
        let watch = Stopwatch::start();
        let answer = call.body("application/x-ndjson", lines).send().await;
        import += watch.elapsed();
        let totals = answer.json();
        let expected = json!({"imported": upto - from, "refused": 0});
        ensure!(totals == expected, "{totals}");
        from = upto;
    }
    Ok(Filled {
        organizations,
        keys,
        import,
    })
}

async fn make_projects(root: &Caller, organizations: &[String], keys: u64) -> Result<()> {
    let count = keys.div_ceil(KEYS_PER_PROJECT);
    let mut making = tokio::task::JoinSet::new();
    for number in 0..count {
        let organization = owner(organizations, number * KEYS_PER_PROJECT)?;
        let body = json!({
            "organization": organization,
            "id": sample::project_id(number * KEYS_PER_PROJECT),
            "name": format!("Project {number}"),
        });
        let root = root.clone();
        making.spawn(async move { root.post("/v1/projects", &body).await.status });
        if number >= PROJECTS_AT_ONCE {
            let status = making.join_next().await.context("nothing is made")??;
            ensure!(status == 201, "a project was answered with {status}");
        }
    }
    while let Some(status) = making.join_next().await {
        ensure!(status? == 201, "a project was not made");
    }
    Ok(())
}

fn owner(organizations: &[String], number: u64) -> Result<&String> {
    let place = usize::try_from(number / KEYS_PER_ORGANIZATION)?;
    organizations.get(place).context("no such organization")
}

fn lines(
    samples: &Samples,
    organizations: &[String],
    numbers: std::ops::Range<u64>,
) -> Result<String> {
    let mut lines = String::new();
    for number in numbers {
        let key = samples.key(number)?;
        let line = json!({
            "id": key.id.as_str(),
            "organization": owner(organizations, number)?,
            "project": sample::project_id(number),
            "name": key.name.as_str(),
            "sha256": key.digest.to_hex(),
            "display_prefix": key.display_prefix,
            "suffix": key.suffix,
            "grants": [{"permissions": ["orders.read", "orders.write"], "resource": "*"}],
            "metadata": {"team": "payments"},
        });
        writeln!(lines, "{line}")?;
    }
    Ok(lines)
}

/// Writes `count` secrets of random keys below `keys` to a file, a line each.
pub(crate) fn write_secrets(path: &Path, keys: u64, count: u64) -> Result<()> {
    let samples = Samples::of(&Profile::parse(sample::PROFILE)?)?;
    let mut numbers = Numbered(11);
    let mut text = String::new();
    for _ in 0..count {
        writeln!(text, "{}", samples.secret(numbers.below(keys)).expose())?;
    }
    Ok(std::fs::write(path, text)?)
}
