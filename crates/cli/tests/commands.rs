//! The real binary as a person uses it, against a real server of the same binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

#[path = "commands/running.rs"]
mod running;

use keyway_token::digest::Digest;
use running::{Said, Server, keyway};

#[test]
fn a_key_is_let_through_until_it_is_revoked() {
    let server = Server::start();
    let project = server.project();
    let made = server.run(&[
        "keys",
        "create",
        "--name",
        "CI",
        "--project",
        &project,
        "--grant",
        "read@*",
    ]);
    assert_eq!(made.exit, 0, "{made:?}");
    let secret = made.out.trim();
    assert!(
        secret.starts_with("kw_live_") && !secret.contains(char::is_whitespace),
        "{secret}"
    );
    assert!(!made.talk.contains(secret), "the secret is data, not talk");

    let let_through = server.verify(secret, &["--permission", "read"]);
    assert_eq!(let_through.exit, 0, "{let_through:?}");
    assert!(let_through.out.starts_with("verdict"), "{let_through:?}");
    let refused = server.verify(secret, &["--permission", "write"]);
    assert_eq!(refused.exit, 1, "{refused:?}");
    assert!(
        refused.out.contains("insufficient_permissions"),
        "{refused:?}"
    );

    let id = server.json(&["keys", "list", "--query", "CI"])["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        server
            .run(&["keys", "revoke", &id, "--reason", "left"])
            .exit,
        0
    );
    let dead = server.verify(secret, &[]);
    assert_eq!(dead.exit, 1, "{dead:?}");
    assert!(dead.out.contains("api_key_revoked"), "{dead:?}");
    let shown = server.json(&["keys", "show", &id]);
    assert_eq!(shown["status"], "revoked");
    assert_eq!(shown["revoked_reason"], "left");
}

#[test]
fn a_key_is_edited_switched_off_rotated_and_deleted() {
    let server = Server::start();
    let project = server.project();
    let issued = server.json(&[
        "keys",
        "create",
        "--name",
        "a",
        "--project",
        &project,
        "--owner",
        "ann",
    ]);
    let id = issued["key"]["id"].as_str().unwrap();
    let edited = server.json(&[
        "keys",
        "edit",
        id,
        "--name",
        "b",
        "--no-owner",
        "--grant",
        "read@*",
    ]);
    assert_eq!(edited["key"]["name"], "b");
    assert!(edited["key"]["owner"].is_null());
    assert_eq!(edited["key"]["grants"][0]["permissions"][0], "read");
    assert_eq!(
        server
            .run(&["keys", "edit", id, "--name", "c", "--if-version", "1"])
            .exit,
        5
    );
    assert_eq!(server.run(&["keys", "edit", id]).exit, 2);

    assert_eq!(
        server.json(&["keys", "deactivate", id])["key"]["status"],
        "inactive"
    );
    assert_eq!(
        server.json(&["keys", "activate", id])["key"]["status"],
        "active"
    );
    let rotated = server.json(&["keys", "rotate", id, "--grace", "1h"]);
    let successor = rotated["key"]["id"].as_str().unwrap();
    assert_eq!(server.json(&["keys", "show", id])["successor"], successor);
    assert_eq!(server.run(&["keys", "rotate", id]).exit, 5);

    assert_eq!(server.run(&["keys", "usage", id]).exit, 0);
    assert_eq!(server.run(&["keys", "delete", id]).exit, 0);
    assert_eq!(server.run(&["keys", "show", id]).exit, 4);
    let batch = server.json(&["keys", "revoke-batch", "--project", &project]);
    assert_eq!(batch["data"][0]["id"], successor);
    assert_eq!(batch["data"][0]["result"], "revoked");
}

#[test]
fn leaked_secrets_from_stdin_are_revoked() {
    let server = Server::start();
    let project = server.project();
    let made = server.run(&["keys", "create", "--name", "a", "--project", &project]);
    let done = server.run_with(
        &["keys", "revoke-batch", "--leaked"],
        &format!("{}\nnonsense\n", made.out),
    );
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(
        done.out.contains("revoked") && done.out.contains("unknown"),
        "{done:?}"
    );
}

#[test]
fn an_import_reports_the_lines_that_were_refused() {
    let server = Server::start();
    let organization = server.organization();
    let line = |name: &str, secret: &str| {
        let digest = Digest::of(secret).to_hex();
        format!(
            r#"{{"organization":"{organization}","name":"{name}","sha256":"{digest}","display_prefix":"old_"}}"#
        )
    };
    let lines = [
        line("a", "old_1"),
        "{".to_owned(),
        line("b", "old_2"),
        line("c", "old_1"),
    ];
    let done = server.run_with(&["import", "-"], &lines.join("\n"));
    assert_eq!(done.exit, 1, "{done:?}");
    assert!(done.out.contains("line 2:"), "{done:?}");
    assert!(done.out.contains("line 4: key_already_exists"), "{done:?}");
    assert!(done.out.ends_with("2 imported, 2 refused\n"), "{done:?}");

    let file = server.file("keys.ndjson", &line("d", "old_4"));
    let whole = server.run(&["import", &file]);
    assert_eq!(
        (whole.exit, whole.out.as_str()),
        (0, "1 imported, 0 refused\n"),
        "{whole:?}"
    );
}

#[test]
fn the_audit_log_is_listed_exported_and_verified() {
    let server = Server::start();
    server.organization();
    let listed = server.json(&["audit", "list", "--action", "organization.created"]);
    assert_eq!(listed["data"][0]["action"], "organization.created");
    let exported = server.run(&["audit", "export"]);
    let first: serde_json::Value =
        serde_json::from_str(exported.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["seq"], 1);
    let verified = server.json(&["audit", "verify"]);
    assert_eq!(verified["is_whole"], true);
    let head = verified["head"].as_str().unwrap();
    assert_eq!(server.run(&["audit", "verify", "--head", head]).exit, 0);
    let (seq, _) = head.split_once(':').unwrap();
    let forged = format!("{seq}:{}", "00".repeat(32));
    assert_eq!(server.run(&["audit", "verify", "--head", &forged]).exit, 1);
}

#[test]
fn organizations_are_suspended_and_resumed() {
    let server = Server::start();
    let id = server.organization();
    assert_eq!(
        server.json(&["organizations", "suspend", &id])["status"],
        "suspended"
    );
    assert_eq!(
        server.json(&["organizations", "resume", &id])["status"],
        "active"
    );
    let edited = server.json(&["organizations", "edit", &id, "--external-id", "x1"]);
    assert_eq!(edited["external_id"], "x1");
    assert_eq!(server.json(&["organizations", "show", &id])["name"], "Acme");
    assert_eq!(
        server
            .run(&[
                "organizations",
                "create",
                "--name",
                "b",
                "--external-id",
                "x1"
            ])
            .exit,
        5
    );
}

#[test]
fn a_management_key_does_what_its_preset_says_until_it_is_revoked() {
    let server = Server::start();
    let issued = server.json(&[
        "management-keys",
        "create",
        "--name",
        "reader",
        "--preset",
        "read-only",
        "--organization",
        "*",
    ]);
    let reader = issued["secret"].as_str().unwrap();
    let id = issued["key"]["id"].as_str().unwrap();
    assert_eq!(server.run_as(reader, &["organizations", "list"]).exit, 0);
    assert_eq!(
        server
            .run_as(reader, &["organizations", "create", "--name", "a"])
            .exit,
        3
    );
    let doctor = server.run_as(reader, &["doctor"]);
    assert_eq!(doctor.exit, 0, "{doctor:?}");
    assert_eq!(server.run(&["management-keys", "revoke", id]).exit, 0);
    assert_eq!(server.run_as(reader, &["organizations", "list"]).exit, 3);
    assert_eq!(server.run_as(reader, &["doctor"]).exit, 3);
}

#[test]
fn the_profile_in_force_is_shown_and_applied() {
    let server = Server::start();
    let shown = server.json(&["profile", "show"]);
    let toml = shown["toml"].as_str().unwrap();
    let file = server.file(
        "profile.toml",
        &toml.replace("[\"live\", \"test\"]", "[\"live\"]"),
    );
    assert_eq!(server.run(&["profile", "check", &file]).exit, 0);
    let applied = server.json(&["profile", "apply", &file]);
    assert_eq!(
        applied["version"].as_i64(),
        shown["version"].as_i64().map(|version| version + 1)
    );
    let bad = server.file("bad.toml", "name = 1");
    assert_eq!(server.run(&["profile", "check", &bad]).exit, 1);
    assert_eq!(server.run(&["profile", "apply", &bad]).exit, 1);
}

#[test]
fn failures_have_their_exit_code_an_error_and_a_hint() {
    let server = Server::start();
    let missing = server.run(&["keys", "show", "nothing"]);
    assert_eq!(missing.exit, 4);
    assert!(
        missing.talk.starts_with(
            "error: There is no such key: No key that the caller may see has this id; it may have been \
             deleted.\n"
        ),
        "{missing:?}"
    );
    assert!(missing.talk.contains("\nhint: "), "{missing:?}");
    assert_eq!(missing.out, "");
    assert_eq!(server.run_as("kw_mgmt_unknown", &["keys", "list"]).exit, 3);
    assert_eq!(server.run(&["keys", "create", "--name", ""]).exit, 1);
}

#[test]
fn the_management_key_may_come_from_stdin() {
    let server = Server::start();
    let mut command = keyway();
    command.args([
        "organizations",
        "list",
        "--token-stdin",
        "--url",
        &server.url,
    ]);
    assert_eq!(Said::of(&mut command, running::ROOT_KEY).exit, 0);
    let mut both = keyway();
    both.args(["import", "-", "--token-stdin", "--url", &server.url]);
    assert_eq!(Said::of(&mut both, running::ROOT_KEY).exit, 2);
}

#[test]
fn a_second_server_in_one_place_is_refused_with_a_hint() {
    let server = Server::start();
    let same_directory = server.second("store", "127.0.0.1:0");
    assert_eq!(same_directory.exit, 1, "{same_directory:?}");
    let talk = same_directory.talk;
    assert!(
        talk.contains("error: another server has ") && talk.contains("\nhint: "),
        "{talk}"
    );

    let address = server.url.strip_prefix("http://").unwrap();
    let same_address = server.second("other", address);
    assert_eq!(same_address.exit, 1, "{same_address:?}");
    let talk = same_address.talk;
    assert!(
        talk.contains(&format!("error: cannot listen on {address}")),
        "{talk}"
    );
    assert!(
        talk.contains("\nhint: --listen or KEYWAY_LISTEN "),
        "{talk}"
    );
}
