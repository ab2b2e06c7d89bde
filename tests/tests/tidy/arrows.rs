//! Who may use whom, read from cargo itself, so that renamed, target and build dependencies count.
//!
//! A development dependency cannot reach the product and may point anywhere, with one exception:
//! `sqlx` belongs to `store` in tests too, or SQL grows a second home.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::tree;

/// The full list; everything else is forbidden. A crate without a row is a fault.
const ARROWS: &[(&str, &[&str])] = &[
    ("token", &[]),
    ("core", &["token"]),
    ("index", &["core", "token"]),
    ("store", &["core", "token"]),
    ("api", &["token"]),
    ("client", &["api", "core", "index", "token"]),
    ("server", &["api", "core", "index", "store", "token"]),
    ("cli", &["api", "client", "server", "token"]),
    ("tests", &[]),
    ("bench", &["api", "core", "index", "tests", "token"]),
];
/// These stay free of anything that runs, waits or talks, through all their dependencies.
const PURE: &[&str] = &["token", "core", "index"];
const NOT_IN_PURE: &[&str] = &["tokio", "sqlx", "axum", "hyper", "reqwest"];
/// Crate and what it must not name itself, whatever the reason.
const NOT_IN: &[(&str, &[&str])] = &[
    ("token", &["serde"]),
    ("api", &["axum", "hyper"]),
    ("client", &["axum"]),
];

pub(crate) fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(tree::root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn faults(metadata: &Value) -> Vec<String> {
    let members: BTreeSet<&str> = texts(&metadata["workspace_members"]).collect();
    let mut faults = Vec::new();
    for package in items(&metadata["packages"]) {
        let id = text(&package["id"]);
        if !members.contains(id) {
            continue;
        }
        let name = short(text(&package["name"]));
        match ARROWS.iter().find(|(krate, _)| *krate == name) {
            None => faults.push(format!(
                "{name}: a crate without a row in the table of arrows"
            )),
            Some((_, allowed)) => faults.extend(direct_faults(name, allowed, package)),
        }
        if PURE.contains(&name) {
            faults.extend(pure_faults(name, id, metadata));
        }
    }
    faults
}

fn direct_faults(name: &str, allowed: &[&str], package: &Value) -> Vec<String> {
    let banned = NOT_IN
        .iter()
        .find(|(krate, _)| *krate == name)
        .map_or(&[][..], |(_, list)| list);
    let mut faults = Vec::new();
    for dependency in items(&package["dependencies"]) {
        let used = text(&dependency["name"]);
        let is_dev = dependency["kind"] == "dev";
        if used == "sqlx" && name != "store" {
            faults.push(format!("{name}: sqlx belongs to store alone"));
        }
        let is_ours = used.starts_with("keyway-");
        let is_arrow_missing = is_ours && !allowed.contains(&short(used));
        if !is_dev && (is_arrow_missing || banned.contains(&used)) {
            faults.push(format!("{name}: must not use {used}"));
        }
    }
    faults
}

/// Follows everything that is built into the crate.
fn pure_faults(name: &str, id: &str, metadata: &Value) -> Vec<String> {
    let nodes: BTreeMap<&str, &Value> = items(&metadata["resolve"]["nodes"])
        .map(|node| (text(&node["id"]), node))
        .collect();
    let names: BTreeMap<&str, &str> = items(&metadata["packages"])
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let mut seen = BTreeSet::new();
    let mut ahead = vec![id];
    while let Some(id) = ahead.pop() {
        if seen.insert(id) {
            let used = nodes
                .get(id)
                .map(|node| items(&node["deps"]))
                .into_iter()
                .flatten();
            ahead.extend(
                used.filter(|dep| is_built_in(dep))
                    .map(|dep| text(&dep["pkg"])),
            );
        }
    }
    seen.into_iter()
        .filter_map(|id| names.get(id))
        .filter(|used| NOT_IN_PURE.contains(used))
        .map(|used| format!("{name}: stays free of {used}"))
        .collect()
}

fn is_built_in(dependency: &Value) -> bool {
    items(&dependency["dep_kinds"]).any(|kind| kind["kind"] != "dev")
}

fn short(name: &str) -> &str {
    name.strip_prefix("keyway-").unwrap_or(name)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    items(value).map(text)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// One crate of ours; each dependency is (name, kind) and stands in the graph as well.
    fn sample(name: &str, dependencies: &[(&str, Value)]) -> Value {
        let listed: Vec<Value> = dependencies
            .iter()
            .map(|(used, kind)| json!({"name": used, "kind": kind}))
            .collect();
        let mut packages = vec![json!({"id": name, "name": name, "dependencies": listed})];
        packages.extend(
            dependencies
                .iter()
                .map(|(used, _)| json!({"id": used, "name": used, "dependencies": []})),
        );
        let edges: Vec<Value> = dependencies
            .iter()
            .map(|(used, kind)| json!({"pkg": used, "dep_kinds": [{"kind": kind}]}))
            .collect();
        json!({
            "workspace_members": [name],
            "packages": packages,
            "resolve": {"nodes": [{"id": name, "deps": edges}]},
        })
    }

    #[test]
    fn a_forbidden_arrow_is_found() {
        let bad = sample("keyway-store", &[("keyway-api", Value::Null)]);
        assert_eq!(faults(&bad), ["store: must not use keyway-api"]);
    }

    #[test]
    fn an_arrow_through_a_build_script_counts_and_one_through_tests_does_not() {
        let bad = sample("keyway-api", &[("keyway-core", json!("build"))]);
        assert_eq!(faults(&bad), ["api: must not use keyway-core"]);
        let fine = sample("keyway-api", &[("keyway-core", json!("dev"))]);
        assert_eq!(faults(&fine), Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let bad = sample("keyway-extra", &[]);
        assert_eq!(
            faults(&bad),
            ["extra: a crate without a row in the table of arrows"]
        );
    }

    #[test]
    fn a_runtime_under_a_pure_crate_is_found() {
        let bad = sample("keyway-index", &[("tokio", Value::Null)]);
        assert_eq!(faults(&bad), ["index: stays free of tokio"]);
    }

    #[test]
    fn sqlx_outside_store_is_found_in_tests_too() {
        let bad = sample("keyway-server", &[("sqlx", json!("dev"))]);
        assert_eq!(faults(&bad), ["server: sqlx belongs to store alone"]);
    }
}
