//! `POST /v1/keys/{id}/rotate`

use http::Method;
use serde_json::{Value, json};

use crate::server::{Made, Server};

/// Rotates; the successor's id and secret.
async fn rotate(server: &Server, key: &Made, grace: &str) -> (String, String) {
    let path = format!("{}/rotate", key.path());
    let rotated = server
        .root()
        .post(&path, json!({"grace": grace}))
        .await
        .expect(200);
    (
        rotated["key"]["id"].as_str().unwrap().to_owned(),
        rotated["secret"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn the_successor_is_the_key_again_under_another_secret() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let fields = json!({
        "project": "alpha", "environment": "test", "description": "d", "owner": "u_1",
        "expires_at": server.clock.text_in(7_200),
        "grants": [{"permissions": ["read"], "resource": "project/alpha"}],
        "ip_rules": ["::1"], "rate_limit": {"limit": 7, "window": "90s"}, "metadata": {"a": 1}, "managed_by": "terraform",
    });
    let key = server.key(&own, fields).await;
    server.clock.advance(60);
    let path = format!("{}/rotate", key.path());
    let rotated = server.root().post(&path, json!({"grace": "1h"})).await;
    assert_eq!(rotated.etag(), "\"1\"");
    let rotated = rotated.expect(200);
    let (fresh, secret) = (&rotated["key"], rotated["secret"].as_str().unwrap());
    let mut expected = key.key.clone();
    for given in ["id", "display_prefix", "suffix"] {
        assert_ne!(fresh[given], key.key[given], "{given}");
        expected[given] = fresh[given].clone();
    }
    expected["created_at"] = json!(server.clock.text());
    assert_eq!(*fresh, expected);
    assert_eq!(rotated["effective_everywhere_at"], server.clock.text());
    assert!(secret.starts_with(&format!("kw_test_{}_", fresh["id"].as_str().unwrap())));

    let mut old = key.key.clone();
    old["successor"] = fresh["id"].clone();
    old["expires_at"] = json!(server.clock.text_in(3_600));
    old["version"] = json!(2);
    assert_eq!(server.root().get(&key.path()).await.expect(200), old);
    for secret in [&key.secret, secret] {
        let question = json!({"secret": secret, "ip": "::1", "permissions": ["read"]});
        assert_eq!(server.ask(question).await["valid"], true);
    }
    server.clock.advance(3_600);
    let question = |secret: &str| json!({"secret": secret, "ip": "::1"});
    assert_eq!(
        server.ask(question(&key.secret)).await["code"],
        "api_key_expired"
    );
    assert_eq!(server.ask(question(secret)).await["code"], "valid");
}

#[tokio::test]
async fn the_old_key_dies_at_its_own_end_where_that_is_sooner() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server
        .key(&own, json!({"expires_at": server.clock.text_in(60)}))
        .await;
    rotate(&server, &key, "24h").await;
    let old = server.root().get(&key.path()).await.expect(200);
    assert_eq!(old["expires_at"], key.key["expires_at"]);
    server.clock.advance(59);
    assert_eq!(server.verdict(&key.secret).await, "valid");
    server.clock.advance(1);
    assert_eq!(server.verdict(&key.secret).await, "api_key_expired");
}

#[tokio::test]
async fn no_grace_kills_at_once_and_is_a_revoke() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    for body in [json!({"grace": "0s"}), json!({"grace": "0d"}), json!({})] {
        let key = server.key(&own, json!({})).await;
        let path = format!("{}/rotate", key.path());
        let rotated = server.root().post(&path, body).await.expect(200);
        assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
        let secret = rotated["secret"].as_str().unwrap();
        assert_eq!(server.verdict(secret).await, "valid");
        let old = server.root().get(&key.path()).await.expect(200);
        assert_eq!(
            (&old["status"], &old["expires_at"]),
            (&json!("revoked"), &Value::Null)
        );
        assert_eq!(old["revoked_at"], server.clock.text());
        assert_eq!(old["successor"], rotated["key"]["id"]);
        server
            .root()
            .post(&path, json!({}))
            .await
            .refuses(409, "key_has_successor");
    }
}

#[tokio::test]
async fn a_key_with_a_living_successor_and_a_dead_key_are_not_rotated() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let root = server.root();
    let key = server.key(&own, json!({})).await;
    let (successor, secret) = rotate(&server, &key, "1h").await;
    let again = root
        .post(&format!("{}/rotate", key.path()), json!({"grace": "1h"}))
        .await;
    again.refuses(409, "key_has_successor");
    let off = format!("/v1/keys/{successor}/deactivate");
    root.post(&off, json!({})).await.expect(200);
    let again = root
        .post(&format!("{}/rotate", key.path()), json!({}))
        .await;
    again.refuses(409, "key_has_successor");
    let inactive = root
        .post(&format!("/v1/keys/{successor}/rotate"), json!({}))
        .await;
    inactive.refuses(409, "key_not_active");
    // A dead successor leaves the old key alone with nobody to follow it.
    root.post(&format!("/v1/keys/{successor}/revoke"), json!({}))
        .await
        .expect(200);
    let (third, _) = rotate(&server, &key, "1h").await;
    assert_ne!(third, successor);
    assert_eq!(server.verdict(&secret).await, "api_key_revoked");
    server.clock.advance(3_600);
    let expired = root
        .post(&format!("{}/rotate", key.path()), json!({}))
        .await;
    expired.refuses(409, "key_expired");
    let keys = root.get("/v1/keys").await.expect(200);
    assert_eq!(
        keys["data"].as_array().unwrap().len(),
        3,
        "no refusal made a key"
    );
}

#[tokio::test]
async fn the_overlap_does_not_count_against_the_limit() {
    let server = Server::start_under("noukai").await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    let mut keys = Vec::new();
    for _ in 0..10 {
        keys.push(server.key(&own, json!({"project": "alpha"})).await);
    }
    for key in &keys {
        let (_, secret) = rotate(&server, key, "24h").await;
        assert_eq!(server.verdict(&secret).await, "valid");
        assert_eq!(server.verdict(&key.secret).await, "valid");
    }
    let body = json!({"name": "a", "project": "alpha"});
    server
        .root()
        .post("/v1/keys", body)
        .await
        .refuses(429, "KEY_LIMIT_REACHED");
}

#[tokio::test]
async fn a_replaced_key_gains_no_longer_life() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    rotate(&server, &key, "60s").await;
    for end in [Value::Null, json!(server.clock.text_in(61))] {
        let refused = server
            .root()
            .patch(&key.path(), json!({"expires_at": end}))
            .await;
        refused.refuses(409, "key_has_successor");
    }
    let sooner = json!({"expires_at": server.clock.text_in(30)});
    server.root().patch(&key.path(), sooner).await.expect(200);
    server.clock.advance(30);
    assert_eq!(server.verdict(&key.secret).await, "api_key_expired");
}

#[tokio::test]
async fn of_two_rotations_at_once_one_makes_the_successor() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let calls = (0..20).map(|_| {
        let (root, path) = (server.root(), format!("{}/rotate", key.path()));
        tokio::spawn(async move { root.post(&path, json!({"grace": "1h"})).await.status })
    });
    let mut statuses = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses[..2], [200, 409]);
    assert_eq!(statuses[19], 409);
    let keys = server.root().get("/v1/keys").await.expect(200);
    assert_eq!(keys["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_version_that_is_named_must_be_the_present_one() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    server
        .root()
        .patch(&key.path(), json!({"name": "renamed"}))
        .await
        .expect(200);
    let (root, path) = (server.root(), format!("{}/rotate", key.path()));
    let stale = root
        .call(Method::POST, &path)
        .if_match(&key.etag)
        .send()
        .await;
    stale.refuses(412, "precondition_failed");
    assert_eq!(server.verdict(&key.secret).await, "valid");
    root.call(Method::POST, &path)
        .if_match("\"2\"")
        .send()
        .await
        .expect(200);
    assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
}

#[tokio::test]
async fn a_grace_is_a_number_with_a_unit() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let path = format!("{}/rotate", key.path());
    for grace in [
        json!("24"),
        json!("-1h"),
        json!("1w"),
        json!(""),
        json!("367d"),
        json!(60),
    ] {
        let refused = server.root().post(&path, json!({"grace": grace})).await;
        assert_eq!(refused.pointers(), ["/grace"], "{grace}");
    }
    assert_eq!(server.verdict(&key.secret).await, "valid");
    assert_eq!(
        server.root().get(&key.path()).await.expect(200)["successor"],
        Value::Null
    );
}

#[tokio::test]
async fn a_key_of_an_environment_that_is_no_more_is_not_rotated_into_one_that_never_works() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({"environment": "test"})).await;
    let profile = server.root().get("/v1/profile").await;
    let toml = profile.json()["toml"]
        .as_str()
        .unwrap()
        .replace(r#"["live", "test"]"#, r#"["live"]"#);
    let root = server.root();
    let apply = root
        .call(Method::PUT, "/v1/profile")
        .if_match(&profile.etag());
    apply.json(&json!({"toml": toml})).send().await.expect(200);
    assert_eq!(server.verdict(&key.secret).await, "api_key_malformed");
    let rotated = root
        .post(&format!("{}/rotate", key.path()), json!({"grace": "1h"}))
        .await;
    rotated.refuses(409, "environment_gone");
    assert_eq!(
        root.get(&key.path()).await.expect(200)["successor"],
        Value::Null
    );
}
