//! Whoever asks about the credential that it holds, of either kind.

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyway_api::code::Code;
use keyway_api::verify::Principal;
use keyway_core::actor::{Actor, Origin};
use keyway_core::decide::{Ask, Reason, Verdict};
use keyway_core::id::KeyId;
use keyway_core::management::Reach;
use keyway_token::management::MANAGEMENT_PREFIX;

use super::caller::Caller;
use super::{challenge, request_context};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::jwt::token::is_token_shape;
use crate::request::context::RequestContext;
use crate::request::credential::{
    CHALLENGE_INVALID, CHALLENGE_MISSING, CHALLENGE_UNREADABLE, Carried, key_credential,
};
use crate::verify::principal;

#[derive(Debug)]
pub(crate) enum Holder {
    Caller(Caller),
    Key(HeldKey),
}

/// A key whose whole secret was presented, whatever its state: that proves who holds it.
#[derive(Debug)]
pub(crate) struct HeldKey {
    principal: Box<Principal>,
    refusal: Option<Reason>,
    request: RequestContext,
}

impl FromRequestParts<AppState> for Holder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let in_force = app.profile_in_force()?;
        match key_credential(&parts.headers, &in_force.profile.carriers) {
            Carried::Several => Err(challenge(Code::DuplicateCredentials, CHALLENGE_UNREADABLE)),
            Carried::One(key) if !is_of_caller(key) => {
                present(app, key, request_context(parts)?).map(Self::Key)
            }
            Carried::One(_) | Carried::Nothing | Carried::Unusable => {
                Caller::authenticate(parts, app).await.map(Self::Caller)
            }
        }
    }
}

/// Whether it is a credential of those who manage keys.
fn is_of_caller(unverified: &str) -> bool {
    let is_token = unverified.starts_with("eyJ") && is_token_shape(unverified);
    unverified.starts_with(MANAGEMENT_PREFIX) || is_token
}

/// A key that asks about itself asks for its state and where it may be used from, and is not used by
/// that. Anybody may try strings here, so tries are counted before one is looked at.
fn present(app: &App, unverified: &str, request: RequestContext) -> Result<HeldKey, Problem> {
    app.strangers.knock(request.address, app.clock.as_ref())?;
    let ask = Ask {
        ip: request.address,
        ..Ask::default()
    };
    let answer = app.verify_unused(unverified, &Reach::All, &ask, principal);
    let refusal = match answer.verdict {
        Verdict::Allow(()) => None,
        Verdict::Deny(reason) => Some(reason),
        Verdict::Undecided(cause) => return Err(cause.into()),
    };
    match (answer.key, refusal) {
        (Some(principal), refusal) => Ok(HeldKey {
            principal: Box::new(principal),
            refusal,
            request,
        }),
        (None, Some(reason)) => Err(refused(&reason)),
        (None, None) => Err(Problem::undecided()),
    }
}

impl HeldKey {
    /// What the key stands for, if it is let through.
    pub(crate) fn let_through(self) -> Result<Principal, Problem> {
        match &self.refusal {
            None => Ok(*self.principal),
            Some(reason) => Err(refused(reason)),
        }
    }

    pub(crate) fn id(&self) -> Result<KeyId, Problem> {
        let id = self.principal.id.parse();
        id.map_err(|error| Problem::internal(&error))
    }

    pub(crate) fn origin(&self, id: &KeyId) -> Origin {
        Origin {
            actor: Actor::Key(id.clone()),
            actor_label: format!("{} …{}", self.principal.name, self.principal.suffix),
            address: self.request.address,
            request_id: self.request.id.to_string(),
        }
    }
}

pub(crate) fn refused(reason: &Reason) -> Problem {
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
