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

/// Whole; all that are looked at here count something.
fn value(exposition: &str, series: &str) -> i64 {
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
    assert_eq!(value(&text, "keyway_verdicts_total{outcome=\"valid\"}"), 0);
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
    assert_eq!(value(&text, "keyway_verdicts_total{outcome=\"valid\"}"), 3);
    assert_eq!(
        value(
            &text,
            "keyway_verdicts_total{outcome=\"api_key_malformed\"}"
        ),
        3
    );
}

#[tokio::test]
async fn s_telemetry_05_what_is_exported_moves() {
    let server = Server::start().await;
    let before = server.root().get("/metrics").await.text();
    assert_eq!(value(&before, "keyway_index_keys"), 0);
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    server.verdict(&key.secret).await;
    let after = server.root().get("/metrics").await.text();
    assert_eq!(value(&after, "keyway_index_keys"), 1);
    assert_eq!(value(&after, "keyway_verify_seconds_count"), 1);
    assert_eq!(value(&after, "keyway_ledger_lag_entries"), 0);
    assert!(value(&after, "keyway_change_in_force_seconds_count") >= 2);
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
async fn s_asvs_16_every_refusal_is_counted_by_its_reason() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let before = server.root().get("/metrics").await.text();
    nobody
        .get("/v1/authorize")
        .await
        .refuses(401, "api_key_missing");
    nobody
        .get("/v1/authorize?permission=")
        .await
        .refuses(422, "invalid_request");
    nobody
        .with("x")
        .get("/v1/authorize")
        .await
        .refuses(401, "api_key_malformed");
    let items = vec![json!({"secret": Server::forge("live", "NobodyNobody")}); 300];
    let batch = json!({"items": items});
    server
        .root()
        .post("/v1/keys/verify-batch", batch)
        .await
        .expect(200);
    nobody
        .get("/v1/keys")
        .await
        .refuses(401, "credential_missing");
    nobody
        .with("x")
        .get("/v1/keys")
        .await
        .refuses(401, "credential_invalid");
    nobody.get("/nothing").await.refuses(404, "route_not_found");
    let after = server.root().get("/metrics").await.text();
    for (series, count) in [
        ("keyway_verdicts_total{outcome=\"api_key_missing\"}", 1),
        ("keyway_verdicts_total{outcome=\"api_key_malformed\"}", 1),
        ("keyway_verdicts_total{outcome=\"api_key_invalid\"}", 300),
        ("keyway_problems_total{code=\"invalid_request\"}", 1),
        ("keyway_problems_total{code=\"credential_missing\"}", 1),
        ("keyway_problems_total{code=\"credential_invalid\"}", 1),
        ("keyway_problems_total{code=\"route_not_found\"}", 1),
    ] {
        assert_eq!(
            value(&after, series) - value(&before, series),
            count,
            "{series}"
        );
    }
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
