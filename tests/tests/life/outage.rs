//! While the database is away, questions are answered from memory and changes are refused. Whoever
//! takes over from a server that left no word calls no change in force before its lease is over.

use keyway_tests::postgres::Postgres;
use keyway_tests::server::{Options, Server};
use keyway_tests::wait;
use serde_json::json;

const LEVEL: &str = "info";

fn on(postgres: &Postgres) -> Options {
    Options {
        database_url: Some(postgres.url()),
        level: LEVEL,
        ..Options::default()
    }
}

#[tokio::test]
async fn a_database_that_is_away_stops_changes_and_no_question() {
    let mut postgres = Postgres::start().await;
    let server = Server::start_with(on(&postgres)).await;
    let organization = server.organization("Acme").await;
    let (id, secret) = server.key(&organization, json!({})).await;
    let (_, revoked) = server.key(&organization, json!({})).await;
    server
        .root()
        .post("/v1/keys/revoke-batch", &json!({"secrets": [revoked]}))
        .await
        .expect(200);

    postgres.kill();
    let path = format!("/v1/keys/{id}/revoke");
    let refused = server.root().post(&path, &json!({})).await;
    assert_eq!(refused.expect(503)["code"], "store_unavailable");
    for _ in 0..20 {
        assert_eq!(server.verdict(&secret).await, "valid");
        assert_eq!(server.verdict(&revoked).await, "api_key_revoked");
    }
    assert_eq!(server.root().get("/readyz").await.status, 200);

    postgres.start_again().await;
    wait::until("the change to be possible again", async || {
        let answer = server.root().post(&path, &json!({})).await;
        matches!(answer.status, 200).then_some(())
    })
    .await;
    assert_eq!(server.verdict(&secret).await, "api_key_revoked");
}

#[tokio::test]
async fn after_a_server_that_left_no_word_a_change_waits_for_its_lease() {
    let postgres = Postgres::start().await;
    let mut server = Server::start_with(on(&postgres)).await;
    let organization = server.organization("Acme").await;
    let (id, secret) = server.key(&organization, json!({})).await;
    server.kill();
    server.start_again().await;
    // Questions are answered at once.
    assert_eq!(server.verdict(&secret).await, "valid");
    let path = format!("/v1/keys/{id}/revoke?wait=0s");
    let answer = server.root().post(&path, &json!({})).await;
    let body = answer.expect(202);
    assert_eq!(body["key"]["status"], "revoked");

    // A server that ended well leaves nothing to wait for.
    let (other, _) = created_within(&server, &organization).await;
    server.terminate();
    server.start_again().await;
    let path = format!("/v1/keys/{other}/revoke");
    server.root().post(&path, &json!({})).await.expect(200);
}

/// A key whose creation may be in force a lease later.
async fn created_within(server: &Server, organization: &str) -> (String, u16) {
    let body = json!({"organization": organization, "name": "other"});
    let made = server.root().post("/v1/keys?wait=0s", &body).await;
    let status = made.status;
    let body = made.expect(202);
    server
        .witness()
        .note_secret(body["secret"].as_str().unwrap());
    (body["key"]["id"].as_str().unwrap().to_owned(), status)
}

#[tokio::test]
async fn a_second_server_on_one_database_refuses_to_start() {
    let postgres = Postgres::start().await;
    let first = Server::start_with(on(&postgres)).await;
    let said = first.try_another().await;
    assert!(
        said.contains("another server has the database open"),
        "{said}"
    );
    assert_eq!(first.root().get("/readyz").await.status, 200);
}
