//! One of each refusal of the protocol itself. That its headers and body are as they should be holds
//! for every answer of every test; here they are provoked.

use http::Method;
use keyway_tests::server::Server;
use serde_json::json;

use crate::authorization::issue_tokens;
use crate::routes;

/// S-PROBLEM-06: the methods that a path has stand in `Allow`.
#[tokio::test]
async fn a_method_that_a_path_has_not_is_405_and_names_those_it_has() {
    let server = Server::start().await;
    let root = server.root();
    for (path, methods) in routes::documented(&server).await {
        // It answers to any method, since a proxy may ask in any way.
        if path == "/v1/authorize" {
            continue;
        }
        let called = path
            .replace("{id}", "x")
            .replace("{path}", "project/x/y")
            .replace("{code}", "x");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"] {
            if methods.contains(method) {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let answer = root.call(method, &called).send().await;
            answer.refuses(405, "method_not_allowed");
            let allowed = answer.header("allow");
            for method in &methods {
                assert!(
                    allowed.split(',').any(|it| it.trim() == method),
                    "{path}: {allowed}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_is_none_is_404_for_everybody() {
    let server = Server::start().await;
    for caller in [server.root(), server.nobody().clone()] {
        for path in [
            "/nowhere",
            "/v1",
            "/v1/",
            "/v1/keys/",
            "/v1//keys",
            "/v1/Keys",
            "/V1/keys",
        ] {
            caller.get(path).await.refuses(404, "route_not_found");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_accepted_or_read_has_a_code_of_its_own() {
    let server = Server::start().await;
    let root = server.root();
    let call = root
        .call(Method::GET, "/v1/keys")
        .header("accept", "image/png");
    call.send().await.refuses(406, "not_acceptable");
    let call = root.call(Method::POST, "/v1/organizations");
    let answer = call.body("text/csv", "name\na\n").send().await;
    answer.refuses(415, "unsupported_media_type");
    let organization = server.organization("Acme").await;
    let path = format!("/v1/organizations/{organization}");
    let call = root
        .call(Method::PATCH, &path)
        .header("if-match", "\"999\"");
    let answer = call.json(&json!({"name": "b"})).send().await;
    answer.refuses(412, "precondition_failed");
}

/// S-PROBLEM-02: whoever reads a code can read what to do about it.
#[tokio::test]
async fn every_code_that_was_seen_has_a_page() {
    let server = Server::start().await;
    let nobody = server.nobody();
    nobody.get("/v1/keys").await;
    server.root().get("/v1/keys/none").await;
    server.root().get("/nowhere").await;
    server.root().post("/v1/keys", &json!({"name": 1})).await;
    let codes = [
        "credential_missing",
        "key_not_found",
        "route_not_found",
        "invalid_request",
    ];
    for code in codes {
        let page = nobody.get(&format!("/problems/{code}")).await;
        assert_eq!(page.status, 200, "{code}");
        assert!(page.text().contains(code), "{code}");
    }
    nobody
        .get("/problems/none")
        .await
        .refuses(404, "problem_not_found");
}

/// S-ASVS-13, S-TELEMETRY-09: loopback is no credential.
#[tokio::test]
async fn nothing_but_the_public_pages_is_open() {
    let server = Server::start().await;
    issue_tokens(&server).await;
    for (path, methods) in routes::documented(&server).await {
        let called = path
            .replace("{id}", "x")
            .replace("{path}", "project/x/y")
            .replace("{code}", "key_not_found");
        for method in methods {
            let call = server.nobody().call(method.parse().unwrap(), &called);
            let status = call.send().await.status;
            let expected = match path.as_str() {
                // A bare call brings no form.
                "/v1/tokens" => 415,
                public if routes::PUBLIC.contains(&public) => 200,
                _ => 401,
            };
            assert_eq!(status, expected, "{method} {path}");
        }
    }
    server
        .nobody()
        .get("/metrics")
        .await
        .refuses(401, "credential_missing");
}
