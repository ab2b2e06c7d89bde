//! `/v1/resources`

use http::Method;
use serde_json::{Value, json};

use crate::caller::{Answer, Caller};
use crate::server::Server;

const WF_9: &str = "/v1/resources/project/alpha/workflow/wf_9";

async fn put(caller: &Caller, path: &str, name: &str) -> Answer {
    let call = caller.call(Method::PUT, path);
    call.json(&json!({"name": name})).send().await
}

async fn with_project() -> (Server, String) {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    server.project(&own, "alpha").await;
    (server, own)
}

#[tokio::test]
async fn telling_answers_201_then_200_and_showing_gives_the_same() {
    let (server, own) = with_project().await;
    let root = server.root();
    let first = put(&root, WF_9, "Mail").await;
    let now = server.clock.text();
    let mut expected = json!({
        "path": "project/alpha/workflow/wf_9",
        "organization": own,
        "name": "Mail",
        "created_at": now,
        "version": 1,
        "effective_everywhere_at": now,
    });
    assert_eq!(first.expect(201), expected);
    assert_eq!(first.etag(), "\"1\"");
    let same = put(&root, WF_9, "Mail").await;
    assert_eq!(same.expect(200), expected);
    let renamed = put(&root, WF_9, "Post").await.expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["version"]),
        (&json!("Post"), &json!(2))
    );
    expected["name"] = json!("Post");
    expected["version"] = json!(2);
    expected
        .as_object_mut()
        .unwrap()
        .remove("effective_everywhere_at");
    let shown = root.get(WF_9).await;
    assert_eq!(
        (shown.expect(200), shown.etag().as_str()),
        (expected.clone(), "\"2\"")
    );
    let list = root.get("/v1/resources").await.expect(200);
    assert_eq!(list, json!({"data": [expected], "next_cursor": null}));
    let told: Vec<String> = server.actions().await;
    let told: Vec<&String> = told
        .iter()
        .filter(|it| it.starts_with("resource."))
        .collect();
    assert_eq!(told, ["resource.created", "resource.updated"]);
}

#[tokio::test]
async fn a_path_means_the_same_with_its_slashes_encoded() {
    let (server, _) = with_project().await;
    let root = server.root();
    let encoded = "/v1/resources/project%2Falpha%2Fworkflow%2Fwf_9";
    put(&root, encoded, "Mail").await.expect(201);
    assert_eq!(root.get(WF_9).await.expect(200)["name"], "Mail");
}

#[tokio::test]
async fn what_was_taken_back_is_gone_and_keys_that_reach_it_stay() {
    let (server, own) = with_project().await;
    let root = server.root();
    put(&root, WF_9, "Mail").await.expect(201);
    let grants = json!([{"permissions": ["read"], "resource": "project/alpha/workflow/wf_9"}]);
    let key = server.key(&own, json!({"grants": grants})).await;
    let done = root.delete(WF_9).await.expect(200);
    assert_eq!(
        done,
        json!({"effective_everywhere_at": server.clock.text()})
    );
    for answer in [root.get(WF_9).await, root.delete(WF_9).await] {
        answer.refuses(404, "resource_not_found");
    }
    let question = json!({
        "secret": key.secret, "permissions": ["read"],
        "resource": "project/alpha/workflow/wf_9",
    });
    assert_eq!(server.ask(question).await["valid"], true);
}

#[tokio::test]
async fn s_cond_05_a_version_that_moved_is_neither_renamed_nor_taken_back() {
    let (server, _) = with_project().await;
    let root = server.root();
    put(&root, WF_9, "Mail").await.expect(201);
    for method in [Method::PUT, Method::DELETE] {
        let call = root.call(method, WF_9).if_match("\"7\"");
        let moved = call.json(&json!({"name": "Post"})).send().await;
        moved.refuses(412, "precondition_failed");
    }
    assert_eq!(root.get(WF_9).await.expect(200)["name"], "Mail");
    let call = root.call(Method::PUT, WF_9).if_match("\"1\"");
    let renamed = call.json(&json!({"name": "Post"})).send().await.expect(200);
    assert_eq!(renamed["version"], 2);
}

#[tokio::test]
async fn what_is_no_path_inside_a_project_is_refused() {
    let (server, _) = with_project().await;
    let root = server.root();
    for path in [
        "project/alpha",
        "workflow/wf_9",
        "*",
        "project/alpha//wf_9",
        "project/alpha/%2e%2e/wf_9",
        "project/alpha/workflow/wf%209",
        "project/alpha/workflow/%ff",
    ] {
        let refused = put(&root, &format!("/v1/resources/{path}"), "Mail").await;
        assert_eq!(refused.pointers(), ["path"], "{path}");
        let none = root.get(&format!("/v1/resources/{path}")).await;
        none.refuses(404, "resource_not_found");
    }
    let refused = put(&root, WF_9, "").await;
    assert_eq!(refused.pointers(), ["/name"]);
    let unknown = put(&root, "/v1/resources/project/beta/workflow/w", "Mail").await;
    unknown.refuses(404, "project_not_found");
    let list = root.get("/v1/resources?prefix=workflow").await;
    assert_eq!(list.pointers(), ["prefix"]);
}

#[tokio::test]
async fn another_organization_neither_sees_nor_tells() {
    let (server, own) = with_project().await;
    let other = server.organization("Other").await;
    let whose = format!("{WF_9}?organization={own}");
    put(&server.root(), &whose, "Mail").await.expect(201);
    let stranger = server.manager(&other, "admin").await.caller;
    for answer in [
        stranger.get(&whose).await,
        stranger.delete(&whose).await,
        put(&stranger, &whose, "Mine").await,
        stranger
            .get(&format!("/v1/resources?organization={own}"))
            .await,
    ] {
        answer.refuses(404, "organization_not_found");
    }
    stranger.get(WF_9).await.refuses(404, "resource_not_found");
    let list = stranger.get("/v1/resources").await.expect(200);
    assert_eq!(list["data"], json!([]));
    let unnamed = server.root().get(WF_9).await;
    assert_eq!(unnamed.pointers(), ["organization"]);
}

#[tokio::test]
async fn a_list_is_cut_to_a_path_and_goes_on_page_by_page() {
    let (server, _) = with_project().await;
    let root = server.root();
    for id in ["w1", "w2", "w10"] {
        let path = format!("/v1/resources/project/alpha/workflow/{id}");
        put(&root, &path, id).await.expect(201);
        server.clock.advance(1);
    }
    let mut path = "/v1/resources?prefix=project/alpha/workflow&limit=2".to_owned();
    let mut names: Vec<Value> = Vec::new();
    loop {
        let page = root.get(&path).await.expect(200);
        let rows = page["data"].as_array().unwrap();
        names.extend(rows.iter().map(|it| it["name"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/resources?prefix=project/alpha/workflow&limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["w10", "w2", "w1"]);
    let one = root
        .get("/v1/resources?prefix=project/alpha/workflow/w1")
        .await;
    assert_eq!(one.expect(200)["data"].as_array().unwrap().len(), 1);
}
