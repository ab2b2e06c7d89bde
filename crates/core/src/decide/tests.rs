use std::collections::BTreeMap;

use super::*;
use crate::grant::{Grant, Right};
use crate::permission::PermissionSet;
use crate::profile::Role;
use crate::rate_limit::RateLimit;
use crate::time::{Span, Uptime};

const NOW: Timestamp = Timestamp::from_micros(1_000_000);

/// The owner of what [`KeyFacts`] borrows: an active key of organization `org_1`, which the
/// product calls `acme`, with whatever a case changes.
#[derive(Clone)]
struct Sample {
    state: Standing,
    lifetime: Lifetime,
    is_suspended: bool,
    ceiling: Option<ResourcePath>,
    grants: Grants,
    ip_rules: IpRules,
}

fn sample(grants: &[(&str, &str)]) -> Sample {
    Sample {
        state: Standing::Active,
        lifetime: Lifetime::Forever,
        is_suspended: false,
        ceiling: None,
        grants: Grants::parse(grants.iter().map(|(what, at)| grant(what, at)).collect()).unwrap(),
        ip_rules: IpRules::default(),
    }
}

/// `*`, words with a space between them, or `role:NAME`.
fn grant(what: &str, resource: &str) -> Grant {
    let right = match what.strip_prefix("role:") {
        Some(name) => Right::Role(name.parse().unwrap()),
        None if what == "*" => Right::Permissions(PermissionSet::All),
        None => Right::Permissions(PermissionSet::of(permissions(what))),
    };
    Grant {
        right,
        resource: resource.parse().unwrap(),
    }
}

fn permissions(words: &str) -> Vec<Permission> {
    words
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect()
}

fn roles() -> Roles {
    let patterns = |words: &[&str]| Role {
        permissions: words.iter().map(|word| word.parse().unwrap()).collect(),
        ..Role::default()
    };
    Roles::of(BTreeMap::from([
        ("editor".parse().unwrap(), patterns(&["read", "orders.*"])),
        ("viewer".parse().unwrap(), patterns(&["*.read"])),
    ]))
}

impl Sample {
    fn in_project(self, id: &str) -> Self {
        let ceiling = Some(ResourcePath::of_project(&id.parse().unwrap()));
        Self { ceiling, ..self }
    }

    fn facts(&self) -> KeyFacts<'_> {
        KeyFacts {
            state: self.state,
            lifetime: self.lifetime,
            is_organization_suspended: self.is_suspended,
            organization: "org_1",
            organization_external_id: Some("acme"),
            environment: "live",
            ceiling: self.ceiling.as_ref(),
            grants: &self.grants,
            ip_rules: &self.ip_rules,
            creator: Creator::NotNeeded,
        }
    }

    fn decide(&self, ask: &Ask) -> Result<(), Reason> {
        decide(&self.facts(), ask, &roles(), NOW)
    }

    /// Asks for permissions at a resource; none where it is empty.
    fn may(&self, words: &str, resource: &str) -> Result<(), Reason> {
        self.decide(&Ask {
            permissions: permissions(words),
            resource: (!resource.is_empty()).then(|| resource.parse().unwrap()),
            ..Ask::default()
        })
    }
}

fn lacks(words: &str) -> Result<(), Reason> {
    Err(Reason::InsufficientPermissions {
        missing: permissions(words),
    })
}

const OUT_OF_SCOPE: Result<(), Reason> = Err(Reason::OutOfScope);

/// Everything is wrong at first; then one thing after the other is put right, and each time the
/// next reason in the order shows.
#[test]
fn the_reasons_come_in_the_promised_order() {
    let mut key = sample(&[("read", "project/a")]);
    key.state = Standing::Revoked;
    key.lifetime = Lifetime::Until(NOW);
    key.is_suspended = true;
    key.ip_rules = IpRules::parse(&["203.0.113.0/24"]).unwrap();
    let mut ask = Ask {
        permissions: permissions("write"),
        resource: Some("project/b".parse().unwrap()),
        organization: Some("other".to_owned()),
        environment: Some("test".to_owned()),
        ip: Some("198.51.100.1".parse().unwrap()),
    };
    assert_eq!(key.decide(&ask), Err(Reason::Revoked));
    key.state = Standing::Inactive;
    assert_eq!(key.decide(&ask), Err(Reason::Expired));
    key.lifetime = Lifetime::Until(NOW.plus(Span::from_secs(1)));
    assert_eq!(key.decide(&ask), Err(Reason::Inactive));
    key.state = Standing::Active;
    assert_eq!(key.decide(&ask), Err(Reason::Inactive), "suspended");
    key.is_suspended = false;
    assert_eq!(key.decide(&ask), Err(Reason::IpNotAllowed));
    ask.ip = Some("203.0.113.7".parse().unwrap());
    assert_eq!(key.decide(&ask), Err(Reason::EnvironmentMismatch));
    ask.environment = Some("live".to_owned());
    assert_eq!(key.decide(&ask), OUT_OF_SCOPE, "organization");
    ask.organization = Some("acme".to_owned());
    assert_eq!(key.decide(&ask), OUT_OF_SCOPE, "resource");
    ask.resource = Some("project/a".parse().unwrap());
    assert_eq!(key.decide(&ask), lacks("write"));
    ask.permissions = permissions("read");
    assert_eq!(key.decide(&ask), Ok(()));
}

#[test]
fn a_grant_covers_its_resource_and_all_below_and_nothing_beside() {
    let key = sample(&[("read write", "project/a"), ("run", "project/b/flow/f")]);
    let table = [
        ("read", "project/a", Ok(())),
        ("read write", "project/a/flow/f", Ok(())),
        ("run", "project/b/flow/f", Ok(())),
        ("run", "project/b/flow/f/step/1", Ok(())),
        ("run", "project/a", lacks("run")),
        ("read", "project/b/flow/f", lacks("read")),
        ("read run write", "project/a", lacks("run")),
        ("read", "project/ab", OUT_OF_SCOPE),
        ("run", "project/b", OUT_OF_SCOPE),
        ("run", "project/b/flow", OUT_OF_SCOPE),
        ("run", "project/b/flow/g", OUT_OF_SCOPE),
        ("read", "*", OUT_OF_SCOPE),
        // No resource means all of the organization, and no grant reaches that far.
        ("read", "", OUT_OF_SCOPE),
        // State and address rules only.
        ("", "", Ok(())),
        // A resource that is given still counts.
        ("", "project/a", Ok(())),
        ("", "project/c", OUT_OF_SCOPE),
    ];
    for (words, resource, verdict) in table {
        assert_eq!(
            key.may(words, resource),
            verdict,
            "{words:?} at {resource:?}"
        );
    }
}

#[test]
fn every_missing_permission_is_named_in_the_order_of_the_question() {
    let key = sample(&[("read", "*")]);
    assert_eq!(
        key.may("write read admin delete", "*"),
        lacks("write admin delete")
    );
}

#[test]
fn grants_at_one_resource_add_up() {
    let key = sample(&[("read", "*"), ("write", "project/a")]);
    assert_eq!(key.may("read write", "project/a"), Ok(()));
    assert_eq!(key.may("read write", "project/b"), lacks("write"));
    assert_eq!(key.may("read", ""), Ok(()));
}

#[test]
fn a_project_is_a_ceiling_over_every_grant() {
    let key = sample(&[("*", "*"), ("*", "project/b")]).in_project("a");
    assert_eq!(key.may("read", "project/a"), Ok(()));
    assert_eq!(key.may("read", "project/a/flow/f"), Ok(()));
    // Without a resource it means the key's own project.
    assert_eq!(key.may("read", ""), Ok(()));
    for outside in ["project/b", "project/ab", "*"] {
        assert_eq!(key.may("read", outside), OUT_OF_SCOPE, "{outside}");
        assert_eq!(key.may("", outside), OUT_OF_SCOPE, "{outside}");
    }
    // A grant in another project only is no right in its own.
    let elsewhere = sample(&[("*", "project/b")]).in_project("a");
    assert_eq!(elsewhere.may("read", "project/a"), OUT_OF_SCOPE);
    assert_eq!(elsewhere.may("read", ""), OUT_OF_SCOPE);
}

#[test]
fn a_grant_below_the_project_is_no_right_in_all_of_it() {
    let key = sample(&[("read", "project/a/flow/f")]).in_project("a");
    assert_eq!(key.may("read", "project/a/flow/f"), Ok(()));
    assert_eq!(key.may("read", ""), OUT_OF_SCOPE);
}

#[test]
fn a_key_without_grants_may_do_nothing() {
    for key in [sample(&[]), sample(&[]).in_project("a")] {
        assert_eq!(key.may("read write", ""), lacks("read write"));
        assert_eq!(key.may("read", "project/a"), lacks("read"));
        assert_eq!(key.may("", "project/a"), OUT_OF_SCOPE);
        assert_eq!(key.may("", ""), Ok(()));
    }
    let in_a = sample(&[]).in_project("a");
    assert_eq!(in_a.may("read", "project/b"), OUT_OF_SCOPE);
    // An empty list of permissions is a grant of nothing.
    assert_eq!(sample(&[("", "*")]).may("read", "*"), lacks("read"));
}

#[test]
fn a_role_holds_what_the_profile_says_now_and_an_unknown_one_nothing() {
    let key = sample(&[("role:editor", "project/a"), ("role:gone", "*")]);
    assert_eq!(key.may("read orders.write", "project/a"), Ok(()));
    assert_eq!(
        key.may("ordersx.write orders", "project/a"),
        lacks("ordersx.write orders")
    );
    assert_eq!(key.may("read", "project/b"), lacks("read"));
    let nobody = Roles::default();
    let ask = Ask {
        permissions: permissions("read"),
        resource: Some("project/a".parse().unwrap()),
        ..Ask::default()
    };
    assert_eq!(
        decide(&key.facts(), &ask, &nobody, NOW),
        lacks("read"),
        "the role was taken out of the profile"
    );
}

#[test]
fn an_expiring_key_is_allowed_until_just_before_its_end() {
    let mut key = sample(&[("*", "*")]);
    key.lifetime = Lifetime::Until(Timestamp::from_micros(NOW.micros() + 1));
    assert_eq!(key.may("read", "*"), Ok(()));
    key.lifetime = Lifetime::Until(NOW);
    assert_eq!(key.may("read", "*"), Err(Reason::Expired));
}

#[test]
fn an_address_that_is_not_known_is_outside_every_rule() {
    let mut key = sample(&[("*", "*")]);
    assert_eq!(key.may("read", "*"), Ok(()));
    key.ip_rules = IpRules::parse(&["0.0.0.0/0", "::/0"]).unwrap();
    assert_eq!(key.may("read", "*"), Err(Reason::IpNotAllowed));
    assert_eq!(key.may("", ""), Err(Reason::IpNotAllowed));
}

#[test]
fn an_organization_is_named_by_its_id_or_external_id_and_exactly() {
    let key = sample(&[("*", "*")]);
    for (organization, verdict) in [
        ("org_1", Ok(())),
        ("acme", Ok(())),
        ("ACME", OUT_OF_SCOPE),
        ("org_", OUT_OF_SCOPE),
        ("", OUT_OF_SCOPE),
    ] {
        let ask = Ask {
            organization: Some(organization.to_owned()),
            ..Ask::default()
        };
        assert_eq!(key.decide(&ask), verdict, "{organization:?}");
    }
    let mut facts = key.facts();
    facts.organization_external_id = None;
    let ask = Ask {
        organization: Some("acme".to_owned()),
        ..Ask::default()
    };
    assert_eq!(decide(&facts, &ask, &roles(), NOW), OUT_OF_SCOPE);
}

#[test]
fn an_environment_is_compared_only_where_it_is_named() {
    let key = sample(&[("*", "*")]);
    for (environment, verdict) in [
        (None, Ok(())),
        (Some("live"), Ok(())),
        (Some("test"), Err(Reason::EnvironmentMismatch)),
        (Some(""), Err(Reason::EnvironmentMismatch)),
    ] {
        let ask = Ask {
            environment: environment.map(str::to_owned),
            ..Ask::default()
        };
        assert_eq!(key.decide(&ask), verdict, "{environment:?}");
    }
}

#[test]
fn what_a_key_may_do_is_told_for_one_resource_sorted_and_once() {
    let key = sample(&[
        ("write read", "project/a"),
        ("read", "*"),
        ("role:viewer", "project/a/flow/f"),
    ]);
    let at = |resource: &str| {
        let resource = (!resource.is_empty()).then(|| resource.parse::<Resource>().unwrap());
        key.facts().permissions_at(resource.as_ref(), &roles())
    };
    assert_eq!(at("project/a"), ["read", "write"]);
    assert_eq!(at("project/a/flow/f"), ["*.read", "read", "write"]);
    assert_eq!(at("project/b"), ["read"]);
    assert_eq!(at(""), ["read"]);
    let in_a = key.clone().in_project("a");
    let own = in_a.facts();
    assert_eq!(own.permissions_at(None, &roles()), ["read", "write"]);
    assert_eq!(own.own_resource().as_str(), "project/a");
    let outside = "project/b".parse().unwrap();
    assert!(own.permissions_at(Some(&outside), &roles()).is_empty());
    let all = sample(&[("*", "*")]);
    assert_eq!(all.facts().permissions_at(None, &roles()), ["*"]);
    assert_eq!(all.facts().own_resource(), Resource::All);
}

#[test]
fn each_reason_has_its_code_and_status() {
    let missing = permissions("read");
    let limit: RateLimit = "1/1m".parse().unwrap();
    let quota = limit.quota(0, Uptime::from_millis(0));
    let table = [
        (Reason::Missing, "api_key_missing", 401),
        (Reason::Malformed, "api_key_malformed", 401),
        (Reason::Invalid, "api_key_invalid", 401),
        (Reason::Revoked, "api_key_revoked", 401),
        (Reason::Expired, "api_key_expired", 401),
        (Reason::Inactive, "api_key_inactive", 401),
        (Reason::IpNotAllowed, "ip_not_allowed", 403),
        (Reason::EnvironmentMismatch, "environment_mismatch", 403),
        (Reason::OutOfScope, "out_of_scope", 403),
        (
            Reason::InsufficientPermissions { missing },
            "insufficient_permissions",
            403,
        ),
        (Reason::RateLimited(quota), "rate_limited", 429),
    ];
    for (reason, code, status) in table {
        assert_eq!((reason.code(), reason.http_status()), (code, status));
    }
}

fn inheriting(narrowed: Option<&str>) -> Sample {
    let narrowed = narrowed.map(|word| PermissionSet::of(vec![word.parse().unwrap()]));
    let grant = Grant {
        right: Right::Inherit(narrowed),
        resource: Resource::All,
    };
    Sample {
        grants: Grants::parse(vec![grant]).unwrap(),
        ..sample(&[])
    }
}

fn decide_for(sample: &Sample, creator: Creator<'_>, word: &str) -> Result<(), Reason> {
    let facts = KeyFacts {
        creator,
        ..sample.facts()
    };
    let ask = Ask {
        permissions: vec![word.parse().unwrap()],
        ..Ask::default()
    };
    decide(&facts, &ask, &roles(), NOW)
}

#[test]
fn an_inheriting_key_does_what_its_creator_may_at_this_moment() {
    let bindings = |role: &str| Bindings {
        organization: role.parse().unwrap(),
        projects: BTreeMap::new(),
    };
    let (editor, viewer) = (bindings("editor"), bindings("viewer"));
    let all = inheriting(None);
    assert_eq!(
        decide_for(&all, Creator::Member(&editor), "orders.write"),
        Ok(())
    );
    let missing = Err(Reason::InsufficientPermissions {
        missing: vec!["orders.write".parse().unwrap()],
    });
    assert_eq!(
        decide_for(&all, Creator::Member(&viewer), "orders.write"),
        missing
    );
    let narrowed = inheriting(Some("read"));
    assert_eq!(
        decide_for(&narrowed, Creator::Member(&editor), "read"),
        Ok(())
    );
    assert_eq!(
        decide_for(&narrowed, Creator::Member(&editor), "orders.write"),
        missing
    );
}

#[test]
fn a_key_whose_creator_is_gone_is_inactive() {
    assert_eq!(
        decide_for(&inheriting(None), Creator::Gone, "read"),
        Err(Reason::Inactive)
    );
}
