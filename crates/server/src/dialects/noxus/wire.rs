//! What its client sends and reads.

use keyway_core::grant::Right;
use keyway_core::key::Key;
use keyway_core::permission::PermissionSet;
use keyway_core::profile::Roles;
use serde::{Deserialize, Serialize};

use super::system_key::ADMINISTRATION;

/// `POST /v1/admin/groups`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateGroup {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
}

/// `POST /v1/admin/groups/{id}/api-keys`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateGroupKey {
    pub name: String,
    #[serde(default, rename = "tenant_admin")]
    pub is_administrators: bool,
}

/// `POST /v1/admin/system-keys`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateSystemKey {
    pub name: String,
    #[serde(default)]
    pub permissions: Vec<String>,
    #[serde(default, rename = "tenant_admin")]
    pub is_administrators: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ApiKey {
    id: String,
    name: String,
    #[serde(rename = "tenant_admin")]
    is_administrators: bool,
    value: String,
    permissions: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct User {
    pub id: String,
    pub email: String,
    #[serde(rename = "display_name")]
    pub name: String,
    #[serde(rename = "tenant_admin")]
    pub is_administrator: bool,
    pub is_active: bool,
}

/// With its whole secret, which only the answer of its making holds.
pub(super) fn made(key: &Key, secret: &str, roles: &Roles) -> ApiKey {
    let mut permissions: Vec<String> = Vec::new();
    for grant in key.grants.as_slice() {
        match &grant.right {
            Right::Permissions(PermissionSet::Words(words)) => {
                permissions.extend(words.iter().map(ToString::to_string));
            }
            Right::Permissions(PermissionSet::All) => permissions.push("*".to_owned()),
            Right::Role(name) => permissions.extend(roles.words(name)),
            // What it is worth is its creator's, who is none of those who ask here.
            Right::Inherit(_) => {}
        }
    }
    let is_administrators = permissions.iter().any(|word| word == ADMINISTRATION);
    permissions.retain(|word| word != ADMINISTRATION);
    ApiKey {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        is_administrators,
        value: secret.to_owned(),
        permissions,
    }
}

/// As any other answer has it.
pub(super) fn masked(key: &Key, roles: &Roles) -> ApiKey {
    made(key, &format!("{}…", key.display_prefix), roles)
}
