//! `GET /v1/whoami`, `POST /v1/whoami/revoke`: asked by whoever holds a credential, about itself.

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use keyway_api::change::WaitQuery;
use keyway_api::code::Code;
use keyway_api::key::{ChangedKey, RevokeKey};
use keyway_api::verify::Principal;
use keyway_api::whoami::Whoami;
use keyway_core::actor::{Actor, Origin};
use keyway_core::decide::{Ask, Reason, Verdict};
use keyway_core::id::KeyId;
use keyway_core::management::Reach;
use keyway_store::keys::change::KeyAt;
use keyway_token::management::MANAGEMENT_PREFIX;

use super::keys::revoke::revocation;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::caller::{Caller, Who};
use crate::auth::{challenge, request_context};
use crate::request::body::Json;
use crate::request::conditional::{key_tag, tagged};
use crate::request::context::RequestContext;
use crate::request::credential::{
    CHALLENGE_INVALID, CHALLENGE_MISSING, CHALLENGE_UNREADABLE, Carried, key_credential,
};
use crate::request::query::{NoQuery, Query};
use crate::verify::principal;

/// A credential of either kind that stands.
#[derive(Debug)]
pub(crate) enum Holder {
    Caller(Caller),
    Key(Box<Principal>, RequestContext),
}

impl FromRequestParts<AppState> for Holder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let in_force = app.profile_in_force()?;
        match key_credential(&parts.headers, &in_force.profile.carriers) {
            Carried::Several => Err(challenge(Code::DuplicateCredentials, CHALLENGE_UNREADABLE)),
            Carried::One(key) if !key.starts_with(MANAGEMENT_PREFIX) => {
                let request = request_context(parts)?;
                let principal = present(app, key, &request)?;
                Ok(Self::Key(Box::new(principal), request))
            }
            Carried::One(_) | Carried::Nothing | Carried::Unusable => {
                Caller::authenticate(parts, app).await.map(Self::Caller)
            }
        }
    }
}

/// A key that asks about itself asks for its state and where it may be used from.
fn present(app: &App, unverified: &str, request: &RequestContext) -> Result<Principal, Problem> {
    let ask = Ask {
        ip: request.address,
        ..Ask::default()
    };
    let answer = app.verify(unverified, &Reach::All, &ask, principal);
    match (answer.verdict, answer.key) {
        (Verdict::Allow(()), Some(principal)) => Ok(principal),
        (Verdict::Undecided(cause), _) => Err(cause.into()),
        (Verdict::Deny(reason), _) => Err(refused(&reason)),
        (Verdict::Allow(()), None) => Err(Problem::undecided()),
    }
}

fn refused(reason: &Reason) -> Problem {
    let code = Code::from_name(reason.code()).unwrap_or(Code::ApiKeyInvalid);
    if reason.http_status() != 401 {
        return Problem::new(code);
    }
    challenge(
        code,
        match reason {
            Reason::Missing => CHALLENGE_MISSING,
            _ => CHALLENGE_INVALID,
        },
    )
}

/// Tells a credential who it is.
#[utoipa::path(get, path = "/v1/whoami", tag = "whoami", responses((status = 200, body = Whoami)))]
pub(crate) async fn whoami(
    State(app): State<AppState>,
    holder: Holder,
    _query: NoQuery,
) -> Response {
    let now = app.clock.now();
    let mut whoami = Whoami {
        key: None,
        management_key: None,
        member: None,
    };
    match holder {
        Holder::Key(principal, _) => whoami.key = Some(*principal),
        Holder::Caller(caller) => match caller.who {
            Who::ManagementKey(key) => {
                whoami.management_key = Some(wire::management_key(&key, now));
            }
            Who::Member { member, .. } => whoami.member = Some(wire::member(&member)),
            // A customer has no account here; the page says all there is to know.
            Who::Portal { .. } => {}
        },
    }
    axum::Json(whoami).into_response()
}

/// Ends the key that this is called with. It needs no other right (S-REVOKE-07).
#[utoipa::path(post, path = "/v1/whoami/revoke", tag = "whoami", params(WaitQuery),
    request_body = RevokeKey, responses((status = 200, body = ChangedKey)))]
pub(crate) async fn revoke(
    State(app): State<AppState>,
    holder: Holder,
    Query(query): Query<WaitQuery>,
    Json(body): Json<RevokeKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let Holder::Key(principal, request) = holder else {
        return Err(Problem::new(Code::PermissionDenied)
            .detail("a management key is revoked at /v1/management-keys/{id}/revoke"));
    };
    let id: KeyId = principal
        .id
        .parse()
        .map_err(|error| Problem::internal(&error))?;
    let origin = Origin {
        actor: Actor::Key(id.clone()),
        actor_label: format!("{} …{}", principal.name, principal.suffix),
        address: request.address,
        request_id: request.id.to_string(),
    };
    let now = app.clock.now();
    let (reason, reason_code) = (body.reason.as_deref(), body.reason_code.as_deref());
    let revocation = revocation(reason, reason_code, origin.actor.to_text(), now)?;
    let at = KeyAt {
        reach: &Reach::All,
        id: &id,
        expected: None,
    };
    let done = app
        .store
        .revoke_key(&origin.into(), at, &revocation, now)
        .await;
    let settled = app.settle(done, patience).await?;
    let key = wire::key(&settled.value, now);
    let tag = key_tag(&key);
    let answer = settled.answer(http::StatusCode::OK, |_, effective_everywhere_at| {
        ChangedKey {
            key,
            effective_everywhere_at,
        }
    });
    Ok(tagged(answer, &tag))
}
