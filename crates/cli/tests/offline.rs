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

/// In an empty directory with these variables and this `keyway.toml`.
fn configured(arguments: &[&str], variables: &[(&str, &str)], file: &str) -> (i32, String, String) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("keyway.toml"), file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway"));
    command
        .env_clear()
        .envs(variables.iter().copied())
        .args(arguments);
    let output = command.current_dir(directory.path()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_configuration_is_shown_with_where_each_value_comes_from_and_without_its_secrets() {
    let variables = [
        ("KEYWAY_DATABASE_URL", "postgres://u:pw@h/d"),
        (
            "KEYWAY_ROOT_KEY",
            "kw_mgmt_0123456789abcdefghijklmnopqrstuvwxyzABCD",
        ),
    ];
    let file = "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n";
    let (exit, out, _) = configured(&["config", "check"], &variables, file);
    assert_eq!(exit, 0);
    assert_eq!(
        out,
        "\
KEY              VALUE                         FROM
listen           127.0.0.1:7878                the defaults
database_url     (hidden)                      KEYWAY_DATABASE_URL
behind_proxy     false                         the defaults
trusted_proxies  10.0.0.0/8, ::1               keyway.toml:1
oidc.scopes      openid, email                 the defaults
oidc.label       Continue with single sign-on  the defaults
log.filter       info                          the defaults
log.format       text                          the defaults
root key         (hidden)                      KEYWAY_ROOT_KEY
"
    );
    let (exit, out, _) = configured(&["config", "check", "--json"], &variables, file);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(exit, 0);
    assert_eq!(list.pointer("/3/origin").unwrap(), "keyway.toml:1");
}

#[test]
fn the_default_configuration_that_is_shown_is_accepted() {
    let (exit, sample, _) = configured(&["config", "show-default"], &[], "");
    assert_eq!(exit, 0);
    let (exit, out, talk) = configured(&["config", "check"], &[], &sample);
    assert_eq!((exit, talk.as_str()), (0, ""));
    assert!(!out.contains("the defaults"), "{out}");
}

#[test]
fn a_configuration_that_cannot_be_used_is_refused_by_the_check_and_by_the_server() {
    let file = "lisen = \"127.0.0.1:0\"";
    let words = "error: keyway.toml:1: there is no key `lisen`\n\
                 hint: `keyway config show-default` prints a keyway.toml with every key\n";
    let nothing = String::new();
    let refused = |exit| (exit, nothing.clone(), words.to_owned());
    assert_eq!(configured(&["config", "check"], &[], file), refused(1));
    assert_eq!(configured(&["serve"], &[], file), refused(2));
    assert_eq!(configured(&["dev"], &[], file), refused(2));

    let root_key = [("KEYWAY_ROOT_KEY", "kw_mgmt_hidden")];
    let (exit, out, talk) = configured(&["serve"], &root_key, "");
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(
        talk.starts_with("error: KEYWAY_ROOT_KEY does not"),
        "{talk}"
    );
    assert!(!talk.contains("hidden"), "{talk}");
}

#[test]
fn options_of_a_server_win_over_everything_else() {
    let variables = [
        ("KEYWAY_LISTEN", "127.0.0.1:0"),
        ("KEYWAY_BEHIND_PROXY", "true"),
    ];
    let exposed = ["serve", "--listen", "0.0.0.0:0", "--behind-proxy=false"];
    let (exit, _, talk) = configured(&exposed, &variables, "");
    assert_eq!(exit, 2);
    assert_eq!(
        talk,
        "error: listen (from --listen): 0.0.0.0:0 can be reached from elsewhere, and there is no \
         TLS\nhint: give --tls-cert and --tls-key, or --behind-proxy where a proxy in front speaks \
         TLS\n"
    );
    let both = [
        "serve",
        "--data-dir",
        "a",
        "--database-url",
        "postgres://u:hidden@h/d",
    ];
    let (exit, _, talk) = configured(&both, &variables, "");
    assert_eq!(exit, 2);
    assert_eq!(
        talk,
        "error: data_dir (from --data-dir) and database_url (from --database-url) are both given\n\
         hint: keys are kept in one of them; take the other away\n"
    );
}

#[test]
fn a_profile_is_checked_without_a_server() {
    let (exit, out, _) = configured(&["profile", "check", "noukai"], &[], "");
    assert_eq!(exit, 0);
    assert!(out.starts_with("name          noukai\n"), "{out}");
    let (exit, out, talk) = configured(&["profile", "check", "keyway.toml"], &[], "name = 1");
    assert_eq!((exit, out.as_str()), (1, ""));
    assert!(talk.starts_with("error: keyway.toml: "), "{talk}");
    let (_, sound) = keyway_server::config::shipped_profiles()[0];
    let slip = format!("{sound}\n[codes.key_limit_reachd]\ncode = \"FULL\"\nstatus = 429\n");
    let (exit, _, talk) = configured(&["profile", "check", "./keyway.toml"], &[], &slip);
    assert_eq!(exit, 1);
    assert_eq!(
        talk,
        "error: ./keyway.toml: codes.key_limit_reachd: there is no code of this name\n"
    );
    let (exit, _, talk) = configured(&["profile", "check", "nothing"], &[], "");
    assert_eq!(exit, 1);
    assert!(
        talk.contains("there is neither a shipped profile nor a file `nothing`"),
        "{talk}"
    );
}

#[test]
fn the_options_of_a_server_name_their_variable_and_their_default() {
    let (_, help, _) = configured(&["serve", "--help"], &[], "listen = \"127.0.0.1:1\"");
    let words: Vec<&str> = help.split_whitespace().collect();
    let help = words.join(" ");
    assert!(
        help.contains("[env: KEYWAY_LISTEN] [default: 127.0.0.1:7878]"),
        "{help}"
    );
    assert!(
        help.contains("[env: KEYWAY_DATA_DIR] [default: ./keyway-data]"),
        "{help}"
    );
    for variable in [
        "PUBLIC_URL",
        "DATABASE_URL",
        "PROFILE",
        "TLS_CERT",
        "TLS_KEY",
    ] {
        assert!(
            help.contains(&format!("[env: KEYWAY_{variable}]")),
            "{variable}: {help}"
        );
    }
}
