//! `GET /v1/follow`

use serde_json::{Value, json};

use crate::server::Server;

/// What a line says, without its `seq`.
fn said(line: &Value) -> Value {
    let mut line = line.clone();
    line.as_object_mut().unwrap().remove("seq");
    line
}

fn change(action: &str, organization: &str, key: &str) -> Value {
    json!({
        "type": "change", "action": action, "touches": "keys", "organization": organization,
        "keys": [key],
    })
}

#[tokio::test]
async fn the_first_line_is_the_place_and_then_comes_each_change_of_keys_in_order() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let root = server.root();
    let mut lines = root.lines("/v1/follow").await;
    assert_eq!(lines.status, 200);
    let place = lines.next().await.unwrap();
    assert_eq!(said(&place), json!({"type": "position"}));
    let key = server.key(&own, json!({})).await;
    // Not about keys, so it is not told.
    server.project(&own, "alpha").await;
    let path = format!("{}/revoke", key.path());
    root.post(&path, json!({})).await.expect(200);
    let suspend = format!("/v1/organizations/{own}/suspend");
    root.post(&suspend, json!({})).await.expect(200);
    let told = [
        lines.next().await.unwrap(),
        lines.next().await.unwrap(),
        lines.next().await.unwrap(),
    ];
    assert_eq!(said(&told[0]), change("key.created", &own, &key.id));
    assert_eq!(said(&told[1]), change("key.revoked", &own, &key.id));
    assert_eq!(
        said(&told[2]),
        json!({
            "type": "change", "action": "organization.suspended", "touches": "organization",
            "organization": own, "keys": [],
        })
    );
    let first = place["seq"].as_i64().unwrap();
    let seqs: Vec<i64> = told.iter().map(|it| it["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [first + 1, first + 3, first + 4]);
}

#[tokio::test]
async fn a_change_is_told_only_when_the_index_holds_it() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let root = server.root();
    let mut lines = root.lines("/v1/follow").await;
    lines.next().await.unwrap();
    for _ in 0..20 {
        let key = server.key(&own, json!({})).await;
        lines.next().await.unwrap();
        let path = format!("{}/revoke", key.path());
        let (_, line) = tokio::join!(root.post(&path, json!({})), async {
            let line = lines.next().await.unwrap();
            assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
            line
        });
        assert_eq!(line["action"], "key.revoked");
    }
}

#[tokio::test]
async fn who_comes_back_misses_nothing() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let root = server.root();
    let mut lines = root.lines("/v1/follow").await;
    let place = lines.next().await.unwrap()["seq"].clone();
    drop(lines);
    let mut expected = Vec::new();
    for _ in 0..5 {
        let key = server.key(&own, json!({})).await;
        expected.push(change("key.created", &own, &key.id));
        let path = format!("{}/rotate", key.path());
        let rotated = root.post(&path, json!({"grace": "1h"})).await.expect(200);
        let mut change = change("key.rotated", &own, &key.id);
        change["keys"] = json!([key.id, rotated["key"]["id"]]);
        expected.push(change);
    }
    let mut again = root.lines(&format!("/v1/follow?after={place}")).await;
    assert_eq!(
        again.next().await.unwrap(),
        json!({"type": "position", "seq": place})
    );
    let key = server.key(&own, json!({})).await;
    expected.push(change("key.created", &own, &key.id));
    for expected in expected {
        assert_eq!(said(&again.next().await.unwrap()), expected);
    }
    let beyond = root.get("/v1/follow?after=1000000").await;
    beyond.refuses(409, "position_unknown");
}

#[tokio::test]
async fn silence_is_filled_and_says_how_far_it_has_come() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let mut lines = server.root().lines("/v1/follow").await;
    let place = lines.next().await.unwrap()["seq"].as_i64().unwrap();
    server.project(&own, "alpha").await;
    let beat = lines.next().await.unwrap();
    assert_eq!(beat, json!({"type": "heartbeat", "seq": place + 1}));
}

#[tokio::test]
async fn another_organization_is_not_heard_of() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let other = server.organization("Other").await;
    let follower = server.manager(&own, "verify-only").await;
    let mut lines = follower.caller.lines("/v1/follow").await;
    let place = lines.next().await.unwrap()["seq"].clone();
    server.key(&other, json!({})).await;
    let key = server.key(&own, json!({})).await;
    let expected = change("key.created", &own, &key.id);
    assert_eq!(said(&lines.next().await.unwrap()), expected);
    let path = format!("/v1/follow?after={place}");
    let mut again = follower.caller.lines(&path).await;
    again.next().await.unwrap();
    assert_eq!(said(&again.next().await.unwrap()), expected);
    let reader = server.manager(&own, "read-only").await;
    let denied = reader.caller.get("/v1/follow").await;
    denied.refuses(403, "permission_denied");
}

#[tokio::test]
async fn who_may_follow_no_more_is_told_so_and_nothing_else() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let follower = server.manager(&own, "admin").await;
    let mut lines = follower.caller.lines("/v1/follow").await;
    lines.next().await.unwrap();
    let path = format!("/v1/management-keys/{}/revoke", follower.id);
    server.root().post(&path, json!({})).await.expect(200);
    server.key(&own, json!({})).await;
    let end = lines.next().await.unwrap();
    assert_eq!(
        (&end["type"], &end["reason"]),
        (&json!("end"), &json!("denied"))
    );
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let mut server = Server::start().await;
    let mut lines = server.root().lines("/v1/follow").await;
    lines.next().await.unwrap();
    let (end, ()) = tokio::join!(
        async {
            let end = lines.next().await.unwrap();
            assert_eq!(lines.next().await, None);
            end
        },
        server.stop()
    );
    assert_eq!(
        (&end["type"], &end["reason"]),
        (&json!("end"), &json!("stopping"))
    );
}
