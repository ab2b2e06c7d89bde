//! Who asks: a key of the organization itself, which holds what is asked for at all of it. The key of a
//! project reaches no further than its project, whatever its creator may do.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyway_api::code::Code;
use keyway_api::verify::Principal;
use keyway_core::actor::{Actor, Origin};
use keyway_core::decide::{Ask, Reason, Verdict};
use keyway_core::id::{KeyId, OrganizationId};
use keyway_core::management::Reach;
use keyway_core::resource::Resource;

use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::holder::refused;
use crate::auth::{challenge, request_context};
use crate::request::context::RequestContext;
use crate::request::credential::{
    CHALLENGE_MISSING, CHALLENGE_UNREADABLE, Carried, key_credential,
};
use crate::verify::principal;

/// Makes workspaces and keys, system keys among them.
pub(super) const ADMINISTRATION: &str = "tenant:admin";

/// What may be asked for at all of an organization.
pub(super) trait Wide {
    const WORD: &'static str;
}

/// Administers workspaces and keys.
#[derive(Debug)]
pub(super) struct Administration;

/// Sees who is in the organization.
#[derive(Debug)]
pub(super) struct ReadUsers;

/// Sees its roles.
#[derive(Debug)]
pub(super) struct ReadRoles;

impl Wide for Administration {
    const WORD: &'static str = ADMINISTRATION;
}

impl Wide for ReadUsers {
    const WORD: &'static str = "users:read";
}

impl Wide for ReadRoles {
    const WORD: &'static str = "org:admin";
}

/// Proof that a key was presented that holds `P`.
#[derive(Debug)]
pub(super) struct SystemKey<P> {
    pub organization: OrganizationId,
    pub reach: Reach,
    /// What the key holds at all of the organization.
    pub held: Vec<String>,
    origin: Origin,
    permission: PhantomData<P>,
}

impl<P: Wide> FromRequestParts<AppState> for SystemKey<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let in_force = app.profile_in_force()?;
        match key_credential(&parts.headers, &in_force.profile.carriers) {
            Carried::One(key) => {
                let request = request_context(parts)?;
                let principal = present(app, key, P::WORD, &request)?;
                Self::of(&principal, &request)
            }
            Carried::Several => Err(challenge(Code::DuplicateCredentials, CHALLENGE_UNREADABLE)),
            Carried::Nothing | Carried::Unusable => {
                Err(challenge(Code::ApiKeyMissing, CHALLENGE_MISSING))
            }
        }
    }
}

/// Anybody may try strings here, so tries are counted before one is looked at.
fn present(
    app: &App,
    unverified: &str,
    permission: &str,
    request: &RequestContext,
) -> Result<Principal, Problem> {
    app.strangers.knock(request.address, app.clock.as_ref())?;
    let wanted = permission.parse();
    let ask = Ask {
        permissions: vec![wanted.map_err(|fault| Problem::internal(&fault))?],
        resource: Some(Resource::All),
        ip: request.address,
        ..Ask::default()
    };
    let answer = app.verify(unverified, &Reach::All, &ask, principal);
    match answer.verdict {
        Verdict::Allow(()) => answer.key.ok_or_else(Problem::undecided),
        Verdict::Undecided(cause) => Err(cause.into()),
        Verdict::Deny(reason @ (Reason::OutOfScope | Reason::InsufficientPermissions { .. })) => {
            Err(refused(&reason).detail(format!("It needs a system key with {permission}")))
        }
        Verdict::Deny(reason) => Err(refused(&reason)),
    }
}

impl<P> SystemKey<P> {
    fn of(principal: &Principal, request: &RequestContext) -> Result<Self, Problem> {
        let id = principal.id.parse::<KeyId>();
        let organization = principal.organization.parse::<OrganizationId>();
        let organization = organization.map_err(|fault| Problem::internal(&fault))?;
        Ok(Self {
            reach: Reach::One(organization.clone()),
            organization,
            held: principal.permissions.clone(),
            origin: Origin {
                actor: Actor::Key(id.map_err(|fault| Problem::internal(&fault))?),
                actor_label: format!("{} …{}", principal.name, principal.suffix),
                address: request.address,
                request_id: request.id.to_string(),
            },
            permission: PhantomData,
        })
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin.clone()
    }
}

impl<P> From<&SystemKey<P>> for Origin {
    fn from(key: &SystemKey<P>) -> Self {
        key.origin()
    }
}
