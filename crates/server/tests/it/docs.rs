//! `/openapi.json`, `/docs`, `/problems`: what the server says of itself is what it does.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use keyway_api::code::Code;
use serde_json::{Value, json};

use crate::caller::Answer;
use crate::server::{ROOT, Server};

/// Where routes are registered.
const ROUTES: &str = include_str!("../../src/routes.rs");
const METHODS: [Method; 6] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// Path, and its methods as the document has them.
async fn documented(server: &Server) -> BTreeMap<String, BTreeSet<String>> {
    let document = server.nobody().get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = |item: &Value| {
        item.as_object()
            .unwrap()
            .keys()
            .map(|it| it.to_uppercase())
            .collect()
    };
    paths
        .map(|(path, item)| (path.clone(), methods(item)))
        .collect()
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let server = Server::start().await;
    let document = server.nobody().get("/openapi.json").await.expect(200);
    let mut seen = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(seen.insert(name), "{name}");
        }
    }
    assert!(seen.contains("keys_verify_batch") && seen.contains("whoami"));
}

#[tokio::test]
async fn s_asvs_20_router_document_and_page_name_the_same_routes() {
    let server = Server::start().await;
    let documented = documented(&server).await;
    // Every string in the router that is a path, and the one that branches off before it.
    let mut routed: BTreeSet<String> = ROUTES
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|it| it.starts_with('/'))
        // The document knows no parameter of several segments.
        .map(|it| it.replace("{*", "{"))
        .collect();
    routed.insert("/v1/authorize".to_owned());
    let named: BTreeSet<String> = documented.keys().cloned().collect();
    assert_eq!(routed, named);
    let page = server.nobody().get("/docs").await.text();
    for (path, methods) in &documented {
        for method in methods {
            assert!(
                page.contains(&format!("<code>{method} {path}</code>")),
                "{method} {path}"
            );
        }
    }
    let headings = page.matches("<h2><code>").count();
    assert_eq!(
        headings,
        documented.values().map(BTreeSet::len).sum::<usize>()
    );
}

#[tokio::test]
async fn s_asvs_20_each_path_answers_to_its_documented_methods_and_to_no_other() {
    let server = Server::start().await;
    for (path, methods) in documented(&server).await {
        // One request for all methods.
        if path == "/v1/authorize" {
            continue;
        }
        let call = path.replace("{id}", "nobody").replace("{code}", "nobody");
        let call = call.replace("{path}", "project/a/b");
        for method in METHODS {
            let answer = server.nobody().call(method.clone(), &call).send().await;
            let is_there = methods.contains(method.as_str());
            assert_eq!(
                answer.status != 405,
                is_there,
                "{method} {path}: {}",
                answer.text()
            );
            if is_there {
                assert_ne!(answer.code(), "route_not_found", "{method} {path}");
                continue;
            }
            let allowed: BTreeSet<String> = answer
                .header("allow")
                .split(',')
                .map(|it| it.trim().to_owned())
                .collect();
            let mut expected = methods.clone();
            if expected.contains("GET") {
                expected.insert("HEAD".to_owned());
            }
            assert_eq!(allowed, expected, "{method} {path}");
        }
    }
    // A person who comes without a session is led to where they sign in.
    let start = server.nobody().get("/").await;
    assert_eq!(start.status, 303);
    for path in [
        "/v1",
        "/v1/",
        "/v1/keys/",
        "/v1/keys/a/b",
        "/debug",
        "/v2/keys",
        "//v1/keys",
    ] {
        server
            .root()
            .get(path)
            .await
            .refuses(404, "route_not_found");
    }
}

#[tokio::test]
async fn s_problem_05_every_code_has_a_page_and_is_in_the_document() {
    let server = Server::start().await;
    let document = server.nobody().get("/openapi.json").await.text();
    let list = server.nobody().get("/problems").await.text();
    for code in Code::ALL {
        let name = code.name();
        let page = server.nobody().get(&format!("/problems/{name}")).await;
        assert_eq!(page.status, 200, "{name}");
        let text = page.text();
        assert!(
            text.contains(&format!("<code>{name}</code>, HTTP {}", code.status())),
            "{name}"
        );
        assert!(
            text.contains("What happened") && text.contains("What to do"),
            "{name}"
        );
        assert!(
            list.contains(&format!("href=\"/problems/{name}\"")),
            "{name}"
        );
        // A method that is not there is in no document.
        let is_of_an_operation = code.status() != 405;
        assert!(
            document.contains(name) || !is_of_an_operation,
            "{name} is in no answer"
        );
    }
    assert_eq!(list.matches("href=\"/problems/").count(), Code::ALL.len());
    server
        .nobody()
        .get("/problems/nobody")
        .await
        .refuses(404, "problem_not_found");
}

/// A code that nothing answers with is a promise that nobody keeps.
#[test]
fn s_problem_05_every_code_is_used_in_the_source() {
    let mut source = String::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                source += &std::fs::read_to_string(path).unwrap_or_default();
            }
        }
    }
    let reasons = keyway_core::decide::REASON_CODES;
    let unused: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !reasons.contains(&code.name()))
        .filter(|code| !source.contains(&format!("Code::{code:?}")))
        .map(|code| code.name())
        .collect();
    assert_eq!(unused, Vec::<&str>::new());
}

#[tokio::test]
async fn s_problem_02_a_type_is_an_absolute_address_with_a_page() {
    let server = Server::start().await;
    let refused = server.root().get("/v1/keys/nobody").await;
    let request_id = refused.header("x-request-id");
    let expected = json!({
        "type": "https://keys.example/problems/key_not_found",
        "title": "There is no such key",
        "status": 404,
        "detail": "No key that the caller may see has this id; it may have been deleted.",
        "instance": "/v1/keys/nobody",
        "code": "key_not_found",
        "request_id": request_id,
    });
    assert_eq!(refused.json(), expected);
    let page = server.nobody().get("/problems/key_not_found").await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn s_asvs_21_pages_run_nothing_and_load_nothing_from_elsewhere() {
    let server = Server::start().await;
    for path in ["/docs", "/problems", "/problems/key_not_found"] {
        let page = server.nobody().get(path).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(
            !policy.contains("unsafe") && !policy.contains("script-src"),
            "{policy}"
        );
        let text = page.text();
        for outside in ["<script", "src=", "http://", "https://", "@import", "url("] {
            assert!(!text.contains(outside), "{path} has {outside}");
        }
    }
    let api = server.root().get("/v1/keys").await;
    let policy = "default-src 'none'; frame-ancestors 'none'";
    assert_eq!(api.header("content-security-policy"), policy);
    assert_eq!(
        api.header("strict-transport-security"),
        "",
        "this server speaks no TLS"
    );
}

#[tokio::test]
async fn s_problem_01_what_cannot_be_read_is_a_problem_too() {
    let server = Server::start().await;
    let root = server.root();
    let send = async |media_type: &str, body: &[u8]| -> Answer {
        let call = root.call(Method::POST, "/v1/keys/verify");
        call.body(media_type, body.to_vec()).send().await
    };
    send("text/plain", b"{}")
        .await
        .refuses(415, "unsupported_media_type");
    send("application/x-www-form-urlencoded", b"secret=x")
        .await
        .refuses(415, "unsupported_media_type");
    send("application/json", b"{")
        .await
        .refuses(400, "malformed_json");
    send("application/json", b"[]")
        .await
        .refuses(422, "invalid_request");
    send("application/json", b"{\"secret\":\"\xff\"}")
        .await
        .refuses(400, "malformed_json");
    send("application/json", b"{\"secret\":\"x\"} x")
        .await
        .refuses(400, "malformed_json");
    let deep = format!("{{\"secret\":{}", "[".repeat(10_000));
    assert!(matches!(
        send("application/json", deep.as_bytes()).await.status,
        400 | 422
    ));
    let large = format!("{{\"secret\":\"{}\"}}", "x".repeat(65_536));
    send("application/json", large.as_bytes())
        .await
        .refuses(413, "body_too_large");
    let vendor = send("Application/JSON; charset=utf-8", b"{\"secret\":\"x\"}").await;
    vendor.expect(200);
    let header = root
        .call(Method::GET, "/v1/keys")
        .header("x-big", &"x".repeat(8_192));
    header.send().await.refuses(431, "headers_too_large");
    let path = format!("/v1/keys?owner={}", "x".repeat(8_192));
    root.get(&path).await.refuses(414, "uri_too_long");
    root.call(Method::OPTIONS, "/v1/keys")
        .send()
        .await
        .refuses(405, "method_not_allowed");
}

#[tokio::test]
async fn what_the_caller_does_not_accept_is_refused() {
    let server = Server::start().await;
    let root = server.root();
    let get = async |accept: &str| {
        root.call(Method::GET, "/v1/keys")
            .header("accept", accept)
            .send()
            .await
    };
    for fine in [
        "*/*",
        "application/json",
        "text/html, application/*;q=0.8",
        "application/problem+json",
        "APPLICATION/JSON",
    ] {
        get(fine).await.expect(200);
    }
    for other in [
        "text/html",
        "image/png, text/*",
        "application/xml",
        "application/json;q=0",
    ] {
        get(other).await.refuses(406, "not_acceptable");
    }
    let nothing = root
        .call(Method::DELETE, "/v1/keys/nobody")
        .header("accept", "text/html");
    nothing.send().await.refuses(406, "not_acceptable");
}

#[tokio::test]
async fn a_request_id_is_our_own_whatever_is_sent() {
    let server = Server::start().await;
    let root = server.root();
    let call = root
        .call(Method::GET, "/v1/keys")
        .header("x-request-id", "mine");
    let first = call.send().await.header("x-request-id");
    let second = root.get("/v1/keys").await.header("x-request-id");
    assert!(first != "mine" && first != second, "{first} {second}");
    assert!(!first.contains(ROOT));
}
