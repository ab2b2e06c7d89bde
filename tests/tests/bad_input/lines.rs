//! Bad lines of an import stop nothing else.

use http::Method;
use keyway_tests::client::Answer;
use serde_json::{Value, json};

use crate::Scene;

fn digest(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

async fn import(scene: &Scene, lines: &str) -> Answer {
    let root = scene.server.root();
    let call = root.call(Method::POST, "/v1/keys/import");
    call.body("application/x-ndjson", lines.to_owned())
        .send()
        .await
}

#[tokio::test]
async fn a_bad_line_is_reported_and_the_others_are_imported() {
    let scene = Scene::set().await;
    let line = |number: u8, fields: Value| {
        let mut line = json!({
            "organization": scene.organization,
            "name": "imported",
            "sha256": digest(number),
            "display_prefix": "old_",
        });
        line.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        line.to_string()
    };
    let lines = [
        line(1, json!({})),
        "{".to_owned(),
        line(2, json!({"surprise": 1})),
        line(3, json!({"name": ""})),
        line(4, json!({"sha256": "short"})),
        line(5, json!({"organization": "missing"})),
        line(1, json!({"name": "again"})),
        line(6, json!({"name": "x".repeat(70_000)})),
        line(7, json!({"name": "a\u{0}b"})),
        line(8, json!({})),
    ];
    let answer = import(&scene, &lines.join("\n")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let said: Vec<Value> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (totals, refusals) = said.split_last().unwrap();
    assert_eq!(totals, &json!({"imported": 2, "refused": 8}));
    let found: Vec<(u64, &str)> = refusals
        .iter()
        .map(|it| (it["line"].as_u64().unwrap(), it["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            (2, "malformed_json"),
            (3, "invalid_request"),
            (4, "invalid_request"),
            (5, "invalid_request"),
            (6, "organization_not_found"),
            (7, "key_already_exists"),
            (8, "body_too_large"),
            (9, "invalid_request"),
        ]
    );
    let page = scene
        .server
        .root()
        .get("/v1/keys?q=imported")
        .await
        .expect(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_import_that_breaks_off_keeps_what_it_has_and_breaks_nothing() {
    let scene = Scene::set().await;
    let answer = import(&scene, "\n\n\r\n").await;
    let totals: Value = serde_json::from_str(answer.text().lines().last().unwrap()).unwrap();
    assert_eq!(totals["imported"], 0);
    let answer = import(&scene, "\u{fffd}\u{0}\u{1}\n[]\nnull\n\"a\"").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text().lines().count(), 5, "{}", answer.text());
    let head = scene.head().await;
    scene.assert_untouched_since(&head).await;
}
