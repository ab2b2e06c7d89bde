//! From the wire to what things are: every field through its own type, all faults gathered.

use std::collections::BTreeMap;

use keyway_api::Metadata as WireMetadata;
use keyway_api::grant::Grant as WireGrant;
use keyway_api::management_key::Preset as WirePreset;
use keyway_api::rate_limit::RateLimit as WireRateLimit;
use keyway_core::grant::{GRANT_PERMISSIONS_MAX, GRANTS_MAX, Grant, Grants, Right, RoleName};
use keyway_core::id::ProjectId;
use keyway_core::key::{KeyStatus, Lifetime};
use keyway_core::management::{Preset, Reach};
use keyway_core::member::{Bindings, PROJECT_ROLES_MAX};
use keyway_core::network::{InvalidIpRules, IpRules};
use keyway_core::permission::{Permission, PermissionSet};
use keyway_core::profile::placing::Misplaced;
use keyway_core::profile::{Profile, Role};
use keyway_core::rate_limit::{InvalidRateLimit, RateLimit};
use keyway_core::text::Metadata;
use keyway_core::time::Timestamp;

use crate::answer::wire::timestamp;
use crate::request::fields::Faults;

pub(crate) fn metadata(faults: &mut Faults, object: &WireMetadata) -> Option<Metadata> {
    if object.is_empty() {
        return Some(Metadata::empty());
    }
    faults.take("/metadata", Metadata::try_from(object))
}

pub(crate) fn ip_rules(faults: &mut Faults, rules: &[String]) -> Option<IpRules> {
    let parsed = IpRules::parse(rules);
    let pointer = match &parsed {
        Err(InvalidIpRules::Rule { position }) => format!("/ip_rules/{position}"),
        _ => "/ip_rules".to_owned(),
    };
    faults.take(pointer, parsed)
}

/// How often a key may be used; `null` is as often as its user likes. An organization's own callers
/// give no more than the profile does: the limit protects the product from them.
#[expect(clippy::option_option, reason = "a fault is told from no limit")]
pub(crate) fn rate_limit(
    faults: &mut Faults,
    given: Option<&WireRateLimit>,
    reach: &Reach,
    profile: &Profile,
) -> Option<Option<RateLimit>> {
    let ceiling = profile.limits.rate_limit.filter(|_| *reach != Reach::All);
    let parsed = given.map(|it| RateLimit::parse(it.limit, &it.window));
    let limit = match parsed.transpose() {
        Ok(limit) => limit,
        Err(fault) => {
            let field = match fault {
                InvalidRateLimit::Limit => "/rate_limit/limit",
                InvalidRateLimit::Window | InvalidRateLimit::Shape => "/rate_limit/window",
            };
            faults.add(field, fault.to_string());
            return None;
        }
    };
    match ceiling {
        Some(ceiling) if !limit.is_some_and(|it| it.is_within(ceiling)) => {
            faults.add(
                "/rate_limit",
                format!("at most {ceiling}, as the profile says"),
            );
            None
        }
        Some(_) | None => Some(limit),
    }
}

/// A date in the past would make a key that was never alive.
pub(crate) fn lifetime(
    faults: &mut Faults,
    end: Option<jiff::Timestamp>,
    now: Timestamp,
) -> Lifetime {
    match end.map(timestamp) {
        None => Lifetime::Forever,
        Some(end) => {
            if end <= now {
                faults.add("/expires_at", "this moment has passed");
            }
            Lifetime::Until(end)
        }
    }
}

/// Grants in the words of the profile.
pub(crate) fn grants(
    faults: &mut Faults,
    grants: &[WireGrant],
    profile: &Profile,
) -> Option<Grants> {
    if grants.len() > GRANTS_MAX {
        faults.add("/grants", format!("a key has at most {GRANTS_MAX} grants"));
        return None;
    }
    let mut read = Vec::with_capacity(grants.len());
    for (position, it) in grants.iter().enumerate() {
        read.push(grant(faults, position, it, profile));
    }
    let read: Option<Vec<Grant>> = read.into_iter().collect();
    for (position, fault) in profile.misplaced(read.as_deref().unwrap_or_default()) {
        let at = match fault {
            Misplaced::NoRole => "",
            Misplaced::WrongPlace | Misplaced::Second => "/resource",
        };
        faults.add(format!("/grants/{position}{at}"), fault.to_string());
    }
    read.and_then(|read| faults.take("/grants", Grants::parse(read)))
}

fn grant(faults: &mut Faults, position: usize, it: &WireGrant, profile: &Profile) -> Option<Grant> {
    let (resource, right) = match it {
        WireGrant::Permissions(it) => {
            let set = permissions(faults, position, &it.permissions, profile);
            (&it.resource, set.map(Right::Permissions))
        }
        WireGrant::Role(it) => (&it.resource, role(faults, position, &it.role, profile)),
        WireGrant::Inherit(it) => match &it.permissions {
            None => (&it.resource, Some(Right::Inherit(None))),
            Some(words) => {
                let set = permissions(faults, position, words, profile);
                (&it.resource, set.map(|set| Right::Inherit(Some(set))))
            }
        },
    };
    let resource = faults.take(format!("/grants/{position}/resource"), resource.parse());
    Some(Grant {
        right: right?,
        resource: resource?,
    })
}

fn role(faults: &mut Faults, position: usize, name: &str, profile: &Profile) -> Option<Right> {
    let found = name
        .parse::<RoleName>()
        .ok()
        .filter(|role| profile.roles.exists(role));
    if found.is_none() {
        faults.add(
            format!("/grants/{position}/role"),
            "the profile has no such role",
        );
    }
    found.map(Right::Role)
}

fn permissions(
    faults: &mut Faults,
    position: usize,
    words: &[String],
    profile: &Profile,
) -> Option<PermissionSet> {
    let pointer = format!("/grants/{position}/permissions");
    if words.len() > GRANT_PERMISSIONS_MAX {
        faults.add(
            pointer,
            format!("a grant names at most {GRANT_PERMISSIONS_MAX} permissions"),
        );
        return None;
    }
    if words == ["*"] {
        return Some(PermissionSet::All);
    }
    let mut read = Vec::with_capacity(words.len());
    for (place, word) in words.iter().enumerate() {
        let pointer = format!("{pointer}/{place}");
        match word.parse::<Permission>() {
            Ok(word) if profile.permissions.contains(&word) => read.push(word),
            Ok(_) => faults.add(pointer, "the profile has no such permission"),
            Err(fault) => faults.add(pointer, fault.to_string()),
        }
    }
    (read.len() == words.len()).then(|| PermissionSet::of(read))
}

pub(crate) fn status(it: keyway_api::key::KeyStatus) -> KeyStatus {
    match it {
        keyway_api::key::KeyStatus::Active => KeyStatus::Active,
        keyway_api::key::KeyStatus::Inactive => KeyStatus::Inactive,
        keyway_api::key::KeyStatus::Expired => KeyStatus::Expired,
        keyway_api::key::KeyStatus::Revoked => KeyStatus::Revoked,
    }
}

pub(crate) fn preset(it: WirePreset) -> Preset {
    match it {
        WirePreset::Admin => Preset::Admin,
        WirePreset::VerifyOnly => Preset::VerifyOnly,
        WirePreset::ReadOnly => Preset::ReadOnly,
    }
}

/// Roles of a member: each must be one of the profile's, for its place.
pub(crate) fn bindings(
    faults: &mut Faults,
    role: &str,
    project_roles: &BTreeMap<String, String>,
    profile: &Profile,
) -> Option<Bindings> {
    let organization = member_role(faults, "/role", role, profile, |role| {
        role.is_for_organization
    });
    if project_roles.len() > PROJECT_ROLES_MAX {
        faults.add(
            "/project_roles",
            format!("at most {PROJECT_ROLES_MAX} projects"),
        );
    }
    let mut projects = BTreeMap::new();
    for (project, role) in project_roles.iter().take(PROJECT_ROLES_MAX) {
        let pointer = format!(
            "/project_roles/{}",
            project.replace('~', "~0").replace('/', "~1")
        );
        let id: Option<ProjectId> = faults.parse(&pointer, Some(project));
        let role = member_role(faults, &pointer, role, profile, |role| role.is_for_project);
        projects.extend(id.zip(role));
    }
    Some(Bindings {
        organization: organization?,
        projects,
    })
}

fn member_role(
    faults: &mut Faults,
    pointer: &str,
    name: &str,
    profile: &Profile,
    fits: impl Fn(&Role) -> bool,
) -> Option<RoleName> {
    let role = name.parse::<RoleName>().ok();
    let role = role.filter(|role| profile.roles.find(role).is_some_and(fits));
    if role.is_none() {
        faults.add(pointer, "the profile has no such role for this place");
    }
    role
}
