//! `/metrics`, `/healthz`, `/readyz`

use std::collections::BTreeSet;

use serde_json::json;

use crate::server::Server;

/// Names with their labels, without values.
fn series(exposition: &str) -> BTreeSet<String> {
    let lines = exposition
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
        .collect()
}

fn value(exposition: &str, series: &str) -> f64 {
    let line = exposition
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{series} ")));
    line.unwrap_or_else(|| panic!("no {series} in {exposition}"))
        .parse()
        .unwrap()
}

#[tokio::test]
async fn s_telemetry_09_metrics_are_for_operators_and_health_is_for_everybody() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    server
        .nobody()
        .get("/metrics")
        .await
        .refuses(401, "credential_missing");
    for (organization, preset) in [("*", "verify-only"), (&*own, "admin"), (&*own, "read-only")] {
        let caller = server.manager(organization, preset).await.caller;
        caller
            .get("/metrics")
            .await
            .refuses(403, "permission_denied");
    }
    let reader = server.manager("*", "read-only").await.caller;
    assert_eq!(reader.get("/metrics").await.status, 200);
    assert_eq!(server.nobody().get("/healthz").await.status, 200);
    assert_eq!(server.nobody().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn s_telemetry_01_names_are_conventional_and_each_has_its_words() {
    let server = Server::start().await;
    let text = server.root().get("/metrics").await.text();
    for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
        let words: Vec<&str> = line.split(' ').collect();
        let (name, kind) = (words[2], words[3]);
        assert!(name.starts_with("keyway_"), "{line}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        assert!(kind != "histogram" || name.ends_with("_seconds"), "{line}");
        assert!(text.contains(&format!("# HELP {name} ")), "{line}");
    }
    assert_eq!(
        value(&text, "keyway_verdicts_total{outcome=\"valid\"}"),
        0.0
    );
}

#[tokio::test]
async fn s_telemetry_02_keys_and_organizations_make_no_series() {
    let server = Server::start().await;
    let before = series(&server.root().get("/metrics").await.text());
    for name in ["One", "Two", "Three"] {
        let organization = server.organization(name).await;
        let key = server.key(&organization, json!({})).await;
        server.verdict(&key.secret).await;
        server.verdict("nothing like a key").await;
        server.root().get("/v1/keys/nothing-like-one").await;
    }
    let text = server.root().get("/metrics").await.text();
    let after = series(&text);
    let new: Vec<&String> = after
        .difference(&before)
        .filter(|it| !it.contains("_head_info"))
        .collect();
    assert_eq!(new, Vec::<&String>::new());
    assert_eq!(
        value(&text, "keyway_verdicts_total{outcome=\"valid\"}"),
        3.0
    );
    assert_eq!(
        value(
            &text,
            "keyway_verdicts_total{outcome=\"api_key_malformed\"}"
        ),
        3.0
    );
}

#[tokio::test]
async fn s_telemetry_05_what_is_exported_moves() {
    let server = Server::start().await;
    let before = server.root().get("/metrics").await.text();
    assert_eq!(value(&before, "keyway_index_keys"), 0.0);
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    server.verdict(&key.secret).await;
    let after = server.root().get("/metrics").await.text();
    assert_eq!(value(&after, "keyway_index_keys"), 1.0);
    assert_eq!(value(&after, "keyway_verify_seconds_count"), 1.0);
    assert!(value(&after, "keyway_change_in_force_seconds_count") >= 2.0);
    let applied = value(&after, "keyway_ledger_applied_seq");
    assert!(
        applied > value(&before, "keyway_ledger_applied_seq"),
        "{after}"
    );
    let head = server.audit().await.last().unwrap().clone();
    let head = format!(
        "seq=\"{}\",hash=\"{}\"",
        head["seq"],
        head["hash"].as_str().unwrap()
    );
    assert!(after.contains(&head), "{head} is not in {after}");
}

#[tokio::test]
async fn s_telemetry_04_no_secret_is_in_the_metrics() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    server.verdict(&key.secret).await;
    let text = server.root().get("/metrics").await.text();
    for canary in [&key.secret, &key.id, &own, crate::server::ROOT] {
        assert!(!text.contains(canary), "{canary}");
    }
}
