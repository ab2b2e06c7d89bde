//! From what things are to what they look like on the wire. Functions and no `From`, because neither
//! side belongs to this crate. Reading requests is in [`read`].

pub(crate) mod read;

use keyway_api::change::Effective;
use keyway_api::grant::{self, InheritGrant, PermissionsGrant, RoleGrant};
use keyway_api::{
    Metadata, audit, invitation, key, management_key, member, organization, portal_session,
    profile, project, resource, role, signing_key, usage,
};
use keyway_core::grant::{Grant, Grants, Right, RoleName};
use keyway_core::invitation::Invitation;
use keyway_core::key::{Key, KeyState, KeyStatus, Lifetime};
use keyway_core::management::{ManagementKey, ManagementKeyState, Preset};
use keyway_core::member::{Bindings, Member};
use keyway_core::organization::{Organization, OrganizationState, Project};
use keyway_core::permission::PermissionSet;
use keyway_core::portal::{PortalSession, PortalSessionState};
use keyway_core::profile::{Profile, Role};
use keyway_core::rate_limit::RateLimit;
use keyway_core::registered_resource::RegisteredResource;
use keyway_core::signing_key::{SigningKey, SigningKeyState};
use keyway_core::text::{Description, Label};
use keyway_core::time::Timestamp;
use keyway_store::ledger::entry::Entry;
use keyway_store::profile::ProfileRow;
use keyway_store::usage::{ALLOWED, LastUse, UsageHour};
use serde_json::Value;

use crate::profile_in_force::key_pattern;

/// RFC 3339 in UTC; a time beyond what can be written is written as the last one.
pub(crate) fn moment(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::MAX)
}

pub(crate) fn timestamp(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_microsecond())
}

pub(crate) fn effective<T>(object: T, effective_everywhere_at: jiff::Timestamp) -> Effective<T> {
    Effective {
        object,
        effective_everywhere_at,
    }
}

/// The same for an object that is JSON already.
pub(crate) fn with_effective(mut object: Value, effective_everywhere_at: jiff::Timestamp) -> Value {
    if let Value::Object(fields) = &mut object {
        let at = Value::String(effective_everywhere_at.to_string());
        fields.insert("effective_everywhere_at".to_owned(), at);
    }
    object
}

/// Stored text of an object; it was one when it was stored.
pub(crate) fn metadata(json: &str) -> Metadata {
    serde_json::from_str(json).unwrap_or_default()
}

pub(crate) fn organization(it: &Organization) -> organization::Organization {
    let (status, suspended_at) = match it.state {
        OrganizationState::Active => (organization::OrganizationStatus::Active, None),
        OrganizationState::Suspended { since } => (
            organization::OrganizationStatus::Suspended,
            Some(moment(since)),
        ),
    };
    organization::Organization {
        id: it.id.to_string(),
        name: it.name.as_str().to_owned(),
        external_id: label(it.external_id.as_ref()),
        metadata: metadata(it.metadata.as_json()),
        status,
        suspended_at,
        created_at: moment(it.created_at),
        version: it.version,
    }
}

pub(crate) fn project(it: &Project) -> project::Project {
    project::Project {
        id: it.id.to_string(),
        organization: it.organization.to_string(),
        name: it.name.as_str().to_owned(),
        environment: it.environment.clone(),
        created_at: moment(it.created_at),
        version: it.version,
    }
}

pub(crate) fn resource(it: &RegisteredResource) -> resource::Resource {
    resource::Resource {
        path: it.path.to_string(),
        organization: it.organization.to_string(),
        name: it.name.as_str().to_owned(),
        created_at: moment(it.created_at),
        version: it.version,
    }
}

pub(crate) fn key(it: &Key, now: Timestamp) -> key::Key {
    let revocation = match &it.state {
        KeyState::Revoked(revocation) => Some(revocation),
        KeyState::Active | KeyState::Inactive { .. } | KeyState::Deleted { .. } => None,
    };
    key::Key {
        id: it.id.to_string(),
        organization: it.organization.to_string(),
        project: it.project.as_ref().map(ToString::to_string),
        environment: it.environment.clone(),
        name: it.name.as_str().to_owned(),
        description: description(it.description.as_ref()),
        owner: label(it.owner.as_ref()),
        display_prefix: it.display_prefix.clone(),
        suffix: it.suffix.clone(),
        status: key_status(it.status(now)),
        grants: grants(&it.grants),
        ip_rules: it
            .ip_rules
            .networks()
            .iter()
            .map(ToString::to_string)
            .collect(),
        rate_limit: it.rate_limit.map(rate_limit),
        metadata: metadata(it.metadata.as_json()),
        managed_by: label(it.managed_by.as_ref()),
        created_at: moment(it.created_at),
        created_by: it.created_by.clone(),
        expires_at: lifetime(it.lifetime),
        revoked_at: revocation.map(|it| moment(it.at)),
        revoked_by: revocation.map(|it| it.by.clone()),
        revoked_reason: revocation.and_then(|it| description(it.reason.as_ref())),
        revoked_reason_code: revocation.and_then(|it| label(it.reason_code.as_ref())),
        successor: it.successor.as_ref().map(ToString::to_string),
        version: it.version,
        usage: None,
    }
}

fn rate_limit(it: RateLimit) -> keyway_api::rate_limit::RateLimit {
    keyway_api::rate_limit::RateLimit {
        limit: it.limit(),
        window: it.window_text(),
    }
}

fn label(it: Option<&Label>) -> Option<String> {
    it.map(|it| it.as_str().to_owned())
}

fn description(it: Option<&Description>) -> Option<String> {
    it.map(|it| it.as_str().to_owned())
}

pub(crate) fn lifetime(it: Lifetime) -> Option<jiff::Timestamp> {
    match it {
        Lifetime::Forever => None,
        Lifetime::Until(end) => Some(moment(end)),
    }
}

fn key_status(it: KeyStatus) -> key::KeyStatus {
    match it {
        KeyStatus::Active => key::KeyStatus::Active,
        KeyStatus::Inactive => key::KeyStatus::Inactive,
        KeyStatus::Expired => key::KeyStatus::Expired,
        KeyStatus::Revoked => key::KeyStatus::Revoked,
    }
}

fn grants(it: &Grants) -> Vec<grant::Grant> {
    it.as_slice().iter().map(one_grant).collect()
}

fn one_grant(it: &Grant) -> grant::Grant {
    let resource = it.resource.to_string();
    match &it.right {
        Right::Permissions(set) => grant::Grant::Permissions(PermissionsGrant {
            permissions: words(set),
            resource,
        }),
        Right::Role(role) => grant::Grant::Role(RoleGrant {
            role: role.as_str().to_owned(),
            resource,
        }),
        Right::Inherit(narrowed) => grant::Grant::Inherit(InheritGrant {
            inherit: true,
            permissions: narrowed.as_ref().map(words),
            resource,
        }),
    }
}

fn words(set: &PermissionSet) -> Vec<String> {
    match set {
        PermissionSet::All => vec!["*".to_owned()],
        PermissionSet::Words(words) => words.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn member(it: &Member) -> member::Member {
    member::Member {
        id: it.id.to_string(),
        organization: it.organization.to_string(),
        email: it.email.as_str().to_owned(),
        name: it.name.as_str().to_owned(),
        role: it.bindings.organization.as_str().to_owned(),
        project_roles: project_roles(&it.bindings),
        created_at: moment(it.created_at),
        created_by: it.created_by.clone(),
        version: it.version,
    }
}

fn project_roles(it: &Bindings) -> std::collections::BTreeMap<String, String> {
    let pairs = it.projects.iter();
    pairs
        .map(|(project, role)| (project.to_string(), role.as_str().to_owned()))
        .collect()
}

pub(crate) fn invitation(it: &Invitation) -> invitation::Invitation {
    invitation::Invitation {
        id: it.id.to_string(),
        organization: it.organization.to_string(),
        email: it.email.as_str().to_owned(),
        role: it.bindings.organization.as_str().to_owned(),
        project_roles: project_roles(&it.bindings),
        expires_at: moment(it.expires_at),
        created_at: moment(it.created_at),
        created_by: it.created_by.clone(),
    }
}

pub(crate) fn portal_session(it: &PortalSession) -> portal_session::PortalSession {
    portal_session::PortalSession {
        id: it.id.to_string(),
        organization: it.organization.to_string(),
        project: it.project.as_ref().map(ToString::to_string),
        owner: label(it.owner.as_ref()),
        permissions: it.permissions.iter().map(ToString::to_string).collect(),
        return_url: it.return_url.clone(),
        is_open: matches!(it.state, PortalSessionState::Open { .. }),
        expires_at: moment(it.expires_at),
        created_at: moment(it.created_at),
        created_by: it.created_by.clone(),
    }
}

pub(crate) fn role(name: &RoleName, it: &Role) -> role::Role {
    let places = [
        (it.is_for_organization, "organization"),
        (it.is_for_project, "project"),
    ];
    role::Role {
        name: name.as_str().to_owned(),
        title: it.title.clone(),
        description: it.description.clone(),
        permissions: it.permissions.iter().map(ToString::to_string).collect(),
        manage: it.manage.iter().map(ToString::to_string).collect(),
        manage_own: it.manage_own.iter().map(ToString::to_string).collect(),
        places: places
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, word)| (*word).to_owned())
            .collect(),
    }
}

pub(crate) fn management_key(it: &ManagementKey, now: Timestamp) -> management_key::ManagementKey {
    let (revoked_at, revoked_by) = match &it.state {
        ManagementKeyState::Active => (None, None),
        ManagementKeyState::Revoked { at, by } => (Some(moment(*at)), Some(by.clone())),
    };
    let status = match (revoked_at, it.stands(now)) {
        (Some(_), _) => management_key::ManagementKeyStatus::Revoked,
        (None, true) => management_key::ManagementKeyStatus::Active,
        (None, false) => management_key::ManagementKeyStatus::Expired,
    };
    management_key::ManagementKey {
        id: it.id.to_string(),
        name: it.name.as_str().to_owned(),
        preset: preset(it.preset),
        organization: match it.reach.organization() {
            None => management_key::ALL_ORGANIZATIONS.to_owned(),
            Some(own) => own.to_string(),
        },
        display_prefix: it.display_prefix.clone(),
        suffix: it.suffix.clone(),
        is_root: it.is_root,
        status,
        created_at: moment(it.created_at),
        created_by: it.created_by.clone(),
        expires_at: it.expires_at.map(moment),
        revoked_at,
        revoked_by,
        version: it.version,
    }
}

pub(crate) fn signing_key(it: &SigningKey) -> signing_key::SigningKey {
    let (status, revoked_at, revoked_by) = match &it.state {
        SigningKeyState::Active => (signing_key::SigningKeyStatus::Active, None, None),
        SigningKeyState::Revoked { at, by } => (
            signing_key::SigningKeyStatus::Revoked,
            Some(moment(*at)),
            Some(by.clone()),
        ),
    };
    signing_key::SigningKey {
        id: it.id.to_string(),
        algorithm: it.algorithm.as_str().to_owned(),
        status,
        signs_from: moment(it.signs_from),
        created_at: moment(it.created_at),
        created_by: it.created_by.clone(),
        revoked_at,
        revoked_by,
        version: it.version,
    }
}

fn preset(it: Preset) -> management_key::Preset {
    match it {
        Preset::Admin => management_key::Preset::Admin,
        Preset::VerifyOnly => management_key::Preset::VerifyOnly,
        Preset::ReadOnly => management_key::Preset::ReadOnly,
    }
}

/// `hours` in the order of their time, all outcomes of an hour behind each other.
pub(crate) fn usage(last: Option<&LastUse>, hours: &[UsageHour]) -> usage::Usage {
    let mut shown: Vec<usage::UsageHour> = Vec::new();
    for row in hours {
        let hour = moment(row.hour);
        if shown.last().is_none_or(|it| it.hour != hour) {
            shown.push(usage::UsageHour {
                hour,
                allowed: 0,
                refused: std::collections::BTreeMap::new(),
            });
        }
        if let Some(it) = shown.last_mut() {
            if row.outcome == ALLOWED {
                it.allowed += row.count;
            } else {
                *it.refused.entry(row.outcome.clone()).or_insert(0) += row.count;
            }
        }
    }
    let refusal = last.and_then(|it| it.refusal.as_ref());
    usage::Usage {
        last_used_at: last.and_then(|it| it.used_at).map(moment),
        last_refusal: refusal.map(|it| usage::Refusal {
            at: moment(it.at),
            reason: it.reason.clone(),
            address: it.address.clone(),
        }),
        hours: shown,
    }
}

pub(crate) fn entry(it: Entry) -> audit::Entry {
    audit::Entry {
        seq: it.seq,
        at: moment(it.at),
        organization: it.organization,
        actor: it.actor,
        action: it.action,
        target: it.target,
        detail: it.detail,
        request_id: it.request_id,
        personal: it.personal,
        prev_hash: hex::encode(it.prev_hash),
        hash: hex::encode(it.hash),
    }
}

pub(crate) fn profile(row: &ProfileRow, it: &Profile) -> profile::Profile {
    profile::Profile {
        name: it.name.clone(),
        title: it.title.clone(),
        version: row.version,
        key_pattern: key_pattern(it),
        toml: row.toml.clone(),
    }
}
