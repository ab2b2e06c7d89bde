//! The root key: given, the same again, changed, revoked, or minted.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use keyway_tests::server::Server;
use keyway_tests::{binary, ports};

const ROOT_KEY: &str = "KEYWAY_ROOT_KEY";
const ANOTHER: &str = "kw_mgmt_another0123456789abcdefghijklmnopqrstuvwxyz";

#[tokio::test]
async fn the_same_root_key_again_is_harmless_and_a_changed_one_replaces_it_at_once() {
    let mut server = Server::start().await;
    let organization = server.organization("Acme").await;
    server.terminate();
    server.start_again().await;
    assert_eq!(server.root().get("/v1/whoami").await.status, 200);

    let before = server.root_key().to_owned();
    server.terminate();
    server.start_again_with_root_key(ANOTHER).await;
    let refused = server.nobody().with(&before).get("/v1/whoami").await;
    assert_eq!(refused.expect(401)["code"], "credential_revoked");
    let path = format!("/v1/organizations/{organization}");
    assert_eq!(server.root().get(&path).await.status, 200);
}

#[tokio::test]
async fn a_revoked_root_key_makes_the_server_refuse_to_start() {
    let mut server = Server::start().await;
    let whoami = server.root().get("/v1/whoami").await.expect(200);
    let id = whoami["management_key"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/management-keys/{id}/revoke");
    server
        .root()
        .post(&path, &serde_json::json!({}))
        .await
        .expect(200);
    assert_eq!(server.root().get("/v1/whoami").await.status, 401);
    server.terminate();
    let said = Command::new(binary::keyway())
        .args([
            "serve",
            "--listen",
            &format!("127.0.0.1:{}", ports::free()),
            "--data-dir",
        ])
        .arg(server.data())
        .env_clear()
        .env(ROOT_KEY, server.root_key())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(1), "{complaint}");
    assert!(
        complaint.contains("KEYWAY_ROOT_KEY was revoked"),
        "{complaint}"
    );
    assert!(
        !complaint.contains(server.root_key()),
        "the refusal shows the key"
    );
}

#[tokio::test]
async fn without_one_a_root_key_is_minted_into_a_file_that_only_its_owner_reads() {
    let server = Server::start_without_root_key().await;
    let file = server.data().join("root-key");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let minted = std::fs::read_to_string(&file).unwrap();
    server.witness().note_secret(minted.trim());
    let whoami = server
        .nobody()
        .with(minted.trim())
        .get("/v1/whoami")
        .await
        .expect(200);
    assert_eq!(whoami["management_key"]["is_root"], true);
}
