//! One over each limit is refused, and exactly the limit is not.

use http::Method;
use keyway_tests::raw;
use serde_json::{Value, json};

use crate::{Scene, pointers};

const BODY_BYTES_MAX: usize = 64 << 10;
const HEADER_BYTES_MAX: usize = 8 << 10;

/// A value of this size, counted as the limit counts.
type Sized = fn(usize) -> Value;

/// Field, limit, how to make a value of a size, and what is named.
const FIELDS: &[(&str, usize, Sized)] = &[
    ("name", 253, |size| json!("é".repeat(size))),
    ("description", 1_024, |size| json!("é".repeat(size))),
    ("owner", 253, |size| json!("é".repeat(size))),
    ("managed_by", 253, |size| json!("é".repeat(size))),
    // {"a":"…"} as compact JSON.
    ("metadata", 4_096, |size| json!({"a": "x".repeat(size - 8)})),
    ("grants", 64, |size| {
        let grant =
            |number| json!({"permissions": ["read"], "resource": format!("project/p{number}")});
        (0..size).map(grant).collect()
    }),
    ("ip_rules", 64, |size| {
        (0..size)
            .map(|number| json!(format!("10.0.{number}.0/24")))
            .collect()
    }),
];

#[tokio::test]
async fn a_field_may_be_as_large_as_its_limit_and_not_one_larger() {
    let scene = Scene::set().await;
    let root = scene.server.root();
    for (field, limit, sized) in FIELDS {
        let largest = scene.key_with(&json!({*field: sized(*limit)}));
        let answer = root.post("/v1/keys", &largest).await;
        assert_eq!(answer.status, 201, "{field}: {}", answer.text());
        let head = scene.head().await;
        let larger = scene.key_with(&json!({*field: sized(limit + 1)}));
        let answer = root.post("/v1/keys", &larger).await;
        answer.refuses(422, "invalid_request");
        assert_eq!(pointers(&answer), [format!("/{field}")]);
        let edit = json!({*field: sized(limit + 1)});
        let answer = root.patch(&format!("/v1/keys/{}", scene.key), &edit).await;
        answer.refuses(422, "invalid_request");
        assert_eq!(pointers(&answer), [format!("/{field}")]);
        scene.assert_untouched_since(&head).await;
    }
}

#[tokio::test]
async fn a_batch_may_have_a_thousand_items_and_not_one_more() {
    let scene = Scene::set().await;
    let root = scene.server.root();
    // Short, so that the body's own limit is not met first.
    let secrets = |count: usize| vec![json!("a"); count];
    let items = |count: usize| vec![json!({"secret": "a"}); count];
    let verify = "/v1/keys/verify-batch";
    let fine = root.post(verify, &json!({"items": items(1_000)})).await;
    assert_eq!(fine.expect(200)["data"].as_array().unwrap().len(), 1_000);
    let answer = root.post(verify, &json!({"items": items(1_001)})).await;
    answer.refuses(422, "invalid_request");
    assert_eq!(pointers(&answer), ["/items"]);

    let revoke = "/v1/keys/revoke-batch";
    let fine = root.post(revoke, &json!({"secrets": secrets(1_000)})).await;
    assert_eq!(fine.expect(200)["data"].as_array().unwrap().len(), 1_000);
    let answer = root.post(revoke, &json!({"secrets": secrets(1_001)})).await;
    answer.refuses(422, "invalid_request");
    assert_eq!(pointers(&answer), ["/secrets"]);
}

/// The thousand that the documents promise are real keys, which are longer than one letter.
#[tokio::test]
async fn a_batch_of_a_thousand_real_secrets_fits_into_a_body() {
    let scene = Scene::set().await;
    let root = scene.server.root();
    let item = json!({"secret": scene.secret, "permissions": ["read"], "resource": "*"});
    let body = json!({"items": vec![item; 1_000]});
    let answer = root.post("/v1/keys/verify-batch", &body).await;
    assert_eq!(answer.expect(200)["data"][999]["valid"], true);
    let body = json!({"secrets": vec![scene.secret.as_str(); 1_000]});
    let answer = root.post("/v1/keys/revoke-batch", &body).await.expect(200);
    assert_eq!(answer["data"][0]["result"], "revoked");
    assert_eq!(answer["data"].as_array().unwrap().len(), 1_000);
    assert_eq!(scene.server.verdict(&scene.secret).await, "api_key_revoked");
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused_however_it_is_announced() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let root = scene.server.root();
    let body = |size: usize| format!("{{\"secret\":\"{}\"}}", "x".repeat(size - 13));
    let fits = root.call(Method::POST, "/v1/keys/verify");
    let fits = fits
        .body("application/json", body(BODY_BYTES_MAX))
        .send()
        .await;
    assert_eq!(fits.expect(200)["code"], "api_key_malformed");
    for path in ["/v1/keys", "/v1/keys/verify", "/v1/organizations"] {
        let over = root.call(Method::POST, path);
        let over = over
            .body("application/json", body(BODY_BYTES_MAX + 1))
            .send()
            .await;
        over.refuses(413, "body_too_large");
    }
    let chunked = format!(
        "POST /v1/keys/verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
         {:x}\r\n{}\r\n0\r\n\r\n",
        scene.server.root_key(),
        BODY_BYTES_MAX + 1,
        body(BODY_BYTES_MAX + 1)
    );
    let answer = raw::exchange(scene.server.authority(), chunked.as_bytes()).await;
    answer.unwrap().refuses(413, "body_too_large");
    scene.assert_untouched_since(&head).await;
}

#[tokio::test]
async fn headers_over_their_limit_are_refused() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let nobody = scene.server.nobody();
    let call = nobody.call(Method::GET, "/healthz");
    let fits = call.header("x-large", &"x".repeat(HEADER_BYTES_MAX - 400));
    assert_eq!(fits.send().await.status, 200);
    for path in ["/healthz", "/v1/keys", "/v1/authorize"] {
        let call = nobody.call(Method::GET, path);
        let over = call.header("x-large", &"x".repeat(HEADER_BYTES_MAX + 1));
        over.send().await.refuses(431, "headers_too_large");
    }
    let many = (0..500).fold(String::new(), |all, number| {
        all + &format!("x-{number}: 1\r\n")
    });
    let request = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{many}\r\n");
    let answer = raw::exchange(scene.server.authority(), request.as_bytes()).await;
    assert_eq!(answer.unwrap().status, 431);
    scene.assert_untouched_since(&head).await;
}

/// Wherever a megabyte of key may be put.
#[tokio::test]
async fn a_key_of_a_megabyte_is_refused_everywhere() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let large = "k".repeat(1 << 20);
    let root = scene.server.root();
    let body = json!({"secret": large});
    let answer = root.post("/v1/keys/verify", &body).await;
    answer.refuses(413, "body_too_large");
    for line in [
        format!("GET /v1/authorize HTTP/1.1\r\nAuthorization: Bearer {large}"),
        format!("GET /v1/authorize HTTP/1.1\r\nX-API-Key: {large}"),
        format!("GET /v1/authorize?api_key={large} HTTP/1.1"),
        format!("GET /v1/keys/{large} HTTP/1.1"),
    ] {
        let request = format!("{line}\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = raw::exchange(scene.server.authority(), request.as_bytes()).await;
        // It may hang up while we are still talking, and then nothing can be heard.
        let status = answer.map_or(431, |answer| answer.status);
        assert!([414, 431].contains(&status), "{status}");
    }
    scene.assert_untouched_since(&head).await;
}
