//! Keys that are named by their id: by a proved token, or beside their secret.

use keyway_core::decide::{Ask, Reason, Verdict};
use keyway_core::key::{Key, KeyState};
use keyway_core::management::Reach;
use keyway_core::profile::Profile;
use keyway_index::index::Index;
use keyway_index::policy::Policy;
use keyway_index::verify::{Presented, Spend};
use keyway_token::digest::Digest;

use crate::sample::*;

fn issue_tokens(index: &Index, is_on: bool) {
    let tokens = if is_on { "[tokens]\n" } else { "" };
    let profile = Profile::parse(&format!("{PROFILE}{tokens}")).unwrap();
    index.apply_policy(Policy::of(&profile).unwrap());
}

fn proved(index: &Index, id: &str) -> Result<(), Reason> {
    asked(id, |it| {
        index
            .verify_proved(&id.parse().unwrap(), it, |_| ())
            .verdict
    })
}

fn asked(secret: &str, ask: impl FnOnce(Presented<'_>) -> Verdict<()>) -> Result<(), Reason> {
    let presented = Presented {
        unverified_secret: secret,
        reach: &Reach::All,
        ask: &Ask::default(),
        now: at(9),
        spend: Spend::Nothing,
    };
    match ask(presented) {
        Verdict::Allow(()) => Ok(()),
        Verdict::Deny(reason) => Err(reason),
        Verdict::Undecided(cause) => panic!("{cause}"),
    }
}

#[test]
fn a_key_is_found_by_its_id_while_the_profile_issues_tokens() {
    let index = an_index();
    index.apply_key(&key("k1"));
    assert_eq!(proved(&index, "k1"), Err(Reason::Invalid));
    issue_tokens(&index, true);
    index.apply_key(&key("k2"));
    assert_eq!(
        (proved(&index, "k1"), proved(&index, "k2")),
        (Ok(()), Ok(()))
    );
    assert_eq!(proved(&index, "k3"), Err(Reason::Invalid));
    let gone = Key {
        state: KeyState::Deleted { at: at(1) },
        version: 2,
        ..key("k1")
    };
    index.apply_key(&gone);
    index.apply_key(&key("k1"));
    assert_eq!(proved(&index, "k1"), Err(Reason::Invalid));
    issue_tokens(&index, false);
    assert_eq!(proved(&index, "k2"), Err(Reason::Invalid));
}

#[test]
fn a_secret_beside_another_id_is_unknown() {
    let index = an_index();
    let with =
        |id: &str, secret: &str| asked(secret, |it| index.verify_client(id, it, |_| ()).verdict);
    let digest = Digest::of("other");
    index.apply_key(&key("k1"));
    index.apply_key(&Key {
        digest,
        ..key("k2")
    });
    assert_eq!(with("k1", "k1"), Ok(()));
    assert_eq!(with("k2", "other"), Ok(()));
    assert_eq!(with("k2", "k1"), Err(Reason::Invalid));
    assert_eq!(with("k1", "UPPER"), Err(Reason::Malformed));
}
