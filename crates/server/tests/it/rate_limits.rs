//! Rate limits of keys: at every door, in every answer.

use http::Method;
use serde_json::{Value, json};

use crate::caller::Answer;
use crate::server::{Made, Server};

const LIMIT: &str = "ratelimit";
const POLICY: &str = "ratelimit-policy";

async fn limited(server: &Server, limit: u32, window: &str) -> Made {
    let own = server.organization("Own").await;
    let fields = json!({
        "grants": [{"permissions": ["read"], "resource": "*"}],
        "rate_limit": {"limit": limit, "window": window},
    });
    server.key(&own, fields).await
}

async fn authorize(server: &Server, secret: &str, query: &str) -> Answer {
    let path = format!("/v1/authorize?{query}");
    server.nobody().with(secret).get(&path).await
}

#[tokio::test]
async fn s_limit_11_the_create_answer_states_the_limit_and_none_is_none() {
    let server = Server::start().await;
    let key = limited(&server, 3, "60s").await;
    assert_eq!(key.key["rate_limit"], json!({"limit": 3, "window": "1m"}));
    let own = server.organization("Other").await;
    let free = server.key(&own, json!({})).await;
    assert_eq!(free.key["rate_limit"], Value::Null);
    for _ in 0..1_000 {
        assert_eq!(server.verdict(&free.secret).await, "valid");
    }
}

#[tokio::test]
async fn verify_says_what_is_left_and_then_how_long_to_wait() {
    let server = Server::start().await;
    let key = limited(&server, 2, "1m").await;
    let question = json!({"secret": key.secret, "permissions": ["read"]});
    let quota = |remaining: u32| json!({"limit": 2, "window_seconds": 60, "remaining": remaining, "more_in_seconds": 30});
    for remaining in [1, 0] {
        assert_eq!(
            server.ask(question.clone()).await["quota"],
            quota(remaining)
        );
    }
    let refused = server.ask(question.clone()).await;
    assert_eq!(
        (&refused["valid"], &refused["code"], &refused["http_status"]),
        (&json!(false), &json!("rate_limited"), &json!(429))
    );
    assert_eq!(refused["quota"], quota(0));
    assert_eq!(refused["retry_after_seconds"], 30);
    assert_eq!(refused["key"]["id"], key.id.as_str());
    server.clock.advance(30);
    assert_eq!(server.ask(question.clone()).await["code"], "valid");
    assert_eq!(server.ask(question).await["code"], "rate_limited");
}

#[tokio::test]
async fn each_item_of_a_batch_is_a_use_and_looking_at_a_key_is_none() {
    let server = Server::start().await;
    let key = limited(&server, 3, "1h").await;
    for _ in 0..5 {
        let me = server.nobody().with(&key.secret).get("/v1/whoami").await;
        assert_eq!(me.status, 200);
    }
    let items = vec![json!({"secret": key.secret}); 5];
    let body = json!({"items": items});
    let answers = server.root().post("/v1/keys/verify-batch", body).await;
    let answers = answers.expect(200);
    let codes: Vec<&Value> = answers["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["code"])
        .collect();
    let (valid, over) = ("valid", "rate_limited");
    assert_eq!(codes, [valid, valid, valid, over, over]);
    let me = server.nobody().with(&key.secret).get("/v1/whoami").await;
    assert_eq!(me.status, 200);
}

#[tokio::test]
async fn s_limit_01_02_05_07_authorize_answers_with_the_fields_of_the_draft() {
    let server = Server::start().await;
    let key = limited(&server, 2, "1m").await;
    let let_through = authorize(&server, &key.secret, "permission=read").await;
    assert_eq!(let_through.status, 200);
    assert_eq!(let_through.header(POLICY), r#""default";q=2;w=60"#);
    assert_eq!(let_through.header(LIMIT), r#""default";r=1;t=30"#);
    authorize(&server, &key.secret, "permission=read").await;
    server.clock.advance(1);
    let refused = authorize(&server, &key.secret, "permission=read").await;
    assert_eq!(
        (refused.status, refused.header("keyway-code").as_str()),
        (429, "rate_limited")
    );
    assert_eq!(refused.header(POLICY), r#""default";q=2;w=60"#);
    assert_eq!(refused.header(LIMIT), r#""default";r=0;t=29"#);
    assert_eq!(refused.header("retry-after"), "29");
    assert!(!refused.headers.contains_key("www-authenticate"));
    let body: Value = serde_json::from_str(&refused.text()).unwrap();
    assert_eq!(
        body["type"],
        "https://iana.org/assignments/http-problem-types#quota-exceeded"
    );
    assert_eq!(body["violated-policies"], json!(["default"]));
    assert_eq!(body["code"], "rate_limited");
    assert_eq!(
        body["detail"],
        "the key may be used 2 times in 1m; again in 29 s"
    );
    server.clock.advance(29);
    let again = authorize(&server, &key.secret, "permission=read").await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn s_limit_04_nobody_else_is_told_of_a_quota() {
    let server = Server::start().await;
    let key = limited(&server, 2, "1m").await;
    let own = key.key["organization"].as_str().unwrap();
    let free = server.key(own, json!({})).await;
    let forged = Server::forge("live", "abcdefghijkl");
    for (secret, query) in [
        (forged.as_str(), ""),
        ("x", ""),
        (&free.secret, ""),
        (&key.secret, "permission=write"),
    ] {
        let answer = authorize(&server, secret, query).await;
        for name in [LIMIT, POLICY] {
            assert!(!answer.headers.contains_key(name), "{secret} {query}");
        }
    }
    let bare = server.nobody().get("/v1/authorize").await;
    assert!(!bare.headers.contains_key(LIMIT));
}

#[tokio::test]
async fn s_proxy_05_for_nginx_too_many_uses_are_403_with_their_reason() {
    let server = Server::start().await;
    let key = limited(&server, 1, "10s").await;
    authorize(&server, &key.secret, "proxy=nginx").await;
    let refused = authorize(&server, &key.secret, "proxy=nginx").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("keyway-code"), "rate_limited");
    assert_eq!(refused.header("retry-after"), "10");
}

#[tokio::test]
async fn an_edit_changes_the_limit_and_what_was_used_stays_used() {
    let server = Server::start().await;
    let key = limited(&server, 2, "1m").await;
    for _ in 0..2 {
        assert_eq!(server.verdict(&key.secret).await, "valid");
    }
    let renamed = server.root().patch(&key.path(), json!({"name": "b"})).await;
    renamed.expect(200);
    assert_eq!(server.verdict(&key.secret).await, "rate_limited");
    let free = server
        .root()
        .patch(&key.path(), json!({"rate_limit": null}))
        .await;
    assert_eq!(free.expect(200)["key"]["rate_limit"], Value::Null);
    assert_eq!(server.verdict(&key.secret).await, "valid");
    let fields = &server.audit().await;
    let edits: Vec<&Value> = fields
        .iter()
        .filter(|it| it["action"] == "key.updated")
        .map(|it| &it["detail"]["fields"])
        .collect();
    assert!(edits.contains(&&json!(["rate_limit"])), "{edits:?}");
}

#[tokio::test]
async fn a_successor_has_the_limit_and_a_quota_of_its_own() {
    let server = Server::start().await;
    let key = limited(&server, 1, "1m").await;
    assert_eq!(server.verdict(&key.secret).await, "valid");
    let path = format!("{}/rotate", key.path());
    let rotated = server
        .root()
        .post(&path, json!({"grace": "1h"}))
        .await
        .expect(200);
    assert_eq!(
        rotated["key"]["rate_limit"],
        json!({"limit": 1, "window": "1m"})
    );
    let successor = rotated["secret"].as_str().unwrap();
    assert_eq!(server.verdict(successor).await, "valid");
    assert_eq!(server.verdict(successor).await, "rate_limited");
    assert_eq!(server.verdict(&key.secret).await, "rate_limited");
}

#[tokio::test]
async fn a_limit_that_is_none_is_refused_at_its_field() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    for (limit, pointer) in [
        (json!({"limit": 0, "window": "1m"}), "/rate_limit/limit"),
        (
            json!({"limit": 1_000_001, "window": "1m"}),
            "/rate_limit/limit",
        ),
        (json!({"limit": -1, "window": "1m"}), "/rate_limit/limit"),
        (json!({"limit": 1, "window": "25h"}), "/rate_limit/window"),
        (json!({"limit": 1, "window": "soon"}), "/rate_limit/window"),
        (json!({"limit": 1}), "/rate_limit/window"),
        (
            json!({"limit": 1, "window": "1m", "burst": 5}),
            "/rate_limit/burst",
        ),
        (json!("1/1m"), "/rate_limit"),
    ] {
        let body = json!({"organization": own, "name": "a", "rate_limit": limit});
        let refused = server
            .root()
            .call(Method::POST, "/v1/keys")
            .json(&body)
            .send()
            .await;
        let refused = refused.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{limit}");
    }
}

#[tokio::test]
async fn a_profiles_limit_is_what_a_key_gets_and_the_most_that_an_organization_gives() {
    let server = Server::start().await;
    let shown = server.root().get("/v1/profile").await.expect(200);
    let limits = "[limits]\nrate_limit = \"10/1m\"\nretry_after = \"30s\"\n";
    let toml = format!("{}\n{limits}", shown["toml"].as_str().unwrap());
    let root = server.root();
    let put = root.call(Method::PUT, "/v1/profile");
    let put = put.json(&json!({"toml": toml})).if_match("\"1\"");
    put.send().await.expect(200);
    let own = server.organization("Own").await;
    let made = server.key(&own, json!({})).await;
    assert_eq!(made.key["rate_limit"], json!({"limit": 10, "window": "1m"}));
    let manager = server.manager(&own, "admin").await.caller;
    for (limit, status) in [
        (json!({"limit": 10, "window": "1m"}), 200),
        (json!({"limit": 1, "window": "1m"}), 200),
        (json!({"limit": 11, "window": "1m"}), 422),
        (Value::Null, 422),
    ] {
        let edit = json!({"rate_limit": limit});
        let edited = manager.patch(&made.path(), edit.clone()).await;
        assert_eq!(edited.status, status, "{edit}");
    }
    let wide = json!({"rate_limit": {"limit": 1, "window": "1s"}});
    server.root().patch(&made.path(), wide).await.expect(200);
    server.verdict(&made.secret).await;
    let refused = server.ask(json!({"secret": made.secret})).await;
    assert_eq!(refused["quota"]["more_in_seconds"], 1);
    assert_eq!(refused["retry_after_seconds"], 30);
}
