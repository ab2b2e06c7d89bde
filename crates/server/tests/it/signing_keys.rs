//! `/v1/signing-keys`: one key follows another, and none is made over one that cannot be read.

use std::process::Command;

use serde_json::{Value, json};

use crate::server::Server;
use crate::tokens::{Scene, read};

async fn make(server: &Server, body: Value) -> Value {
    let made = server.root().post("/v1/signing-keys", body).await;
    made.expect(201)
}

async fn published(server: &Server) -> Vec<String> {
    let keys = server
        .nobody()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    let keys = keys["keys"].as_array().unwrap();
    keys.iter()
        .map(|it| it["kid"].as_str().unwrap().to_owned())
        .collect()
}

async fn signer(scene: &Scene) -> (String, String) {
    let key = scene.key(json!({})).await;
    let token = scene.token(&key).await;
    (read(&token).0["kid"].as_str().unwrap().to_owned(), token)
}

#[tokio::test]
async fn s_jwt_09_a_new_key_is_published_before_it_signs_and_the_old_one_stays_for_its_tokens() {
    let scene = Scene::of("").await;
    let server = &scene.server;
    let (old, _) = signer(&scene).await;
    let made = make(server, json!({})).await;
    let new = made["id"].as_str().unwrap().to_owned();
    assert_eq!(made["signs_from"], server.clock.text_in(600));
    let both = vec![old.clone(), new.clone()];
    assert_eq!(published(server).await, both);
    server.clock.advance(599);
    let (last, last_token) = signer(&scene).await;
    assert_eq!(last, old);
    server.clock.advance(1);
    assert_eq!(signer(&scene).await.0, new);
    server.clock.advance(298);
    assert_eq!(server.verdict(&last_token).await, "valid");
    assert_eq!(published(server).await, both);
    server.clock.advance(62);
    assert_eq!(published(server).await, [new]);
}

#[tokio::test]
async fn s_jwt_09_an_emergency_ends_a_key_and_all_that_it_signed_at_once() {
    let scene = Scene::of("").await;
    let server = &scene.server;
    let (old, token) = signer(&scene).await;
    let new = make(server, json!({"signs_at_once": true})).await;
    let path = format!("/v1/signing-keys/{old}/revoke");
    let revoked = server.root().post(&path, json!({})).await.expect(200);
    assert_eq!(revoked["status"], "revoked");
    assert_eq!(server.verdict(&token).await, "api_key_invalid");
    assert_eq!(published(server).await, [new["id"].as_str().unwrap()]);
    assert_eq!(signer(&scene).await.0, new["id"]);
    let again = server.root().post(&path, json!({})).await.expect(200);
    assert_eq!(again["version"], revoked["version"]);
    let path = format!("/v1/signing-keys/{}/revoke", new["id"].as_str().unwrap());
    server.root().post(&path, json!({})).await.expect(200);
    let key = scene.key(json!({})).await;
    let refused = scene.exchange(&key.id, &key.secret).await;
    refused.refuses(503, "no_signing_key");
}

#[tokio::test]
async fn signing_keys_are_the_operators_and_show_nothing_private() {
    let scene = Scene::of("").await;
    let server = &scene.server;
    let listed = server.root().get("/v1/signing-keys").await.expect(200);
    let root = server.root().get("/v1/whoami").await.expect(200);
    let root = root["management_key"]["id"].as_str().unwrap().to_owned();
    let id = listed["data"][0]["id"].as_str().unwrap().to_owned();
    let expected = json!({"data": [{
        "id": id, "algorithm": "EdDSA", "status": "active", "signs_from": server.clock.text(),
        "created_at": server.clock.text(), "created_by": format!("management_key/{root}"),
        "revoked_at": null, "revoked_by": null, "version": 1,
    }], "next_cursor": null});
    assert_eq!(listed, expected);
    let administrator = server.manager(&scene.own, "admin").await.caller;
    for refused in [
        administrator.get("/v1/signing-keys").await,
        administrator.post("/v1/signing-keys", json!({})).await,
        administrator
            .post(&format!("/v1/signing-keys/{id}/revoke"), json!({}))
            .await,
    ] {
        refused.refuses(403, "permission_denied");
    }
    let missing = server
        .root()
        .post("/v1/signing-keys/sig_0/revoke", json!({}))
        .await;
    missing.refuses(404, "signing_key_not_found");
    let entries = server.audit().await;
    let entry = entries
        .iter()
        .find(|it| it["action"] == "signing_key.created");
    assert_eq!(entry.unwrap()["detail"], json!({"algorithm": "EdDSA"}));
}

#[tokio::test]
async fn a_token_of_before_a_restart_is_good_after_it() {
    let mut scene = Scene::of("algorithm = \"ES256\"").await;
    let (kid, token) = signer(&scene).await;
    scene.server.restart().await;
    assert_eq!(scene.server.verdict(&token).await, "valid");
    assert_eq!(published(&scene.server).await, [kid]);
}

/// Does something to the database behind the server's back.
fn alter(server: &Server, sql: &str) {
    let run = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\n\
               db.execute(sys.argv[2])\ndb.commit()\n";
    let path = server.directory.path().join("keyway.db");
    let done = Command::new("python3")
        .args(["-c", run])
        .arg(path)
        .arg(sql)
        .status();
    assert!(done.unwrap().success());
}

#[tokio::test]
async fn s_jwt_10_key_material_that_is_missing_or_unreadable_stops_the_start() {
    let mut scene = Scene::of("").await;
    let server = &mut scene.server;
    server.stop().await;
    let file = server.directory.path().join("sealing-key");
    let kept = std::fs::read_to_string(&file).unwrap();
    for (text, wanted) in [
        (None, "the sealing key is in neither"),
        (Some(""), "a sealing key has at least 32 characters"),
        (
            Some("0123456789012345678901234567890123456789"),
            "cannot be opened",
        ),
    ] {
        match text {
            None => std::fs::remove_file(&file).unwrap(),
            Some(text) => std::fs::write(&file, text).unwrap(),
        }
        let fault = server.start_again().await.unwrap_err().to_string();
        assert!(fault.contains(wanted), "{fault}");
        assert_eq!(std::fs::read_to_string(&file).ok().as_deref(), text);
    }
    std::fs::write(&file, kept).unwrap();
    server.start_again().await.unwrap();
    server.stop().await;
    for (sql, wanted) in [
        ("UPDATE signing_keys SET sealed = x'00'", "cannot be opened"),
        (
            "DELETE FROM signing_keys",
            "the ledger tells of signing keys",
        ),
    ] {
        alter(server, sql);
        let fault = server.start_again().await.unwrap_err().to_string();
        assert!(fault.contains(wanted), "{fault}");
    }
}
