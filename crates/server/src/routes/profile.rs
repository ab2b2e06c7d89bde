//! `/v1/profile`: the profile in force, and putting another one in force. That is a change like any
//! other: it may narrow keys, and is answered when every index decides by it.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::{Effective, WaitQuery};
use keyway_api::code::Code;
use keyway_api::problem::FieldProblem;
use keyway_api::profile::{ApplyProfile, Profile as Wire};
use keyway_core::profile::parse::InvalidProfile;
use keyway_store::error::{ChangeError, Refusal};

use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::{ProfileApply, ProfileRead};
use crate::config;
use crate::request::body::Json;
use crate::request::conditional::{IfMatch, IfNoneMatch, tagged, version_tag};
use crate::request::query::{NoQuery, Query};

/// Shows the profile in force.
#[utoipa::path(get, path = "/v1/profile", tag = "profile", responses((status = 200, body = Wire)))]
pub(crate) async fn show(
    State(app): State<AppState>,
    _permit: Permit<ProfileRead>,
    if_none_match: IfNoneMatch,
    _query: NoQuery,
) -> Result<Response, Problem> {
    let in_force = app.profile_in_force()?;
    Ok(if_none_match.answer(
        &version_tag(in_force.row.version),
        &wire::profile(&in_force.row, &in_force.profile),
    ))
}

/// Puts a profile in force.
#[utoipa::path(put, path = "/v1/profile", tag = "profile", params(WaitQuery),
    request_body = ApplyProfile, responses((status = 200, body = Effective<Wire>)))]
pub(crate) async fn apply(
    State(app): State<AppState>,
    permit: Permit<ProfileApply>,
    Query(query): Query<WaitQuery>,
    if_match: IfMatch,
    Json(body): Json<ApplyProfile>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    permit.needs_all_organizations(&app)?;
    let profile = config::profile::parse(&body.toml).map_err(|fault| rejected(&fault))?;
    let after = if_match.required()?;
    let (by, now) = (permit.call(), app.clock.now());
    let done = app
        .store
        .apply_profile(&by, &profile.name, &body.toml, after, now)
        .await;
    let has_moved = matches!(
        &done,
        Err(ChangeError::Refused {
            refusal: Refusal::ProfileMoved,
            ..
        })
    );
    let settled = match app.settle(done, patience).await {
        Ok(settled) => settled,
        Err(_) if has_moved => return Err(Problem::new(Code::PreconditionFailed)),
        Err(problem) => return Err(problem),
    };
    let tag = version_tag(settled.value.version);
    let answer = settled.answer(StatusCode::OK, |row, at| -> Effective<Wire> {
        wire::effective(wire::profile(&row, &profile), at)
    });
    Ok(tagged(answer, &tag))
}

/// Every fault of a profile is a fault of the one field that holds it.
fn rejected(fault: &InvalidProfile) -> Problem {
    let fields = vec![FieldProblem {
        pointer: "/toml".to_owned(),
        detail: fault.to_string(),
    }];
    Problem::new(Code::ProfileRejected).errors_of(fields)
}
