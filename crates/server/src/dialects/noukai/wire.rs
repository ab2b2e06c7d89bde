//! The shapes of `/api/v1/keys`.

use jiff::Timestamp;
use keyway_api::key::{CreateKey, KeyStatus};
use keyway_api::verify::Principal;
use keyway_core::key::Key;
use keyway_core::time::Timestamp as CoreTimestamp;
use serde::{Deserialize, Serialize};

use crate::answer::wire;

/// `POST /api/v1/keys`. What it does not know is refused.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    pub project_id: String,
    pub name: String,
    pub environment: String,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// The only answer with the whole key in it.
#[derive(Debug, Serialize)]
pub(super) struct MadeKey {
    pub key: String,
    pub key_id: String,
    pub project_id: Option<String>,
    pub organization_id: String,
    pub environment: String,
    pub name: String,
    pub created_at: Timestamp,
    pub created_by: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    #[serde(rename = "projectId")]
    pub project_id: String,
}

#[derive(Debug, Serialize)]
pub(super) struct ListedKey {
    pub key_id: String,
    pub name: String,
    pub environment: String,
    pub status: KeyStatus,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

/// What a key is told about itself.
#[derive(Debug, Serialize)]
pub(super) struct OwnKey {
    pub key_id: String,
    pub project_id: Option<String>,
    pub organization_id: String,
    pub environment: String,
    pub expires_at: Option<Timestamp>,
}

/// In the words of the native call.
pub(super) fn asked(body: &NewKey) -> CreateKey {
    CreateKey {
        project: Some(body.project_id.clone()),
        name: body.name.clone(),
        environment: Some(body.environment.clone()),
        expires_at: body.expires_at,
        ..CreateKey::default()
    }
}

pub(super) fn made(key: &Key, secret: &str) -> MadeKey {
    MadeKey {
        key: secret.to_owned(),
        key_id: key.id.to_string(),
        project_id: key.project.as_ref().map(ToString::to_string),
        organization_id: key.organization.to_string(),
        environment: key.environment.clone(),
        name: key.name.as_str().to_owned(),
        created_at: wire::moment(key.created_at),
        created_by: key.created_by.clone(),
    }
}

pub(super) fn listed(key: &Key, now: CoreTimestamp) -> ListedKey {
    let key = wire::key(key, now);
    ListedKey {
        key_id: key.id,
        name: key.name,
        environment: key.environment,
        status: key.status,
        created_at: key.created_at,
        expires_at: key.expires_at,
    }
}

pub(super) fn own(principal: Principal) -> OwnKey {
    OwnKey {
        key_id: principal.id,
        project_id: principal.project,
        organization_id: principal.organization,
        environment: principal.environment,
        expires_at: principal.expires_at,
    }
}
