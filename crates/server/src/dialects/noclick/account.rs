//! Whose account it is: the member of the session cookie. A key, or any other credential in the place of
//! the cookie, is nobody.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyway_api::code::Code;
use keyway_core::actor::Actor;
use keyway_core::member::Member;

use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::caller::{Caller, Who};
use crate::auth::permissions::Needed;
use crate::auth::{Permit, challenge, request_context, same_origin, session};
use crate::request::credential::CHALLENGE_MISSING;

/// A member who is signed in, and may do `P`.
pub(super) struct Account<P> {
    pub member: Arc<Member>,
    pub permit: Permit<P>,
}

impl<P: Needed> FromRequestParts<AppState> for Account<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let nobody =
            || challenge(Code::CredentialMissing, CHALLENGE_MISSING).detail("sign in first");
        let unverified = session::cookie(&parts.headers, app).ok_or_else(nobody)?;
        same_origin::prove(parts, app)?;
        let request = request_context(parts)?;
        let who = session::find(app, &unverified).await?.ok_or_else(nobody)?;
        let Who::Member { member, .. } = &who else {
            return Err(nobody());
        };
        let member = Arc::clone(member);
        let permit = Permit::of(app, Caller { who, request })?;
        Ok(Self { member, permit })
    }
}

impl<P> Account<P> {
    /// As keys name who made them.
    pub(super) fn creator(&self) -> String {
        let (id, version) = (self.member.id.clone(), self.member.version);
        Actor::Member { id, version }.to_text()
    }
}
