//! `GET /v1/whoami`, `POST /v1/whoami/revoke`

use http::Method;
use serde_json::{Value, json};

use crate::server::{Server, Setting};

#[tokio::test]
async fn a_key_is_told_who_it_is() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let grants = json!([{"permissions": ["read"], "resource": "*"}]);
    let key = server
        .key(&own, json!({"grants": grants, "owner": "u_1"}))
        .await;
    let expected = json!({"key": {
        "id": key.id, "organization": own, "organization_external_id": null, "project": null,
        "environment": "live", "name": "a key", "suffix": key.key["suffix"], "owner": "u_1",
        "permissions": ["read"], "metadata": {}, "expires_at": null,
    }});
    let told = server.nobody().with(&key.secret).get("/v1/whoami").await;
    assert_eq!(told.expect(200), expected);
    assert!(!told.text().contains(&key.secret));
    let nobody = server.nobody();
    let other_door = nobody
        .call(Method::GET, "/v1/whoami")
        .header("x-api-key", &key.secret);
    assert_eq!(other_door.send().await.expect(200), expected);
}

#[tokio::test]
async fn a_management_key_is_told_who_it_is() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let manager = server.manager(&own, "verify-only").await;
    let path = format!("/v1/management-keys/{}", manager.id);
    let shown = server.root().get(&path).await.expect(200);
    let told = manager.caller.get("/v1/whoami").await.expect(200);
    assert_eq!(told, json!({"management_key": shown}));
    server
        .nobody()
        .get("/v1/whoami")
        .await
        .refuses(401, "credential_missing");
}

#[tokio::test]
async fn s_revoke_07_a_key_ends_itself_and_needs_no_other_right() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let (key, other) = (
        server.key(&own, json!({})).await,
        server.key(&own, json!({})).await,
    );
    let holder = server.nobody().with(&key.secret);
    let body = json!({"reason": "I lost it", "reason_code": "leaked"});
    let revoked = holder.post("/v1/whoami/revoke", body).await;
    assert_eq!(revoked.etag(), "\"2\"");
    let revoked = revoked.expect(200);
    assert_eq!(revoked["key"]["status"], "revoked");
    assert_eq!(revoked["key"]["revoked_by"], format!("key/{}", key.id));
    assert_eq!(revoked["key"]["revoked_reason"], "I lost it");
    assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
    assert_eq!(server.verdict(&other.secret).await, "valid");
    for (method, path) in [
        (Method::GET, "/v1/whoami"),
        (Method::POST, "/v1/whoami/revoke"),
    ] {
        holder
            .call(method, path)
            .send()
            .await
            .refuses(401, "api_key_revoked");
    }
    let last = server.audit().await.last().unwrap().clone();
    assert_eq!(
        (&last["actor"], &last["action"]),
        (&json!(format!("key/{}", key.id)), &json!("key.revoked"))
    );
}

#[tokio::test]
async fn a_management_key_does_not_end_itself_by_this_door() {
    let server = Server::start().await;
    let manager = server.manager("*", "admin").await;
    let refused = manager.caller.post("/v1/whoami/revoke", json!({})).await;
    refused.refuses(403, "permission_denied");
    manager.caller.get("/v1/keys").await.expect(200);
}

#[tokio::test]
async fn a_key_outside_of_its_addresses_is_not_told_who_it_is() {
    let trusting = Setting {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Setting::default()
    };
    let server = Server::start_with(trusting).await;
    let own = server.organization("Own").await;
    let key = server
        .key(&own, json!({"ip_rules": ["203.0.113.0/24"]}))
        .await;
    let holder = server.nobody().with(&key.secret);
    for (address, status) in [
        ("203.0.113.7", 200),
        ("198.51.100.1", 403),
        ("unknown", 403),
    ] {
        let call = holder
            .call(Method::GET, "/v1/whoami")
            .header("x-forwarded-for", address);
        assert_eq!(call.send().await.status, status, "{address}");
    }
}

#[tokio::test]
async fn a_profile_says_which_words_a_key_is_refused_in() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let key = server.key(&own, json!({"project": "alpha"})).await;
    let holder = server.nobody().with(&key.secret);
    assert_eq!(
        holder.get("/v1/whoami").await.expect(200)["key"]["project"],
        "alpha"
    );
    holder
        .post("/v1/whoami/revoke", json!({}))
        .await
        .expect(200);
    holder
        .get("/v1/whoami")
        .await
        .refuses(401, "API_KEY_REVOKED");
    let bad: Value = holder.with("x").get("/v1/whoami").await.json();
    assert_eq!(
        (&bad["code"], &bad["status"]),
        (&json!("API_KEY_INVALID"), &json!(401))
    );
}
