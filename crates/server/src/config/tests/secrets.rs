//! What is secret in a configuration is shown nowhere.

use super::*;

#[test]
fn a_root_key_of_the_wrong_form_is_refused_and_not_shown() {
    for bad in [
        "kw_mgmt_hidden",
        "hidden",
        &format!("{ROOT_KEY}-hidden"),
        &format!(" {ROOT_KEY}"),
    ] {
        let refused = Start::default()
            .variable("KEYWAY_ROOT_KEY", bad)
            .config()
            .unwrap_err();
        let said = format!("{refused} {refused:?} {}", refused.hint().unwrap());
        assert!(
            said.starts_with("KEYWAY_ROOT_KEY does not have the form of a root key"),
            "{said}"
        );
        assert!(
            !said.contains("hidden") && !said.contains("0123456789"),
            "{said}"
        );
    }
}

#[test]
fn no_message_and_no_listing_holds_a_secret() {
    let bad_files = [
        "database_url = postgres://u:hidden@h/d",
        "database_url = \"postgres://u:hidden@h/d",
        "database_url = [\"hidden\"]",
        "database_url = \"mysql://u:hidden@h/d\"",
        "database_url = \"\"\"hidden\\q\"\"\"",
        "behind_proxy = \"postgres://u:hidden@h/d\"",
        "database_url = \"hidden\"\ndatabase_url = \"hidden\"",
    ];
    for file in bad_files {
        let refused = Start::default().file(file).config().unwrap_err();
        let said = format!("{refused} {refused:?} {:?}", refused.hint());
        assert!(!said.contains("hidden"), "{said}");
        assert!(said.contains("keyway.toml:"), "{said}");
    }
    let start = || {
        let start = Start::default().variable("KEYWAY_ROOT_KEY", ROOT_KEY);
        start.variable(
            "KEYWAY_DATABASE_URL",
            "postgres://u:hidden@h/d?password=hidden",
        )
    };
    let settings = start().settings().unwrap();
    let said = format!(
        "{settings:?} {:?} {:?}",
        settings.list(),
        start().config().unwrap()
    );
    assert!(
        !said.contains("hidden@") && !said.contains("0123456789"),
        "{said}"
    );
    assert!(
        said.contains("root key") && said.contains("database_url"),
        "{said}"
    );
}
