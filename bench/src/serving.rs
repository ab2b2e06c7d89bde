//! Questions over HTTP, beside a server that does nothing.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::empty::{EmptyServer, Kind};
use crate::filling::{Filled, write_secrets};
use crate::scale::Scale;
use crate::server::{Place, ROOT_KEY, Server, cpu_time};
use crate::stopwatch::median;
use crate::table::Row;
use crate::wrk::{self, Asking, Counted};

/// Different keys that wrk asks about.
const SECRETS: u64 = 100_000;

/// A door, the server that does nothing beside it, and what the ratio should be.
struct Door {
    kind: &'static str,
    what: &'static str,
    empty: Kind,
    aim: &'static str,
}

const DOORS: [Door; 2] = [
    Door {
        kind: "verify",
        what: "POST /v1/keys/verify",
        empty: Kind::Axum,
        aim: "≥ 0.85",
    },
    Door {
        kind: "authorize",
        what: "GET /v1/authorize",
        empty: Kind::Hyper,
        aim: "≥ 0.80",
    },
];

/// What one side did in one turn.
struct Turn {
    per_second: f64,
    cpu_micros: f64,
}

pub(crate) async fn rows(place: &Place, filled: &Filled, scale: Scale) -> Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let secrets = directory.path().join("secrets");
    write_secrets(&secrets, filled.keys, SECRETS.min(filled.keys))?;
    let server = Server::start(place).await?;
    let mut rows = Vec::new();
    for door in DOORS {
        let asking = Asking {
            kind: door.kind,
            token: ROOT_KEY,
            secrets: &secrets,
            is_checked: false,
        };
        let checked = Asking {
            is_checked: true,
            ..asking
        };
        let seen = wrk::ask(&server.authority, checked, scale.seconds())?;
        let empty = EmptyServer::start(door.empty).await?;
        let mut turns = Vec::new();
        for _ in 0..scale.turns() {
            let idle = turn(empty.id(), scale, &empty.authority, asking)?.0;
            let before = server.verdicts().await?;
            let (busy, counted) = turn(server.id(), scale, &server.authority, asking)?;
            let after = server.verdicts().await?;
            ensure!(
                after.0 - before.0 >= counted.requests,
                "verdicts are missing"
            );
            ensure!(after.1 == before.1, "a good key was refused");
            turns.push((idle, busy));
        }
        rows.extend(door_rows(&door, &turns, seen));
    }
    server.stop()?;
    Ok(rows)
}

fn turn(
    process: u32,
    scale: Scale,
    authority: &str,
    asking: Asking<'_>,
) -> Result<(Turn, Counted)> {
    let before = cpu_time(process)?;
    let counted = wrk::ask(authority, asking, scale.seconds())?;
    let cpu = cpu_time(process)?.saturating_sub(before);
    let turn = Turn {
        per_second: counted.per_second(),
        cpu_micros: cpu_micros(cpu, counted.requests),
    };
    Ok((turn, counted))
}

#[expect(clippy::cast_precision_loss, reason = "three digits are read of it")]
fn cpu_micros(cpu: Duration, requests: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / requests as f64
}

fn door_rows(door: &Door, turns: &[(Turn, Turn)], checked: Counted) -> Vec<Row> {
    let of = |value: fn(&(Turn, Turn)) -> f64| median(turns.iter().map(value).collect());
    let ratio = of(|(idle, busy)| busy.per_second / idle.per_second);
    let (idle, busy) = (of(|it| it.0.per_second), of(|it| it.1.per_second));
    let (idle_cpu, busy_cpu) = (of(|it| it.0.cpu_micros), of(|it| it.1.cpu_micros));
    let what = door.what;
    vec![
        Row::new(
            format!("{what}: ratio to an empty handler"),
            format!("{ratio:.2}"),
        )
        .aim(door.aim)
        .by(&format!(
            "wrk, 1 thread, 32 connections, random keys; {} turns each, the ratio in the \
                 middle; every verdict counted by the server, {} answers looked into beforehand",
            turns.len(),
            checked.requests
        )),
        Row::new(format!("{what}: requests"), format!("{busy:.0}/s"))
            .by(&format!("the same; empty handler {idle:.0}/s")),
        Row::new(
            format!("{what}: processor time"),
            format!("{busy_cpu:.1} µs"),
        )
        .by(&format!(
            "the server's own, per request; empty handler {idle_cpu:.1} µs"
        )),
    ]
}
