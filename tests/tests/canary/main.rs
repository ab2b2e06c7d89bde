//! No secret lies anywhere. A product's whole life is played with the log at its most talkative, and
//! everything that was written or said is searched for every secret and management key there was.
//!
//! (Every other test searches its own server's log in the same way, when it ends.)

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod life;
mod places;

use keyway_tests::needles::Needles;
use keyway_tests::postgres::Postgres;
use keyway_tests::server::{Options, Server};
use places::Place;

/// So many at least, or the life was not lived.
const FEWEST_SECRETS: usize = 20;
const FEWEST_REFUSALS: usize = 30;

/// S-ASVS-15, S-TELEMETRY-04, S-IDEMP-07
#[tokio::test]
async fn no_secret_lies_anywhere_on_the_embedded_engine() {
    let mut server = Server::start().await;
    let data = server.data();
    live_and_search(&mut server, &data).await;
}

#[tokio::test]
async fn no_secret_lies_anywhere_on_postgresql() {
    let postgres = Postgres::start().await;
    let options = Options {
        database_url: Some(postgres.url()),
        ..Options::default()
    };
    let mut server = Server::start_with(options).await;
    live_and_search(&mut server, postgres.folder()).await;
}

async fn live_and_search(server: &mut Server, database: &std::path::Path) {
    life::live(server).await;
    let said = places::said(server).await;
    // As they are while it runs (the write-ahead log too), and once it has put everything in order.
    let running = places::files_in(database);
    assert!(server.terminate().success());
    let stopped = places::files_in(database);

    let secrets = server.witness().secrets();
    assert!(secrets.len() >= FEWEST_SECRETS, "{}", secrets.len());
    let needles = Needles::of_secrets(&secrets);
    let everywhere = running.iter().chain(&stopped).chain(&said);
    let mut leaks: Vec<String> = everywhere
        .filter_map(|place| leak(place, &needles))
        .collect();
    // Digests are what the database is for, and nothing for anybody else.
    let digests = Needles::of_digests(&secrets);
    leaks.extend(said.iter().filter_map(|place| leak(place, &digests)));
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    places::assert_issued_keys_are_found(&running, server);
}

fn leak(place: &Place, needles: &Needles) -> Option<String> {
    let found = needles.found_in(&place.content)?;
    Some(format!("{} gives a secret away: {found}", place.name))
}
