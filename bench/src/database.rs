//! What the database has a part in: creating, importing, starting, listing and searching.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use keyway_core::profile::Profile;
use keyway_tests::client::Caller;
use serde_json::{Value, json};

use crate::filling::{Filled, fill};
use crate::sample::{self, Samples};
use crate::scale::Scale;
use crate::server::{Place, ROOT_KEY, Server};
use crate::stopwatch::{Stopwatch, per_second};
use crate::table::Row;
use crate::wrk;

const CLIENTS: u64 = 64;

/// Rows of one engine, called by `name`; the place then holds the scale's keys.
pub(crate) async fn rows(place: &Place, name: &str, scale: Scale) -> Result<(Vec<Row>, Filled)> {
    let mut rows = vec![creation(place, name, scale).await?];
    let server = Server::start(place).await?;
    let samples = Samples::of(&Profile::parse(sample::PROFILE)?)?;
    let filled = fill(&server, &samples, scale.stored_keys()).await?;
    let rate = per_second(filled.keys, filled.import);
    rows.push(
        Row::new(format!("{name}: import"), format!("{rate:.0} keys/s"))
            .aim("≥ 25,000/s")
            .by(&format!(
                "POST /v1/keys/import, {} keys, 100,000 lines a call",
                filled.keys
            )),
    );
    server.stop()?;
    let server = Server::start(place).await?;
    let ready = server.ready_after.as_secs_f64();
    rows.push(
        Row::new(
            format!("{name}: from start to ready"),
            format!("{ready:.2} s"),
        )
        .aim("≤ 5 s")
        .by(&format!("with {} keys; /readyz every 10 ms", filled.keys)),
    );
    rows.extend(lists(&server, &filled, name, scale).await?);
    server.stop()?;
    Ok((rows, filled))
}

async fn creation(place: &Place, name: &str, scale: Scale) -> Result<Row> {
    let server = Server::start(place).await?;
    let organization = organization(&server.root()).await?;
    let counted = wrk::create(
        &server.authority,
        ROOT_KEY,
        &organization,
        CLIENTS,
        scale.seconds(),
    )?;
    server.stop()?;
    let rate = format!("{:.0} keys/s", counted.per_second());
    Ok(Row::new(format!("{name}: durable creation"), rate)
        .aim("≥ 5,000/s")
        .by(&format!(
            "POST /v1/keys by wrk, {CLIENTS} connections; 99% within {:.1} ms",
            Duration::from_micros(counted.p99_micros).as_secs_f64() * 1e3
        )))
}

async fn organization(root: &Caller) -> Result<String> {
    let made = root
        .post("/v1/organizations", &json!({"name": "Bench"}))
        .await;
    ensure!(made.status == 201, "no organization: {}", made.text());
    let id = made.json();
    let id = id.get("id").and_then(Value::as_str);
    Ok(id.context("an organization without an id")?.to_owned())
}

async fn lists(server: &Server, filled: &Filled, name: &str, scale: Scale) -> Result<Vec<Row>> {
    let root = server.root();
    let samples = Samples::of(&Profile::parse(sample::PROFILE)?)?;
    let middle = samples.key(filled.keys / 2)?;
    let owner = filled.organizations.last().context("no organization")?;
    let queries = [
        ("newest page", "limit=50".to_owned()),
        (
            "page of an organization",
            format!("organization={owner}&limit=50"),
        ),
        (
            "page of a project",
            format!("project={}&limit=50", sample::project_id(filled.keys / 2)),
        ),
        ("page of revoked keys", "status=revoked&limit=50".to_owned()),
        ("search by id", format!("q={}", middle.id)),
        ("search by suffix", format!("q={}", middle.suffix)),
        (
            "search by display prefix",
            format!("q={}", middle.display_prefix),
        ),
        (
            "search by a name few have",
            format!("q=deploy%20bot%20{}", filled.keys / 2),
        ),
        ("search by a name all have", "q=deploy".to_owned()),
        ("search by a name nobody has", "q=nobody".to_owned()),
    ];
    let mut rows = Vec::new();
    for (what, query) in queries {
        let (median, worst) = time(&root, &format!("/v1/keys?{query}"), scale).await?;
        rows.push(
            Row::new(format!("{name}: {what}"), format!("{median:.2} ms"))
                .aim("≤ 10 ms")
                .by(&format!(
                    "GET /v1/keys, one client, {} calls, the one in the middle; worst {worst:.2} ms",
                    scale.calls()
                )),
        );
    }
    Ok(rows)
}

/// The call in the middle and the longest, in milliseconds.
async fn time(root: &Caller, path: &str, scale: Scale) -> Result<(f64, f64)> {
    let mut times = Vec::new();
    for _ in 0..scale.calls() {
        let watch = Stopwatch::start();
        let answer = root.get(path).await;
        times.push(watch.elapsed().as_secs_f64() * 1e3);
        ensure!(answer.status == 200, "{path}: {}", answer.text());
    }
    times.sort_unstable_by(f64::total_cmp);
    let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
    Ok((median, times.last().copied().unwrap_or(f64::NAN)))
}
