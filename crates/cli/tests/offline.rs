//! What the binary does where no server is.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::process::{Command, Output};

fn said(arguments: &[&str], token: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway"));
    command.env_clear().args(arguments);
    if let Some(token) = token {
        command.env("KEYWAY_TOKEN", token);
    }
    command.output().unwrap()
}

fn exit(arguments: &[&str], token: Option<&str>) -> i32 {
    said(arguments, token).status.code().unwrap()
}

#[test]
fn kinds_of_failure_have_exit_codes_of_their_own() {
    assert_eq!(exit(&["no-such-command"], None), 2);
    assert_eq!(exit(&["keys", "list"], None), 3);
    let nobody_there = ["keys", "list", "--url", "http://127.0.0.1:1"];
    assert_eq!(exit(&nobody_there, Some("kw_mgmt_x")), 6);
    assert_eq!(
        exit(&["keys", "list", "--url", "nonsense"], Some("kw_mgmt_x")),
        2
    );
}

#[test]
fn an_error_goes_to_stderr_with_a_hint_and_never_names_the_credential() {
    let output = said(
        &["keys", "list", "--url", "http://127.0.0.1:1"],
        Some("kw_mgmt_hidden"),
    );
    assert!(output.stdout.is_empty());
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(
        talk.starts_with("error: the server at http://127.0.0.1:1 cannot be reached"),
        "{talk}"
    );
    assert!(talk.contains("\nhint: "), "{talk}");
    assert!(!talk.contains("hidden"), "{talk}");
}

#[test]
fn help_lists_the_exit_codes_and_completions_are_printed() {
    let help = String::from_utf8(said(&["--help"], None).stdout).unwrap();
    assert!(help.contains("Exit codes:"), "{help}");
    let script = String::from_utf8(said(&["completions", "bash"], None).stdout).unwrap();
    assert!(script.contains("_keyway()"), "{script}");
}
