//! `GET /api/v1/keys?projectId=`: the keys of a project, newest first, revoked ones too.

use axum::Json;
use axum::extract::State;
use keyway_api::code::Code;
use keyway_core::id::ProjectId;
use keyway_store::keys::list::KeyFilter;
use serde_json::{Value, json};

use super::wire;
use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;
use crate::dialects::newest_keys::newest_keys;
use crate::request::query::Query;

pub(super) async fn list(
    State(app): State<AppState>,
    permit: Permit<KeysRead>,
    Query(query): Query<wire::ListQuery>,
) -> Result<Json<Value>, Problem> {
    let organization = permit.organization(&app, None)?;
    let project: ProjectId = query
        .project_id
        .parse()
        .map_err(|_| Problem::new(Code::ProjectNotFound))?;
    let reach = permit.reach();
    if !reach.covers_key(&organization, Some(&project), None, "") {
        return Err(permit.caller().denied(&app, "not in this project"));
    }
    let filter = KeyFilter {
        organization: Some(organization),
        project: Some(project),
        ..KeyFilter::default()
    };
    let (keys, now) = (newest_keys(&app, reach, &filter).await?, app.clock.now());
    let listed: Vec<_> = keys.iter().map(|key| wire::listed(key, now)).collect();
    Ok(Json(json!({"keys": listed})))
}
