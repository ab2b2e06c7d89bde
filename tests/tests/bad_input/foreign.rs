//! S-ASVS-01: what belongs to another organization answers like what does not exist, byte for byte.

use http::Method;
use keyway_tests::client::Answer;
use keyway_tests::server::text;
use serde_json::{Value, json};

use crate::Scene;

/// Without what is never the same twice, and without the id that was asked for.
fn comparable(answer: &Answer, id: &str) -> Value {
    let mut body = answer.json();
    let fields = body.as_object_mut().unwrap();
    fields.remove("request_id");
    let text = body.to_string().replace(id, "ID");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn another_organizations_objects_answer_like_missing_ones() {
    let scene = Scene::set().await;
    let other = scene.server.organization("Other").await;
    let secret = scene.server.management_key("admin", &other).await;
    let other = scene.server.nobody().with(&secret);
    let head = scene.head().await;
    let key = &scene.key;
    let organization = &scene.organization;
    for (method, path, theirs, body) in [
        (Method::GET, "/v1/keys/{}", key, None),
        (
            Method::PATCH,
            "/v1/keys/{}",
            key,
            Some(json!({"name": "mine"})),
        ),
        (Method::DELETE, "/v1/keys/{}", key, None),
        (Method::GET, "/v1/keys/{}/usage", key, None),
        (Method::POST, "/v1/keys/{}/revoke", key, Some(json!({}))),
        (Method::POST, "/v1/keys/{}/rotate", key, Some(json!({}))),
        (Method::POST, "/v1/keys/{}/activate", key, Some(json!({}))),
        (Method::POST, "/v1/keys/{}/deactivate", key, Some(json!({}))),
        (Method::GET, "/v1/organizations/{}", organization, None),
        (
            Method::PATCH,
            "/v1/organizations/{}",
            organization,
            Some(json!({"name": "mine"})),
        ),
        (Method::GET, "/v1/keys?organization={}", organization, None),
        (
            Method::GET,
            "/v1/projects?organization={}",
            organization,
            None,
        ),
        (Method::GET, "/v1/audit?organization={}", organization, None),
    ] {
        let mut answers = Vec::new();
        for id in [theirs.as_str(), "missing00000"] {
            let call = other.call(method.clone(), &path.replace("{}", id));
            let answer = match &body {
                Some(body) => call.json(body).send().await,
                None => call.send().await,
            };
            answers.push((answer.status, comparable(&answer, id)));
        }
        assert_eq!(answers[0].0, 404, "{method} {path}: {:?}", answers[0]);
        assert_eq!(answers[0], answers[1], "{method} {path}");
    }
    scene.assert_untouched_since(&head).await;
}

#[tokio::test]
async fn a_list_shows_nothing_of_another_organization() {
    let scene = Scene::set().await;
    let other = scene.server.organization("Other").await;
    let secret = scene.server.management_key("admin", &other).await;
    let other = scene.server.nobody().with(&secret);
    for path in [
        "/v1/organizations",
        "/v1/projects",
        "/v1/keys",
        "/v1/keys?q=a",
        "/v1/management-keys",
        "/v1/audit",
    ] {
        let list = other.get(path).await;
        assert_eq!(list.status, 200, "{path}");
        for theirs in [&scene.organization, &scene.key] {
            assert!(!list.text().contains(theirs), "{path}: {}", list.text());
        }
    }
    let call = other.call(Method::GET, "/v1/audit");
    let export = call.header("accept", "application/x-ndjson").send().await;
    assert!(
        !export.text().contains(&scene.organization),
        "{}",
        export.text()
    );
}

/// S-ASVS-04: an organization in a request selects among those that the credential may see.
#[tokio::test]
async fn naming_another_organization_gives_no_way_in() {
    let scene = Scene::set().await;
    let other = scene.server.organization("Other").await;
    let secret = scene.server.management_key("admin", &other).await;
    let other = scene.server.nobody().with(&secret);
    let head = scene.head().await;
    for (path, body) in [
        (
            "/v1/keys",
            json!({"organization": scene.organization, "name": "a"}),
        ),
        (
            "/v1/projects",
            json!({"organization": scene.organization, "name": "a"}),
        ),
        (
            "/v1/management-keys",
            json!({"organization": scene.organization, "name": "a", "preset": "read-only"}),
        ),
        (
            "/v1/keys/revoke-batch",
            json!({"filter": {"organization": scene.organization}}),
        ),
    ] {
        let answer = other.post(path, &body).await;
        answer.refuses(404, "organization_not_found");
    }
    let all = json!({"organization": "*", "name": "a", "preset": "admin"});
    let wider = other.post("/v1/management-keys", &all).await;
    assert!([403, 404].contains(&wider.status), "{}", wider.text());
    // A key that it may not see is one that does not exist, also to its holder's questions.
    let asked = json!({"secret": scene.secret});
    let asked = other.post("/v1/keys/verify", &asked).await.expect(200);
    assert_eq!(text(&asked, "/code"), "api_key_invalid");
    assert_eq!(asked.get("key"), None);
    let leaked = json!({"secrets": [scene.secret]});
    let leaked = other.post("/v1/keys/revoke-batch", &leaked).await;
    assert_eq!(leaked.expect(200)["data"][0]["result"], "unknown");
    scene.assert_untouched_since(&head).await;
}
