//! `POST /v1/keys/{id}/revoke`

use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test]
async fn the_very_next_question_is_refused() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server
        .key(&own, json!({"expires_at": server.clock.text_in(60)}))
        .await;
    assert_eq!(server.verdict(&key.secret).await, "valid");
    let body = json!({"reason": "found on a forum", "reason_code": "leaked"});
    let revoked = server
        .root()
        .post(&format!("{}/revoke", key.path()), body)
        .await;
    assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
    assert_eq!(revoked.etag(), "\"2\"");
    // S-REVOKE-06: the stored end stays.
    let mut expected = key.key.clone();
    expected["status"] = json!("revoked");
    expected["version"] = json!(2);
    expected["revoked_at"] = json!(server.clock.text());
    expected["revoked_by"] = key.key["created_by"].clone();
    expected["revoked_reason"] = json!("found on a forum");
    expected["revoked_reason_code"] = json!("leaked");
    let now = server.clock.text();
    assert_eq!(
        revoked.expect(200),
        json!({"key": expected, "effective_everywhere_at": now})
    );
    server.clock.advance(60);
    assert_eq!(
        server.verdict(&key.secret).await,
        "api_key_revoked",
        "it wins over expired"
    );
}

#[tokio::test]
async fn s_cond_07_revoking_needs_no_precondition_and_again_changes_nothing() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let path = format!("{}/revoke", key.path());
    let first = json!({"reason": "the first", "reason_code": "leaked"});
    let first = server.root().post(&path, first).await.expect(200);
    let entries = server.audit().await.len();
    server.clock.advance(60);
    let admin = server.manager(&own, "admin").await.caller;
    let entries = entries + 1;
    let again = admin
        .post(&path, json!({"reason": "the second"}))
        .await
        .expect(200);
    assert_eq!(again["key"], first["key"]);
    assert_eq!(again["effective_everywhere_at"], server.clock.text());
    assert_eq!(server.audit().await.len(), entries);
    let root = server.root();
    let stale = root
        .call(http::Method::POST, &path)
        .if_match("\"1\"")
        .send()
        .await;
    assert_eq!(stale.expect(200)["key"], first["key"]);
}

#[tokio::test]
async fn revoked_is_terminal_across_a_restart() {
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    server
        .root()
        .post(&format!("{}/revoke", key.path()), json!({}))
        .await
        .expect(200);
    server.restart().await;
    assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
    let on = format!("{}/activate", key.path());
    server
        .root()
        .post(&on, json!({}))
        .await
        .refuses(409, "key_revoked");
}

#[tokio::test]
async fn an_inactive_and_an_expired_key_can_be_revoked() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let inactive = server.key(&own, json!({})).await;
    let expired = server
        .key(&own, json!({"expires_at": server.clock.text_in(1)}))
        .await;
    server
        .root()
        .post(&format!("{}/deactivate", inactive.path()), json!({}))
        .await
        .expect(200);
    server.clock.advance(1);
    for key in [inactive, expired] {
        server
            .root()
            .post(&format!("{}/revoke", key.path()), json!({}))
            .await
            .expect(200);
        assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
    }
}

#[tokio::test]
async fn a_bad_reason_revokes_nothing() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let path = format!("{}/revoke", key.path());
    for (body, pointer) in [
        (json!({"reason": "x".repeat(1_025)}), "/reason"),
        (json!({"reason_code": ""}), "/reason_code"),
        (json!({"because": "x"}), "/because"),
        (json!({"reason": 7}), "/reason"),
    ] {
        let refused = server.root().post(&path, body).await;
        assert_eq!(refused.pointers(), [pointer]);
    }
    assert_eq!(server.verdict(&key.secret).await, "valid");
}

/// Questions go on while many keys are revoked: whoever asks after a revoke was answered is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_key_is_let_through_after_its_revoke_was_answered() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let mut keys = Vec::new();
    for _ in 0..40 {
        keys.push(server.key(&own, json!({})).await);
    }
    let secrets: Vec<Value> = keys
        .iter()
        .map(|key| json!({"secret": key.secret}))
        .collect();
    let asking = {
        let root = server.root();
        tokio::spawn(async move {
            loop {
                let body = json!({"items": secrets});
                let verdicts = root.post("/v1/keys/verify-batch", body).await.expect(200);
                let is_over = |it: &Value| it["code"] == "api_key_revoked";
                if verdicts["data"].as_array().unwrap().iter().all(is_over) {
                    return;
                }
            }
        })
    };
    let revoking = keys.into_iter().map(|key| {
        let root = server.root();
        tokio::spawn(async move {
            root.post(&format!("{}/revoke", key.path()), json!({}))
                .await
                .expect(200);
            let verdict = root
                .post("/v1/keys/verify", json!({"secret": key.secret}))
                .await;
            assert_eq!(verdict.expect(200)["code"], "api_key_revoked");
        })
    });
    for revoked in revoking.collect::<Vec<_>>() {
        revoked.await.unwrap();
    }
    asking.await.unwrap();
}
