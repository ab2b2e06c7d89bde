//! Coming in: what a browser brings to the door, and the session that it leaves with.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header;
use http::request::Parts;
use keyway_core::actor::{Actor, Origin};
use keyway_core::member::Member;
use keyway_store::call::Call;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::sessions::{Proof, Session};

use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::session::{self, Fresh};
use crate::auth::{request_context, same_origin};
use crate::dashboard::frame::Frame;
use crate::dashboard::page;
use crate::request::context::RequestContext;

/// Whoever comes to the door. That there is one proves that a form which was sent is ours: without it,
/// another site could sign its visitors in as somebody else.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub request: RequestContext,
    /// The session that the browser has already, and that stands.
    pub earlier: Option<Session>,
}

impl FromRequestParts<AppState> for Arrival {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let refused = |problem: Problem| page::refused(&Frame::solo(app), &problem);
        same_origin::prove(parts, app).map_err(refused)?;
        let request = request_context(parts).map_err(refused)?;
        let earlier = match session::cookie(&parts.headers, app) {
            Some(unverified) => session::load(app, &unverified).await.map_err(refused)?,
            None => None,
        };
        Ok(Self { request, earlier })
    }
}

/// What became of somebody who wanted to come in.
#[derive(Debug)]
pub(crate) enum Entered {
    Came(Response),
    /// What they came with proves nothing, or nothing any more.
    Refused,
    Failed(Problem),
}

impl Arrival {
    /// Begins a session for memberships that were proved, and goes to `next`; the first is the one as
    /// which they come in. By a link they keep what the browser's session had proved before.
    pub(crate) async fn enter(
        &self,
        app: &App,
        members: &[Arc<Member>],
        proof: Proof,
        next: &str,
    ) -> Entered {
        let Some(here) = members.first() else {
            return Entered::Refused;
        };
        let earlier = self.earlier.as_ref();
        let fresh = match &proof {
            Proof::Link(_) => Fresh::joining(app, here, earlier),
            Proof::Passwords(_) | Proof::Address => Fresh::of_members(app, here, members, earlier),
        };
        let (by, now) = (self.call_of(here), app.clock.now());
        let opening = fresh.opening.clone();
        let done = app
            .store
            .begin_session(&by, here, proof, opening, now)
            .await;
        entered(app, done.map(|_| ()), &fresh, next)
    }

    fn call_of(&self, member: &Member) -> Call {
        let actor = Actor::Member {
            id: member.id.clone(),
            version: member.version,
        };
        self.call(actor, member.name.as_str())
    }

    pub(crate) fn call(&self, actor: Actor, label: &str) -> Call {
        let origin = Origin {
            actor,
            actor_label: label.to_owned(),
            address: self.request.address,
            request_id: self.request.id.to_string(),
        };
        origin.into()
    }
}

pub(crate) fn entered(
    app: &App,
    done: Result<(), ChangeError>,
    fresh: &Fresh,
    next: &str,
) -> Entered {
    match done {
        Ok(()) => {
            let (mut response, cookie) = (page::to(next), fresh.cookie(app));
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Entered::Came(response)
        }
        Err(ChangeError::Refused {
            refusal:
                Refusal::LinkDead
                | Refusal::ActorGone
                | Refusal::MemberNotFound
                | Refusal::PasswordMoved,
            ..
        }) => Entered::Refused,
        Err(error) => Entered::Failed(error.into()),
    }
}
