//! Text that is none: control characters, halves of characters, broken JSON.

use http::Method;
use serde_json::json;

use crate::{Scene, pointers};

#[tokio::test]
async fn control_characters_are_refused_where_they_stand() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let root = scene.server.root();
    for bad in ["a\u{0}b", "a\u{7}b", "a\nb", "a\u{7f}b", "a\u{85}b"] {
        for field in ["name", "owner", "managed_by"] {
            let body = scene.key_with(&json!({field: bad}));
            let answer = root.post("/v1/keys", &body).await;
            answer.refuses(422, "invalid_request");
            assert_eq!(pointers(&answer), [format!("/{field}")], "{bad:?}");
        }
    }
    for (field, value) in [
        ("description", json!("a\u{0}b")),
        ("metadata", json!({"a": "b\u{0}"})),
        ("metadata", json!({"a\u{0}": "b"})),
        ("environment", json!("li\u{0}ve")),
        ("project", json!("a\u{0}")),
    ] {
        let body = scene.key_with(&json!({field: value}));
        let answer = root.post("/v1/keys", &body).await;
        assert!([404, 422].contains(&answer.status), "{}", answer.text());
    }
    scene.assert_untouched_since(&head).await;
}

/// Also what a database would stumble over when it is only looked for.
#[tokio::test]
async fn control_characters_in_paths_and_queries_find_nothing_and_break_nothing() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let root = scene.server.root();
    for path in [
        "/v1/keys/%00",
        "/v1/keys/a%00b",
        "/v1/keys/%ff%fe",
        "/v1/organizations/%00",
        "/v1/management-keys/%00",
        "/v1/keys?q=%00",
        "/v1/keys?q=%ff",
        "/v1/keys?owner=a%00b",
        "/v1/keys?project=%00",
        "/v1/audit?target=%00",
        "/v1/audit?actor=%ff",
        "/v1/projects?organization=%00",
        "/problems/%00",
        "/%00",
    ] {
        let answer = root.get(path).await;
        let is_fine = matches!(answer.status, 200 | 400 | 404 | 422);
        assert!(is_fine, "{path}: {} {}", answer.status, answer.text());
    }
    let secret = json!({"secret": "kw_live_\u{0}", "permissions": ["read"]});
    let verdict = root.post("/v1/keys/verify", &secret).await;
    assert_eq!(verdict.expect(200)["code"], "api_key_malformed");
    let outside = json!({"secret": scene.secret, "organization": "\u{0}"});
    let verdict = root.post("/v1/keys/verify", &outside).await;
    assert!([200, 422].contains(&verdict.status), "{}", verdict.text());
    scene.assert_untouched_since(&head).await;
}

#[tokio::test]
async fn what_is_not_json_in_utf_8_is_refused_before_anything_is_read() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let root = scene.server.root();
    let deep = format!("{{\"metadata\":{{\"a\":{}", "[".repeat(10_000));
    for body in [
        &b"{\"name\":\"\xff\xfe\"}"[..],
        b"\xef\xbb\xbf{\"name\":\"a\"}",
        b"{\"name\":\"\\ud800\"}",
        b"{\"name\":\"a\"",
        b"{\"name\":\"a\"} {}",
        b"{'name':'a'}",
        b"name=a",
        b"nan",
        deep.as_bytes(),
    ] {
        let call = root.call(Method::POST, "/v1/organizations");
        let answer = call.body("application/json", body.to_vec()).send().await;
        answer.refuses(400, "malformed_json");
    }
    scene.assert_untouched_since(&head).await;
}

/// Two readers of one body must not read two things.
#[tokio::test]
async fn a_field_given_twice_is_refused() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let call = scene.server.root();
    let call = call.call(Method::POST, "/v1/organizations");
    let body = r#"{"name":"a","name":"b"}"#;
    let answer = call.body("application/json", body).send().await;
    answer.refuses(422, "invalid_request");
    scene.assert_untouched_since(&head).await;
}

#[tokio::test]
async fn a_body_of_another_media_type_or_shape_is_refused() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let root = scene.server.root();
    for media_type in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
    ] {
        let call = root.call(Method::POST, "/v1/organizations");
        let answer = call.body(media_type, r#"{"name":"a"}"#).send().await;
        answer.refuses(415, "unsupported_media_type");
    }
    // The fields in their order, without their names, are no object either.
    let in_order = [json!(["a"]), json!(["a", null, {}])];
    let scalars = [json!([]), json!("a"), json!(1), json!(null), json!(true)];
    for body in in_order.into_iter().chain(scalars) {
        let answer = root.post("/v1/organizations", &body).await;
        answer.refuses(422, "invalid_request");
    }
    scene.assert_untouched_since(&head).await;
}
