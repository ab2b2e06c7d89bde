//! `/v1/projects`

use http::Method;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::server::Server;

#[tokio::test]
async fn creating_answers_201_with_the_object_itself() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let body = json!({"id": "alpha", "name": "Alpha", "environment": "test"});
    let made = server.root().post("/v1/projects", body).await;
    let now = server.clock.text();
    let expected = json!({
        "id": "alpha",
        "organization": own,
        "name": "Alpha",
        "environment": "test",
        "created_at": now,
        "version": 1,
        "effective_everywhere_at": now,
    });
    assert_eq!(made.expect(201), expected);
}

#[tokio::test]
async fn who_has_a_role_in_some_projects_sees_those() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    for id in ["alpha", "beta", "gamma"] {
        server.project(&own, id).await;
    }
    // In all of the organization Ann may do nothing.
    let roles = json!({"alpha": "viewer", "gamma": "developer"});
    let body = json!({"organization": own, "email": "ann@example.com", "name": "Ann",
        "role": "none", "project_roles": roles});
    let toml = server.root().get("/v1/profile").await.expect(200)["toml"].clone();
    let toml = format!(
        "{}\n[roles.none]\ntitle = \"None\"\ndescription = \"Nothing.\"\npermissions = []\n\
         manage = []\nplaces = [\"organization\"]\n",
        toml.as_str().unwrap()
    );
    let root = server.root();
    let put = root
        .call(Method::PUT, "/v1/profile")
        .if_match("\"1\"")
        .json(&json!({"toml": toml}));
    assert_eq!(put.send().await.status, 200);
    let made = server.root().post("/v1/members", body).await.expect(201);
    let link = made["id"].as_str().unwrap();
    let link = server.sign_in_link(&server.root(), link).await;
    let ann = Browser::at(&server, &link).await;
    let list = ann.get("/v1/projects").await.expect(200);
    let ids = list["data"].as_array().unwrap().iter();
    let ids: Vec<&str> = ids.map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["gamma", "alpha"]);
    let page = ann.get("/projects").await.text();
    assert!(page.contains("/projects/alpha") && page.contains("/projects/gamma"));
    assert!(!page.contains("beta"));
}

#[tokio::test]
async fn an_id_is_unique_in_its_organization_alone() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    server.project(&own, "alpha").await;
    server.project(&other, "alpha").await;
    let body = json!({"organization": own, "id": "alpha", "name": "Again"});
    let again = server.root().post("/v1/projects", body).await;
    again.refuses(409, "project_already_exists");
    let list = server.root().get("/v1/projects").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_id_is_given_where_none_is_chosen() {
    let server = Server::start().await;
    server.organization("Own").await;
    let body = json!({"name": "Alpha"});
    let made = server.root().post("/v1/projects", body).await.expect(201);
    assert!(made["id"].as_str().unwrap().starts_with("prj_"), "{made}");
    assert_eq!(made["environment"], Value::Null);
}

#[tokio::test]
async fn s_cond_06_if_none_match_makes_a_project_only_where_there_is_none() {
    let server = Server::start().await;
    server.organization("Own").await;
    let root = server.root();
    let create = async || {
        let call = root.call(Method::POST, "/v1/projects");
        let call = call.json(&json!({"id": "alpha", "name": "Alpha"}));
        call.header("if-none-match", "*").send().await
    };
    create().await.expect(201);
    create().await.refuses(412, "precondition_failed");
    assert_eq!(
        server
            .actions()
            .await
            .iter()
            .filter(|it| *it == "project.created")
            .count(),
        1
    );
}

#[tokio::test]
async fn an_organization_is_named_unless_the_caller_sees_exactly_one() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let body = json!({"name": "Alpha"});
    let refused = server.root().post("/v1/projects", body.clone()).await;
    assert_eq!(refused.pointers(), ["/organization"]);
    let admin = server.manager(&own, "admin").await.caller;
    let made = admin.post("/v1/projects", body).await.expect(201);
    assert_eq!(made["organization"], own);
    let foreign = json!({"organization": other, "name": "Mine now"});
    let refused = admin.post("/v1/projects", foreign).await;
    refused.refuses(404, "organization_not_found");
    let none = admin
        .get(&format!("/v1/projects?organization={other}"))
        .await;
    none.refuses(404, "organization_not_found");
    let list = server.root().get("/v1/projects").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_could_hide_a_path_is_no_id() {
    let server = Server::start().await;
    server.organization("Own").await;
    for id in ["", "..", "a/b", "a%2fb", "-a", "a b", "é", &"a".repeat(65)] {
        let body = json!({"id": id, "name": "Alpha"});
        let refused = server.root().post("/v1/projects", body).await;
        assert_eq!(refused.pointers(), ["/id"], "{id:?}");
    }
    let body = json!({"id": "a", "name": "Alpha", "environment": "staging"});
    let refused = server.root().post("/v1/projects", body).await;
    assert_eq!(refused.pointers(), ["/environment"]);
}
