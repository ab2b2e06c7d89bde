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
use keyway_core::key::Lifetime;
use keyway_core::management::Reach;
use keyway_core::network::IpRules;
use keyway_core::rate_limit::RateLimit;
use keyway_core::resource::Resource;
use keyway_index::verify::Found;

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
    /// What bounds the key, and so every key that it makes.
    pub bounds: Bounds,
    origin: Origin,
    permission: PhantomData<P>,
}

/// How long, from where and how often a key may be used.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub lifetime: Lifetime,
    pub ip_rules: IpRules,
    pub rate_limit: Option<RateLimit>,
}

/// A key that was let through, as it was then.
struct Acting {
    principal: Principal,
    version: i64,
    bounds: Bounds,
}

impl Acting {
    fn of(found: &Found<'_>) -> Self {
        Self {
            principal: principal(found),
            version: found.version(),
            bounds: Bounds {
                lifetime: found.lifetime(),
                ip_rules: found.ip_rules().clone(),
                rate_limit: found.rate_limit(),
            },
        }
    }
}

impl<P: Wide> FromRequestParts<AppState> for SystemKey<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let in_force = app.profile_in_force()?;
        match key_credential(&parts.headers, &in_force.profile.carriers) {
            Carried::One(key) => {
                let request = request_context(parts)?;
                let acting = present(app, key, P::WORD, &request)?;
                Self::of(acting, &request)
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
) -> Result<Acting, Problem> {
    app.strangers.knock(request.address, app.clock.as_ref())?;
    let wanted = permission.parse();
    let ask = Ask {
        permissions: vec![wanted.map_err(|fault| Problem::internal(&fault))?],
        resource: Some(Resource::All),
        ip: request.address,
        ..Ask::default()
    };
    let answer = app.verify(unverified, &Reach::All, &ask, Acting::of);
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
    fn of(acting: Acting, request: &RequestContext) -> Result<Self, Problem> {
        let principal = acting.principal;
        let id = principal.id.parse::<KeyId>();
        let organization = principal.organization.parse::<OrganizationId>();
        let organization = organization.map_err(|fault| Problem::internal(&fault))?;
        Ok(Self {
            reach: Reach::One(organization.clone()),
            organization: organization.clone(),
            held: principal.permissions,
            bounds: acting.bounds,
            origin: Origin {
                actor: Actor::ActingKey {
                    id: id.map_err(|fault| Problem::internal(&fault))?,
                    version: acting.version,
                    organization,
                },
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
