//! `GET /v1/admin/roles`: the profile's roles, each permission as a flag.

use std::collections::BTreeMap;

use axum::Json as Answer;
use axum::extract::State;
use keyway_core::grant::RoleName;
use keyway_core::profile::{Catalogue, Profile, Role};
use serde_json::{Value, json};

use super::system_key::{ReadRoles, SystemKey};
use crate::answer::problem::Problem;
use crate::app::AppState;

pub(super) async fn list(
    State(app): State<AppState>,
    _key: SystemKey<ReadRoles>,
) -> Result<Answer<Vec<Value>>, Problem> {
    let in_force = app.profile_in_force()?;
    let profile = &in_force.profile;
    let roles = profile.roles.iter();
    Ok(Answer(
        roles.map(|(name, it)| role(profile, name, it)).collect(),
    ))
}

fn role(profile: &Profile, name: &RoleName, role: &Role) -> Value {
    let words = match &profile.permissions {
        Catalogue::Words(words) => words.as_slice(),
        Catalogue::Open => &[],
    };
    let flags = words.iter();
    let flags: BTreeMap<String, bool> = flags
        .map(|word| (word.to_string(), profile.roles.hold(name, word)))
        .collect();
    json!({"id": name.as_str(), "name": role.title, "description": role.description,
        "permissions": flags})
}
