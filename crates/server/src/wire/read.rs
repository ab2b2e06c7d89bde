//! From the wire to what things are: every field through its own type, all faults gathered.

use keyway_api::Metadata as WireMetadata;
use keyway_api::grant::Grant as WireGrant;
use keyway_api::management_key::Preset as WirePreset;
use keyway_core::grant::{GRANT_PERMISSIONS_MAX, GRANTS_MAX, Grant, Grants, Right, RoleName};
use keyway_core::key::{KeyStatus, Lifetime};
use keyway_core::management::Preset;
use keyway_core::network::{InvalidIpRules, IpRules};
use keyway_core::permission::{Permission, PermissionSet};
use keyway_core::profile::Profile;
use keyway_core::text::Metadata;
use keyway_core::time::Timestamp;

use crate::fields::Faults;
use crate::wire::timestamp;

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
    read.and_then(|read| faults.take("/grants", Grants::parse(read)))
}

fn grant(faults: &mut Faults, position: usize, it: &WireGrant, profile: &Profile) -> Option<Grant> {
    let (resource, right) = match it {
        WireGrant::Permissions(it) => (
            &it.resource,
            permissions(faults, position, &it.permissions, profile),
        ),
        WireGrant::Role(it) => (&it.resource, role(faults, position, &it.role, profile)),
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
) -> Option<Right> {
    let pointer = format!("/grants/{position}/permissions");
    if words.len() > GRANT_PERMISSIONS_MAX {
        faults.add(
            pointer,
            format!("a grant names at most {GRANT_PERMISSIONS_MAX} permissions"),
        );
        return None;
    }
    if words == ["*"] {
        return Some(Right::Permissions(PermissionSet::All));
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
    (read.len() == words.len()).then(|| Right::Permissions(PermissionSet::of(read)))
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
