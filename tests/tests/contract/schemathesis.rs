//! Schemathesis reads `/openapi.json` and tries whatever the document lets it.

use std::process::Command;

use keyway_tests::binary;
use keyway_tests::server::{Server, text};
use keyway_tests::tree;
use serde_json::{Value, json};

/// For each operation and phase. More finds little more and takes as much longer.
const EXAMPLES_MAX: &str = "20";
/// Whoever reads a failure must be able to see it again.
const SEED: &str = "1";
const HOOKS: &str = "tests/tests/contract/hooks.py";
/// So many that some are left when the last operation is tried.
const OBJECTS: usize = 40;
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

#[tokio::test]
async fn no_answer_is_a_server_error_or_undocumented() {
    let server = Server::start().await;
    let ids = ids(&server).await;
    let token = server.management_key("admin", "*").await;
    let program = binary::build_folder().join("schemathesis/bin/st");
    let reports = tempfile::tempdir().unwrap();
    let output = Command::new(binary::installed(&program))
        .arg("run")
        .arg(format!("{}/openapi.json", server.url()))
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", EXAMPLES_MAX, "--seed", SEED])
        // An answer that never ends.
        .args(["--exclude-path", "/v1/follow"])
        .args(["--continue-on-failure", "--no-shrink"])
        .env("SCHEMATHESIS_HOOKS", tree::root().join(HOOKS))
        .env("KEYWAY_IDS", ids.to_string())
        // Where it keeps what it learned.
        .current_dir(reports.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let log = server.log_text();
    let broken = log.lines().find(|line| line.contains("panicked"));
    assert_eq!(broken, None);
}

/// Noun, and ids of things that are there.
async fn ids(server: &Server) -> Value {
    let root = server.root();
    let mut ids = [Vec::new(), Vec::new(), Vec::new()];
    for number in 0..OBJECTS {
        let organization = server.organization("Acme").await;
        ids[1].push(server.key(&organization, json!({})).await.0);
        let body = json!({
            "name": format!("number {number}"), "preset": "admin", "organization": organization,
        });
        let made = root.post("/v1/management-keys", &body).await.expect(201);
        ids[2].push(text(&made, "/key/id"));
        ids[0].push(organization);
    }
    let [organizations, keys, management_keys] = ids.map(|ids| ids.join(","));
    json!({"organizations": organizations, "keys": keys, "management-keys": management_keys})
}
