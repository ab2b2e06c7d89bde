//! kill -9 under concurrent writes: what was acknowledged is there afterwards, the audit log is
//! whole, and what a key may do is what the tables say.
//!
//! `KEYWAY_CRASH_ROUNDS` says how often, for each engine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod inspector;
mod ledger;
mod writer;

use keyway_tests::postgres::Postgres;
use keyway_tests::server::{Options, Server};
use keyway_tests::wait;
use writer::Writer;

const ROUNDS: usize = 25;
const ROUNDS_VARIABLE: &str = "KEYWAY_CRASH_ROUNDS";
/// Side by side, so that changes share transactions.
const WRITERS: usize = 6;
/// Acknowledged changes after which the blow may fall: another number in each round, so that it
/// falls at other places.
const FEWEST_CHANGES: usize = 12;
const ROUND_STRIDE: usize = 7;
const MOST_MORE_CHANGES: usize = 60;

/// Much is written, and what is searched for secrets is another test's.
const LEVEL: &str = "info";

#[tokio::test]
async fn acknowledged_changes_survive_kill_9_on_the_embedded_engine() {
    let options = Options {
        level: LEVEL,
        ..Options::default()
    };
    crash_again_and_again(options).await;
}

#[tokio::test]
async fn acknowledged_changes_survive_kill_9_on_postgresql() {
    let postgres = Postgres::start().await;
    let folder = tempfile::tempdir().unwrap();
    // After each blow the next server waits for a lease before it calls a change in force.
    let profile = folder.path().join("profile.toml");
    let shortest = include_str!("../../../profiles/keyway.toml").replace("\"30s\"", "\"4s\"");
    std::fs::write(&profile, shortest).unwrap();
    let options = Options {
        database_url: Some(postgres.url()),
        level: LEVEL,
        arguments: vec![
            "--profile".to_owned(),
            profile.to_string_lossy().into_owned(),
        ],
        ..Options::default()
    };
    crash_again_and_again(options).await;
}

async fn crash_again_and_again(options: Options) {
    let mut server = Server::start_with(options).await;
    let organization = server.organization("Acme").await;
    let mut writers: Vec<Writer> = (0..WRITERS)
        .map(|number| Writer::new(number, server.root(), &organization))
        .collect();
    let mut head = 0;
    for round in 0..rounds() {
        let enough = FEWEST_CHANGES + round * ROUND_STRIDE % MOST_MORE_CHANGES;
        writers = write_until_the_blow(&mut server, writers, enough).await;
        server.start_again().await;
        for writer in &mut writers {
            writer.settle_what_was_on_its_way().await;
        }
        head = ledger::assert_whole_and_grown(&server, head).await;
        inspector::assert_tables_and_index_agree(&server, &writers).await;
    }
}

/// Lets all write at once, and kills the server in the middle of it.
async fn write_until_the_blow(
    server: &mut Server,
    writers: Vec<Writer>,
    enough: usize,
) -> Vec<Writer> {
    let before: usize = writers.iter().map(Writer::acknowledged).sum();
    let counters: Vec<_> = writers.iter().map(Writer::counter).collect();
    let writing: Vec<_> = writers
        .into_iter()
        .map(|mut writer| {
            tokio::spawn(async move {
                writer.write_until_nobody_answers().await;
                writer
            })
        })
        .collect();
    wait::until("enough changes", async || {
        let so_far: usize = counters.iter().map(ledger::count).sum();
        (so_far >= before + enough).then_some(())
    })
    .await;
    server.kill();
    let mut back = Vec::new();
    for writer in writing {
        back.push(writer.await.unwrap());
    }
    back
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long to test is said from outside, to nobody but this test"
)]
fn rounds() -> usize {
    match std::env::var(ROUNDS_VARIABLE) {
        Ok(text) => text.parse().expect(ROUNDS_VARIABLE),
        Err(_) => ROUNDS,
    }
}
