//! A change as ledger columns, and back: `action`, `target`, and in `detail` what else it touched.

use keyway_core::change::Change;
use keyway_core::id::{KeyId, ManagementKeyId, MemberId, OrganizationId};
use keyway_core::resource::ResourcePath;
use serde_json::{Map, Value};

/// What the change is about: the id of an object, or the name of a profile.
pub(crate) fn target(change: &Change) -> String {
    match change {
        Change::OrganizationCreated { id }
        | Change::OrganizationUpdated { id }
        | Change::OrganizationSuspended { id }
        | Change::OrganizationResumed { id } => id.to_string(),
        Change::ProjectCreated { id, .. } => id.to_string(),
        Change::ResourceCreated { path, .. }
        | Change::ResourceUpdated { path, .. }
        | Change::ResourceDeleted { path, .. } => path.to_string(),
        Change::KeyCreated { id, .. }
        | Change::KeyUpdated { id, .. }
        | Change::KeyDeactivated { id, .. }
        | Change::KeyActivated { id, .. }
        | Change::KeyRevoked { id, .. }
        | Change::KeyDeleted { id, .. } => id.to_string(),
        Change::KeyRotated { outgoing, .. } => outgoing.to_string(),
        Change::KeysImported { organization, .. } => organization.to_string(),
        Change::ManagementKeyCreated { id, .. }
        | Change::ManagementKeyRevoked { id, .. }
        | Change::RootKeySet { id, .. } => id.to_string(),
        Change::ProfileApplied { name, .. } => name.clone(),
        Change::SigningKeyCreated { id } | Change::SigningKeyRevoked { id } => id.to_string(),
        Change::MemberCreated { id, .. }
        | Change::MemberUpdated { id, .. }
        | Change::MemberRemoved { id, .. }
        | Change::MemberSignedIn { id, .. }
        | Change::MemberSignedOut { id, .. }
        | Change::PasswordSet { id, .. }
        | Change::SignInLinkCreated { id, .. } => id.to_string(),
        Change::InvitationCreated { id, .. }
        | Change::InvitationWithdrawn { id, .. }
        | Change::InvitationAccepted { id, .. } => id.to_string(),
        Change::PortalSessionCreated { id, .. }
        | Change::PortalSessionOpened { id, .. }
        | Change::PortalSessionRevoked { id, .. } => id.to_string(),
    }
}

/// Adds to `detail` what the columns do not say.
pub(crate) fn add_to(detail: &mut Map<String, Value>, change: &Change) {
    match change {
        Change::KeyRotated { fresh, .. } => {
            detail.insert("successor".to_owned(), fresh.as_str().into());
        }
        Change::KeysImported { ids, .. } => {
            let ids = ids.iter().map(|id| Value::from(id.as_str())).collect();
            detail.insert("keys".to_owned(), Value::Array(ids));
        }
        Change::RootKeySet {
            replaced: Some(replaced),
            ..
        } => {
            detail.insert("replaced".to_owned(), replaced.as_str().into());
        }
        Change::ProfileApplied { version, .. } => {
            detail.insert("version".to_owned(), (*version).into());
        }
        Change::InvitationAccepted { member, .. } => {
            detail.insert("member".to_owned(), member.as_str().into());
        }
        _ => {}
    }
}

/// Reads a change back; None when the row is of a kind that this program does not know.
pub(crate) fn read(
    action: &str,
    target: &str,
    organization: Option<&str>,
    detail: &Map<String, Value>,
) -> Option<Change> {
    let key = || Some((organization?.parse().ok()?, target.parse().ok()?));
    let id = || target.parse::<OrganizationId>().ok();
    let word = |name: &str| detail.get(name).and_then(Value::as_str);
    let change = match action {
        "organization.created" => Change::OrganizationCreated { id: id()? },
        "organization.updated" => Change::OrganizationUpdated { id: id()? },
        "organization.suspended" => Change::OrganizationSuspended { id: id()? },
        "organization.resumed" => Change::OrganizationResumed { id: id()? },
        "project.created" => Change::ProjectCreated {
            organization: organization?.parse().ok()?,
            id: target.parse().ok()?,
        },
        "key.rotated" => {
            let (organization, outgoing) = key()?;
            Change::KeyRotated {
                organization,
                outgoing,
                fresh: word("successor")?.parse().ok()?,
            }
        }
        "keys.imported" => Change::KeysImported {
            organization: organization?.parse().ok()?,
            ids: ids(detail.get("keys")?)?,
        },
        "management_key.created" | "management_key.revoked" => {
            let id = target.parse().ok()?;
            let organization = organization.map(str::parse).transpose().ok()?;
            if action == "management_key.created" {
                Change::ManagementKeyCreated { id, organization }
            } else {
                Change::ManagementKeyRevoked { id, organization }
            }
        }
        "root_key.set" => Change::RootKeySet {
            id: target.parse().ok()?,
            replaced: word("replaced")
                .map(str::parse::<ManagementKeyId>)
                .transpose()
                .ok()?,
        },
        "signing_key.created" | "signing_key.revoked" => read_signing_key(action, target)?,
        "profile.applied" => Change::ProfileApplied {
            name: target.to_owned(),
            version: detail.get("version")?.as_i64()?,
        },
        "invitation.accepted" => Change::InvitationAccepted {
            organization: organization?.parse().ok()?,
            id: target.parse().ok()?,
            member: word("member")?.parse().ok()?,
        },
        _ => {
            let organization: OrganizationId = organization?.parse().ok()?;
            if action.starts_with("resource.") {
                return read_resource(action, organization, target.parse().ok()?);
            }
            return match target.parse().ok() {
                Some(id) if action.starts_with("key.") => read_key(action, organization, id),
                _ => read_person(action, organization, target),
            };
        }
    };
    Some(change)
}

fn read_signing_key(action: &str, target: &str) -> Option<Change> {
    let id = target.parse().ok()?;
    match action {
        "signing_key.created" => Some(Change::SigningKeyCreated { id }),
        _ => Some(Change::SigningKeyRevoked { id }),
    }
}

fn read_resource(action: &str, organization: OrganizationId, path: ResourcePath) -> Option<Change> {
    match action {
        "resource.created" => Some(Change::ResourceCreated { organization, path }),
        "resource.updated" => Some(Change::ResourceUpdated { organization, path }),
        "resource.deleted" => Some(Change::ResourceDeleted { organization, path }),
        _ => None,
    }
}

fn read_key(action: &str, organization: OrganizationId, id: KeyId) -> Option<Change> {
    let change = match action {
        "key.created" => Change::KeyCreated { organization, id },
        "key.updated" => Change::KeyUpdated { organization, id },
        "key.deactivated" => Change::KeyDeactivated { organization, id },
        "key.activated" => Change::KeyActivated { organization, id },
        "key.revoked" => Change::KeyRevoked { organization, id },
        "key.deleted" => Change::KeyDeleted { organization, id },
        _ => return None,
    };
    Some(change)
}

fn read_person(action: &str, organization: OrganizationId, target: &str) -> Option<Change> {
    let member = || target.parse::<MemberId>().ok();
    let change = match action {
        "member.created" => Change::MemberCreated {
            organization,
            id: member()?,
        },
        "member.updated" => Change::MemberUpdated {
            organization,
            id: member()?,
        },
        "member.removed" => Change::MemberRemoved {
            organization,
            id: member()?,
        },
        "member.signed_in" => Change::MemberSignedIn {
            organization,
            id: member()?,
        },
        "member.signed_out" => Change::MemberSignedOut {
            organization,
            id: member()?,
        },
        "password.set" => Change::PasswordSet {
            organization,
            id: member()?,
        },
        "sign_in_link.created" => Change::SignInLinkCreated {
            organization,
            id: member()?,
        },
        "invitation.created" => Change::InvitationCreated {
            organization,
            id: target.parse().ok()?,
        },
        "invitation.withdrawn" => Change::InvitationWithdrawn {
            organization,
            id: target.parse().ok()?,
        },
        "portal_session.created" => Change::PortalSessionCreated {
            organization,
            id: target.parse().ok()?,
        },
        "portal_session.opened" => Change::PortalSessionOpened {
            organization,
            id: target.parse().ok()?,
        },
        "portal_session.revoked" => Change::PortalSessionRevoked {
            organization,
            id: target.parse().ok()?,
        },
        _ => return None,
    };
    Some(change)
}

fn ids(list: &Value) -> Option<Vec<KeyId>> {
    list.as_array()?
        .iter()
        .map(|id| id.as_str()?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use keyway_core::id::{InvitationId, PortalSessionId};

    use super::*;

    /// One of each; a new variant fails to compile in `target` and then belongs here.
    fn every_change() -> Vec<Change> {
        let organization: OrganizationId = "org_a".parse().unwrap();
        let key = |id: &str| (organization.clone(), id.parse::<KeyId>().unwrap());
        let of = |make: fn((OrganizationId, KeyId)) -> Change| make(key("k1"));
        let mk: ManagementKeyId = "mk_1".parse().unwrap();
        vec![
            Change::OrganizationCreated {
                id: organization.clone(),
            },
            Change::OrganizationUpdated {
                id: organization.clone(),
            },
            Change::OrganizationSuspended {
                id: organization.clone(),
            },
            Change::OrganizationResumed {
                id: organization.clone(),
            },
            Change::ProjectCreated {
                organization: organization.clone(),
                id: "alpha".parse().unwrap(),
            },
            of(|(organization, id)| Change::KeyCreated { organization, id }),
            of(|(organization, id)| Change::KeyUpdated { organization, id }),
            of(|(organization, id)| Change::KeyDeactivated { organization, id }),
            of(|(organization, id)| Change::KeyActivated { organization, id }),
            of(|(organization, id)| Change::KeyRevoked { organization, id }),
            of(|(organization, id)| Change::KeyDeleted { organization, id }),
            Change::KeyRotated {
                organization: organization.clone(),
                outgoing: key("k1").1,
                fresh: key("k2").1,
            },
            Change::KeysImported {
                organization: organization.clone(),
                ids: vec![key("k1").1, key("k2").1],
            },
            Change::ManagementKeyCreated {
                id: mk.clone(),
                organization: None,
            },
            Change::ManagementKeyRevoked {
                id: mk.clone(),
                organization: Some(organization),
            },
            Change::RootKeySet {
                id: mk.clone(),
                replaced: None,
            },
            Change::RootKeySet {
                id: mk.clone(),
                replaced: Some(mk),
            },
            Change::SigningKeyCreated {
                id: "sig_1".parse().unwrap(),
            },
            Change::SigningKeyRevoked {
                id: "sig_1".parse().unwrap(),
            },
            Change::ProfileApplied {
                name: "keyway".to_owned(),
                version: 3,
            },
        ]
        .into_iter()
        .chain(every_change_of_resources())
        .chain(every_change_of_people())
        .collect()
    }

    fn every_change_of_resources() -> Vec<Change> {
        let organization: OrganizationId = "org_a".parse().unwrap();
        let path: ResourcePath = "project/a/workflow/w".parse().unwrap();
        let of = |make: fn(OrganizationId, ResourcePath) -> Change| {
            make(organization.clone(), path.clone())
        };
        vec![
            of(|organization, path| Change::ResourceCreated { organization, path }),
            of(|organization, path| Change::ResourceUpdated { organization, path }),
            of(|organization, path| Change::ResourceDeleted { organization, path }),
        ]
    }

    fn every_change_of_people() -> Vec<Change> {
        let organization: OrganizationId = "org_a".parse().unwrap();
        let of_member = |make: fn(OrganizationId, MemberId) -> Change| {
            make(organization.clone(), "mem_1".parse().unwrap())
        };
        let of_invitation = |make: fn(OrganizationId, InvitationId) -> Change| {
            make(organization.clone(), "inv_1".parse().unwrap())
        };
        let of_portal = |make: fn(OrganizationId, PortalSessionId) -> Change| {
            make(organization.clone(), "ps_1".parse().unwrap())
        };
        vec![
            of_member(|organization, id| Change::MemberCreated { organization, id }),
            of_member(|organization, id| Change::MemberUpdated { organization, id }),
            of_member(|organization, id| Change::MemberRemoved { organization, id }),
            of_member(|organization, id| Change::MemberSignedIn { organization, id }),
            of_member(|organization, id| Change::MemberSignedOut { organization, id }),
            of_member(|organization, id| Change::PasswordSet { organization, id }),
            of_member(|organization, id| Change::SignInLinkCreated { organization, id }),
            of_invitation(|organization, id| Change::InvitationCreated { organization, id }),
            of_invitation(|organization, id| Change::InvitationWithdrawn { organization, id }),
            of_invitation(|organization, id| Change::InvitationAccepted {
                organization,
                id,
                member: "mem_2".parse().unwrap(),
            }),
            of_portal(|organization, id| Change::PortalSessionCreated { organization, id }),
            of_portal(|organization, id| Change::PortalSessionOpened { organization, id }),
            of_portal(|organization, id| Change::PortalSessionRevoked { organization, id }),
        ]
    }

    #[test]
    fn every_change_reads_back_as_it_was_written() {
        for change in every_change() {
            let mut detail = Map::new();
            add_to(&mut detail, &change);
            let organization = change.organization().map(ToString::to_string);
            let read = read(
                change.action(),
                &target(&change),
                organization.as_deref(),
                &detail,
            );
            assert_eq!(read, Some(change));
        }
    }
}
