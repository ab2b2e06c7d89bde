//! Keys, and an index to put them into. A key's secret is its id: the profile of these tests takes
//! any word.

use keyway_core::decide::{Ask, Cause, Reason, Verdict};
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::OrganizationId;
use keyway_core::key::{Key, KeyState, Lifetime, Revocation};
use keyway_core::management::Reach;
use keyway_core::network::IpRules;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_core::permission::PermissionSet;
use keyway_core::profile::Profile;
use keyway_core::text::Metadata;
use keyway_core::time::{Span, Timestamp, Uptime};
use keyway_index::index::Index;
use keyway_index::policy::Policy;
use keyway_index::verify::{Presented, Spend};
use keyway_token::digest::Digest;

pub(crate) const PROFILE: &str = r#"
name = "sample"
title = "Sample"
carriers = ["bearer"]
[key]
template = "sk_{secret:hex:64}"
environments = ["live", "test"]
legacy = ["[a-z][a-z0-9_]*"]
project = "optional"
[permissions]
catalogue = "open"
[roles.editor]
permissions = ["read", "write"]
[grants]
choosable = true
default = "nothing"
[expiry]
editable = true
[revocation]
lease = "30s"
"#;

pub(crate) fn at(secs: u32) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).plus(Span::from_secs(secs))
}

/// An index that answers, with organization `acme`.
pub(crate) fn an_index() -> Index {
    let index = Index::new((1, 2));
    index.apply_policy(Policy::of(&Profile::parse(PROFILE).unwrap()).unwrap());
    index.apply_organization(&organization("acme"));
    index.settle_doubt(Cause::Loading);
    index
}

pub(crate) fn organization(id: &str) -> Organization {
    Organization {
        id: id.parse().unwrap(),
        name: id.parse().unwrap(),
        external_id: None,
        metadata: Metadata::empty(),
        state: OrganizationState::Active,
        created_at: at(0),
        version: 1,
    }
}

/// A key of `acme` that may `read` everything there.
pub(crate) fn key(id: &str) -> Key {
    Key {
        id: id.parse().unwrap(),
        organization: "acme".parse::<OrganizationId>().unwrap(),
        project: None,
        environment: "live".to_owned(),
        name: format!("Key {id}").parse().unwrap(),
        description: None,
        owner: None,
        display_prefix: format!("sk_{id}"),
        suffix: "wxyz".to_owned(),
        digest: Digest::of(id),
        grants: grants("read", "*"),
        ip_rules: IpRules::default(),
        rate_limit: None,
        metadata: Metadata::empty(),
        managed_by: None,
        state: KeyState::Active,
        lifetime: Lifetime::Forever,
        successor: None,
        created_at: at(0),
        created_by: "system".to_owned(),
        version: 1,
    }
}

pub(crate) fn grants(permission: &str, resource: &str) -> Grants {
    let words = vec![permission.parse().unwrap()];
    let grant = Grant {
        right: Right::Permissions(PermissionSet::of(words)),
        resource: resource.parse().unwrap(),
    };
    Grants::parse(vec![grant]).unwrap()
}

pub(crate) fn revocation(secs: u32) -> Revocation {
    Revocation {
        at: at(secs),
        by: "system".to_owned(),
        reason: None,
        reason_code: None,
    }
}

pub(crate) fn reading() -> Ask {
    Ask {
        permissions: vec!["read".parse().unwrap()],
        ..Ask::default()
    }
}

/// What is answered to a use of `secret` at the tests' present.
pub(crate) fn ask(index: &Index, secret: &str, ask: &Ask) -> Result<(), Reason> {
    answer(index, secret, ask, Spend::One(Uptime::from_millis(0)))
}

/// The same for whoever only looks whether it may `read`.
pub(crate) fn look(index: &Index, secret: &str) -> Result<(), Reason> {
    answer(index, secret, &reading(), Spend::Nothing)
}

fn answer(index: &Index, secret: &str, ask: &Ask, spend: Spend) -> Result<(), Reason> {
    let it = Presented {
        unverified_secret: secret,
        reach: &Reach::All,
        ask,
        now: at(100),
        spend,
    };
    match index.verify(it, |_| ()).verdict {
        Verdict::Allow(()) => Ok(()),
        Verdict::Deny(reason) => Err(reason),
        Verdict::Undecided(cause) => panic!("undecided: {cause}"),
    }
}

/// Whether the key may `read`.
pub(crate) fn may_read(index: &Index, secret: &str) -> Result<(), Reason> {
    ask(index, secret, &reading())
}
