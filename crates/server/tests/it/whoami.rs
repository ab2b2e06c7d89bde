//! `GET /v1/whoami`, `POST /v1/whoami/revoke`

use http::Method;
use serde_json::{Value, json};

use crate::server::{Made, Server, Setting};

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
    holder
        .get("/v1/whoami")
        .await
        .refuses(401, "api_key_revoked");
    let entries = server.audit().await;
    let again = json!({"reason": "another", "reason_code": "rotated"});
    let again = holder.post("/v1/whoami/revoke", again).await;
    assert_eq!(again.expect(200)["key"], revoked["key"]);
    assert_eq!(server.audit().await, entries);
    let last = entries.last().unwrap();
    assert_eq!(
        (&last["actor"], &last["action"]),
        (&json!(format!("key/{}", key.id)), &json!("key.revoked"))
    );
}

/// What stops a key says nothing against whoever wants it to be dead.
#[tokio::test]
async fn s_revoke_07_a_key_that_is_not_let_through_still_ends_itself() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let soon = json!({"expires_at": server.clock.text_in(60)});
    let elsewhere = json!({"ip_rules": ["203.0.113.0/24"]});
    let inactive = server.key(&own, json!({})).await;
    let deactivate = format!("{}/deactivate", inactive.path());
    server.root().post(&deactivate, json!({})).await.expect(200);
    let keys = [
        (inactive, "api_key_inactive"),
        (server.key(&own, elsewhere).await, "ip_not_allowed"),
        (server.key(&own, soon).await, "api_key_expired"),
    ];
    server.clock.advance(61);
    for (key, reason) in keys {
        ends_itself(&server, &key, reason).await;
    }
    let key = server.key(&own, json!({})).await;
    let suspend = format!("/v1/organizations/{own}/suspend");
    server.root().post(&suspend, json!({})).await.expect(200);
    ends_itself(&server, &key, "api_key_inactive").await;
}

async fn ends_itself(server: &Server, key: &Made, reason: &str) {
    let holder = server.nobody().with(&key.secret);
    assert_eq!(holder.get("/v1/whoami").await.code(), reason);
    let revoked = holder.post("/v1/whoami/revoke", json!({})).await;
    assert_eq!(revoked.expect(200)["key"]["status"], "revoked", "{reason}");
    assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
}

#[tokio::test]
async fn s_revoke_07_only_the_whole_secret_ends_a_key() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let forged = Server::forge("live", &key.id);
    let cut = &key.secret[..key.secret.len() - 1];
    for (unverified, code) in [
        (forged.as_str(), "api_key_invalid"),
        (cut, "api_key_malformed"),
    ] {
        let stranger = server.nobody().with(unverified);
        let refused = stranger.post("/v1/whoami/revoke", json!({})).await;
        refused.refuses(401, code);
    }
    assert_eq!(server.verdict(&key.secret).await, "valid");
}

#[tokio::test]
async fn s_limit_14_a_network_that_tries_too_many_keys_waits() {
    let trusting = Setting {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Setting::default()
    };
    let server = Server::start_with(trusting).await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let forged = Server::forge("live", &key.id);
    let revoke = async |secret: &str, address: &str| {
        let holder = server.nobody().with(secret);
        let call = holder.call(Method::POST, "/v1/whoami/revoke");
        call.header("x-forwarded-for", address).send().await
    };
    for _ in 0..300 {
        let refused = revoke(&forged, "203.0.113.7").await;
        refused.refuses(401, "api_key_invalid");
    }
    server.clock.advance(20);
    // The right key too: else its answer would tell that it is one.
    for secret in [&forged, &key.secret] {
        let refused = revoke(secret, "203.0.113.7").await;
        refused.refuses(429, "too_many_requests");
        assert_eq!(refused.header("retry-after"), "40");
    }
    assert_eq!(server.verdict(&key.secret).await, "valid");
    assert_eq!(revoke(&key.secret, "198.51.100.7").await.status, 200);
    server.clock.advance(40);
    assert_eq!(revoke(&key.secret, "203.0.113.7").await.status, 200);
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
