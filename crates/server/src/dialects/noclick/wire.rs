//! The shapes of `/api/keys`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keyway_core::grant::Right;
use keyway_core::key::{Key, KeyState};
use keyway_core::permission::PermissionSet;
use keyway_core::profile::{Catalogue, Profile};
use keyway_core::time::Timestamp as CoreTimestamp;
use serde::{Deserialize, Serialize};

use super::WORKFLOWS;
use crate::answer::wire;

/// `POST /api/keys`. What it does not know is refused: a misspelt `permissions` must not become all.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    pub name: String,
    #[serde(default)]
    pub workflow_id: Option<String>,
    #[serde(default)]
    pub permissions: Option<Vec<String>>,
}

/// The only answer with the whole key in it.
#[derive(Debug, Serialize)]
pub(super) struct MadeKey {
    pub raw_key: String,
    pub id: String,
    pub name: String,
    pub key_prefix: String,
    pub workflow_id: Option<String>,
    pub permissions: Vec<String>,
    pub created_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct ListedKey {
    pub id: String,
    pub name: String,
    pub key_prefix: String,
    pub workflow_id: Option<String>,
    pub permissions: Vec<String>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

pub(super) fn made(key: &Key, raw_key: &str, profile: &Profile) -> MadeKey {
    MadeKey {
        raw_key: raw_key.to_owned(),
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        key_prefix: key.display_prefix.clone(),
        workflow_id: workflow_id(key),
        permissions: permissions(key, profile),
        created_at: wire::moment(key.created_at),
    }
}

pub(super) fn listed(
    key: &Key,
    last_used_at: Option<CoreTimestamp>,
    profile: &Profile,
) -> ListedKey {
    let revoked_at = match &key.state {
        KeyState::Revoked(revocation) => Some(wire::moment(revocation.at)),
        KeyState::Active | KeyState::Inactive { .. } | KeyState::Deleted { .. } => None,
    };
    ListedKey {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        key_prefix: key.display_prefix.clone(),
        workflow_id: workflow_id(key),
        permissions: permissions(key, profile),
        created_at: wire::moment(key.created_at),
        last_used_at: last_used_at.map(wire::moment),
        expires_at: wire::lifetime(key.lifetime),
        revoked_at,
    }
}

/// The one workflow that a key reaches; None for all of them.
fn workflow_id(key: &Key) -> Option<String> {
    let [grant] = key.grants.as_slice() else {
        return None;
    };
    let id = grant.resource.as_str().strip_prefix(WORKFLOWS)?;
    Some(id.to_owned())
}

/// In the order of the catalogue.
fn permissions(key: &Key, profile: &Profile) -> Vec<String> {
    let Catalogue::Words(words) = &profile.permissions else {
        return Vec::new();
    };
    let holds = |word: &&keyway_core::permission::Permission| {
        key.grants
            .as_slice()
            .iter()
            .any(|grant| match &grant.right {
                Right::Permissions(set) | Right::Inherit(Some(set)) => set.contains(word),
                Right::Inherit(None) => true,
                Right::Role(role) => profile.roles.hold(role, word),
            })
    };
    let held: Vec<_> = words.iter().filter(holds).collect();
    held.iter().map(ToString::to_string).collect()
}

/// The permissions that are asked for, all of them where none are named; None where one is not of the
/// catalogue, or none is left.
pub(super) fn read_permissions(
    named: Option<&[String]>,
    profile: &Profile,
) -> Option<PermissionSet> {
    let Catalogue::Words(words) = &profile.permissions else {
        return None;
    };
    let Some(named) = named else {
        return Some(PermissionSet::of(words.clone()));
    };
    let named: BTreeSet<&str> = named.iter().map(String::as_str).collect();
    let known: Vec<_> = words
        .iter()
        .filter(|word| named.contains(word.as_str()))
        .cloned()
        .collect();
    let is_whole = !known.is_empty() && known.len() == named.len();
    is_whole.then(|| PermissionSet::of(known))
}
