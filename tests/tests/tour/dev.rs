//! What `script/server` prints, pasted.

use serde_json::Value;

use crate::checkout::Checkout;
use crate::terminal::Terminal;

/// The last line of a call is its answer, with or without the headers before it.
fn answer(shown: &str) -> Value {
    let body = shown.lines().rev().find(|line| line.starts_with('{'));
    serde_json::from_str(body.unwrap_or_else(|| panic!("no JSON in {shown}"))).unwrap()
}

#[tokio::test]
async fn the_lines_that_it_prints_create_verify_and_revoke_when_pasted() {
    let checkout = Checkout::make();
    let server = checkout.start_server().await;
    let mut terminal = Terminal::open(checkout.folder(), &checkout.path_variable());
    for export in server.exports() {
        terminal.succeed(&export);
    }
    let [create, verify, revoke] = server.calls();
    let url = terminal.succeed("echo $KEYWAY_URL");
    assert_eq!(url.trim(), format!("http://{}", checkout.keyway()));

    let created = answer(&terminal.succeed(&create));
    assert_eq!(created["key"]["status"], "active", "{created}");
    let verified = answer(&terminal.succeed(&verify));
    assert_eq!(verified["valid"], true, "{verified}");
    let revoked = answer(&terminal.succeed(&revoke));
    assert_eq!(revoked["key"]["status"], "revoked", "{revoked}");
    let dead = answer(&terminal.succeed(&verify));
    assert_eq!(dead["code"], "api_key_revoked", "{dead}");
}

#[tokio::test]
async fn data_stays_for_the_next_start_and_the_keys_of_the_former_one_do_not() {
    let checkout = Checkout::make();
    let mut server = checkout.start_server().await;
    let mut terminal = Terminal::open(checkout.folder(), &checkout.path_variable());
    let exports = server.exports();
    let [create, verify, _] = server.calls();
    terminal.succeed(&exports.join("; "));
    let created = answer(&terminal.succeed(&create));
    let id = created["key"]["id"].as_str().unwrap().to_owned();
    assert!(server.program.terminate().success());

    let second = checkout.start_server().await;
    let look =
        format!("curl -s \"$KEYWAY_URL/v1/keys/{id}\" -H \"Authorization: Bearer $KEYWAY_TOKEN\"");
    let refused = answer(&terminal.succeed(&look));
    assert_eq!(refused["code"], "credential_revoked", "{refused}");
    // The address and the management key of this start, the demo key of the former one.
    terminal.succeed(&second.exports()[0]);
    assert_eq!(answer(&terminal.succeed(&look))["id"], id.as_str());
    let former_demo_key = answer(&terminal.succeed(&verify));
    assert_eq!(
        former_demo_key["code"], "api_key_revoked",
        "{former_demo_key}"
    );
}

#[tokio::test]
async fn another_profile_is_one_word_away() {
    let checkout = Checkout::make();
    let mut server = checkout.start_server().await;
    assert!(server.program.terminate().success());
    let server = checkout.start_server_with(&["noukai"]).await;
    let mut terminal = Terminal::open(checkout.folder(), &checkout.path_variable());
    terminal.succeed(&server.exports().join("; "));
    let [create, verify, _] = server.calls();
    let created = answer(&terminal.succeed(&create));
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("nk_live_"), "{secret}");
    let verified = answer(&terminal.succeed(&verify));
    assert_eq!(verified["valid"], true, "{verified}");
}
