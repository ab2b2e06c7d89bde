//! Fields of the wrong type, unknown ones, missing ones, and values that break a rule.

use http::Method;
use serde_json::{Value, json};

use crate::{Scene, pointers};

#[tokio::test]
async fn a_bad_field_of_a_key_is_named_by_its_pointer() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let root = scene.server.root();
    let grant =
        |fields: Value| json!({"grants": [{"permissions": ["read"], "resource": "*"}, fields]});
    for (fields, pointer) in [
        (json!({"name": 1}), "/name"),
        (json!({"name": null}), "/name"),
        (json!({"name": ""}), "/name"),
        (json!({"name": " padded "}), "/name"),
        (json!({"description": ["a"]}), "/description"),
        (json!({"owner": ""}), "/owner"),
        (json!({"expires_at": "tomorrow"}), "/expires_at"),
        (json!({"expires_at": 1}), "/expires_at"),
        (json!({"environment": "moon"}), "/environment"),
        (json!({"metadata": []}), "/metadata"),
        (json!({"metadata": "a"}), "/metadata"),
        (json!({"ip_rules": "10.0.0.0/8"}), "/ip_rules"),
        (
            json!({"ip_rules": ["10.0.0.0/8", "10.0.0.0/33"]}),
            "/ip_rules/1",
        ),
        (json!({"ip_rules": ["elsewhere"]}), "/ip_rules/0"),
        (json!({"grants": {}}), "/grants"),
        (grant(json!({})), "/grants/1/resource"),
        (
            grant(json!({"permissions": ["read"], "resource": "a/../b"})),
            "/grants/1/resource",
        ),
        (
            grant(json!({"permissions": ["Read"], "resource": "*"})),
            "/grants/1/permissions/0",
        ),
        (
            grant(json!({"role": "emperor", "resource": "*"})),
            "/grants/1/role",
        ),
        (json!({"managed_by": 7}), "/managed_by"),
        // S-ASVS-03: what only Keyway says.
        (json!({"id": "mine"}), "/id"),
        (json!({"status": "active"}), "/status"),
        (json!({"digest": "00"}), "/digest"),
        (json!({"created_by": "me"}), "/created_by"),
        (json!({"version": 9}), "/version"),
        (json!({"expires_At": "2030-01-01T00:00:00Z"}), "/expires_At"),
    ] {
        let body = scene.key_with(&fields);
        let answer = root.post("/v1/keys", &body).await;
        answer.refuses(422, "invalid_request");
        let named = pointers(&answer);
        assert!(named.iter().any(|it| it == pointer), "{fields}: {named:?}");
    }
    scene.assert_untouched_since(&head).await;
}

/// S-PROBLEM-03
#[tokio::test]
async fn several_faults_are_all_named_at_once() {
    let scene = Scene::set().await;
    let fields = json!({"name": "", "owner": "", "ip_rules": ["x"], "environment": "moon"});
    let body = scene.key_with(&fields);
    let answer = scene.server.root().post("/v1/keys", &body).await;
    answer.refuses(422, "invalid_request");
    let mut named = pointers(&answer);
    named.sort();
    assert_eq!(named, ["/environment", "/ip_rules/0", "/name", "/owner"]);
}

/// Method, path, body, and the field that is wrong. Keys come first, then everything else.
type Bad = (Method, String, Value, &'static str);

fn bad_bodies_about_keys(scene: &Scene) -> Vec<Bad> {
    let key = |rest: &str| format!("/v1/keys/{}{rest}", scene.key);
    let post = |path: String, body: Value, pointer| (Method::POST, path, body, pointer);
    let patch = |body: Value, pointer| (Method::PATCH, key(""), body, pointer);
    let verify = |body: Value, pointer| post("/v1/keys/verify".to_owned(), body, pointer);
    let unknown = json!({"surprise": 1});
    let batch = "/v1/keys/verify-batch".to_owned();
    let revoke_batch = "/v1/keys/revoke-batch".to_owned();
    vec![
        patch(json!({"name": 1}), "/name"),
        patch(json!({"grants": null}), "/grants"),
        patch(unknown.clone(), "/surprise"),
        post(key("/revoke"), json!({"reason": 1}), "/reason"),
        post(key("/revoke"), unknown.clone(), "/surprise"),
        post(key("/deactivate"), unknown, "/surprise"),
        post(key("/rotate"), json!({"grace": "soon"}), "/grace"),
        post(key("/rotate"), json!({"grace": "-1h"}), "/grace"),
        post(revoke_batch.clone(), json!({}), ""),
        post(revoke_batch, json!({"filter": {}}), "/filter"),
        verify(json!({}), "/secret"),
        verify(json!({"secret": 1}), "/secret"),
        verify(json!({"secret": "a", "ip": "x"}), "/ip"),
        verify(json!({"secret": "a", "resource": "//"}), "/resource"),
        post(batch, json!({"items": [{"secret": 1}]}), "/items/0/secret"),
    ]
}

fn bad_bodies_about_others(scene: &Scene) -> Vec<Bad> {
    let post = |path: &str, body: Value, pointer| (Method::POST, path.to_owned(), body, pointer);
    let organization = format!("/v1/organizations/{}", scene.organization);
    let wrong = json!({"name": 1});
    let god = json!({"name": "a", "preset": "god"});
    let slash = json!({"id": "a/b", "name": "a"});
    vec![
        post("/v1/organizations", wrong.clone(), "/name"),
        post("/v1/organizations", json!({}), "/name"),
        post("/v1/projects", wrong.clone(), "/name"),
        post("/v1/projects", slash, "/id"),
        post("/v1/management-keys", god, "/preset"),
        (Method::PATCH, organization, wrong, "/name"),
        (
            Method::PUT,
            "/v1/profile".to_owned(),
            json!({"toml": 1}),
            "/toml",
        ),
    ]
}

#[tokio::test]
async fn a_bad_field_is_named_on_every_route_that_reads_a_body() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let root = scene.server.root();
    let bad = bad_bodies_about_keys(&scene).into_iter();
    for (method, path, body, pointer) in bad.chain(bad_bodies_about_others(&scene)) {
        let answer = root.call(method, &path).json(&body).send().await;
        answer.refuses(422, "invalid_request");
        let named = pointers(&answer);
        let is_named = named.iter().any(|it| it == pointer);
        assert!(is_named, "{path} {body}: {named:?}");
    }
    scene.assert_untouched_since(&head).await;
}

#[tokio::test]
async fn a_bad_query_names_the_parameter() {
    let scene = Scene::set().await;
    let root = scene.server.root();
    for (path, pointer) in [
        ("/v1/keys?limit=many", "limit"),
        ("/v1/keys?limit=0", "limit"),
        ("/v1/keys?limit=201", "limit"),
        ("/v1/keys?limit=-1", "limit"),
        ("/v1/keys?status=asleep", "status"),
        ("/v1/keys?include_revoked=maybe", "include_revoked"),
        ("/v1/keys?surprise=1", "surprise"),
        ("/v1/audit?from=yesterday", "from"),
        ("/v1/organizations?limit=1e3", "limit"),
    ] {
        let answer = root.get(path).await;
        answer.refuses(422, "invalid_request");
        let named = pointers(&answer);
        assert!(named.iter().any(|it| it == pointer), "{path}: {named:?}");
    }
    // S-COND-08
    let foreign = root.get("/v1/keys?cursor=abc").await;
    foreign.refuses(400, "cursor_invalid");
    let path = format!("/v1/keys/{}/deactivate?wait=forever", scene.key);
    let answer = root.post(&path, &json!({})).await;
    answer.refuses(422, "invalid_request");
    assert_eq!(pointers(&answer), ["wait"]);
    assert_eq!(scene.server.verdict(&scene.secret).await, "valid");
}

#[tokio::test]
async fn a_query_parameter_given_twice_is_refused() {
    let scene = Scene::set().await;
    let root = scene.server.root();
    for path in [
        "/v1/keys?limit=1&limit=2",
        "/v1/keys?status=active&status=active",
        "/v1/keys?limit=1&%6cimit=2",
        "/v1/audit?actor=a&actor=b",
    ] {
        root.get(path).await.refuses(400, "duplicate_parameter");
    }
    let holder = scene.server.nobody().with(&scene.secret);
    for path in [
        "/v1/authorize?permission=read&resource=*&resource=project/a",
        "/v1/authorize?organization=a&organization=a",
        "/v1/authorize?environment=live&environment=test",
    ] {
        holder.get(path).await.refuses(400, "duplicate_parameter");
    }
    // nginx knows no 400.
    let path = "/v1/authorize?proxy=nginx&resource=*&resource=project/a";
    holder.get(path).await.refuses(401, "duplicate_parameter");
}
