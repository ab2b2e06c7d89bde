//! Who calls, and what they may do. A handler that needs a permission names it in its signature:
//! [`Permit<KeysRevoke>`](Permit) is the proof, and there is no other way to make one.

pub(crate) mod permissions;

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};
use keyway_api::code::Code;
use keyway_core::actor::{Actor, Origin};
use keyway_core::id::OrganizationId;
use keyway_core::management::{ManagementKey, ManagementKeyState, Reach};
use keyway_store::call::Call;
use keyway_token::digest::Digest;
use keyway_token::management::is_management_shape;

use crate::app::{App, AppState};
use crate::auth::permissions::Needed;
use crate::credential::{
    CHALLENGE_INVALID, CHALLENGE_MISSING, CHALLENGE_UNREADABLE, Carried, management_credential,
};
use crate::problem::Problem;
use crate::request::RequestContext;

/// Proof that the caller holds the permission `P`.
#[derive(Debug)]
pub(crate) struct Permit<P> {
    caller: Caller,
    permission: PhantomData<P>,
}

/// A management key that stands, and the request it came with.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub key: Arc<ManagementKey>,
    pub request: RequestContext,
}

impl<P: Needed> FromRequestParts<AppState> for Permit<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let caller = Caller::authenticate(parts, app)?;
        if !caller.key.preset.holds(P::PERMISSION) {
            let permission = P::PERMISSION.as_str();
            let (actor, request_id) = (&caller.key.id, &caller.request.id);
            tracing::info!(%actor, %request_id, permission, "a management key may not do this");
            return Err(denied(permission));
        }
        Ok(Self {
            caller,
            permission: PhantomData,
        })
    }
}

impl<P> Permit<P> {
    /// The organizations that the caller may see.
    pub(crate) fn reach(&self) -> &Reach {
        &self.caller.key.reach
    }

    /// For what concerns the whole deployment.
    pub(crate) fn needs_all_organizations(&self) -> Result<(), Problem> {
        match self.reach() {
            Reach::All => Ok(()),
            Reach::One(_) => Err(Problem::new(Code::PermissionDenied)
                .detail("it needs a management key of all organizations")),
        }
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// For a change without an idempotency key.
    pub(crate) fn call(&self) -> Call {
        self.caller.origin().into()
    }

    /// The organization that is meant: the one named, if the caller may see it, else the only one.
    pub(crate) fn organization(
        &self,
        app: &App,
        named: Option<&str>,
    ) -> Result<OrganizationId, Problem> {
        if let Some(organization) = self.named_organization(app, named)? {
            return Ok(organization);
        }
        app.index.only_organization(self.reach()).ok_or_else(|| {
            let detail = "name the organization: the caller does not see exactly one";
            Problem::field("/organization", detail)
        })
    }

    /// The organization that is named, if one is; it must be one that the caller may see.
    pub(crate) fn named_organization(
        &self,
        app: &App,
        named: Option<&str>,
    ) -> Result<Option<OrganizationId>, Problem> {
        let Some(named) = named else { return Ok(None) };
        let not_found = || Problem::new(Code::OrganizationNotFound);
        let id: OrganizationId = named.parse().map_err(|_| not_found())?;
        let is_visible = self.reach().covers(&id) && app.index.find_organization(&id).is_some();
        if is_visible {
            Ok(Some(id))
        } else {
            Err(not_found())
        }
    }
}

impl Caller {
    pub(crate) fn authenticate(parts: &Parts, app: &App) -> Result<Self, Problem> {
        let unverified = match management_credential(&parts.headers) {
            Carried::One(unverified) => unverified,
            Carried::Several => {
                return Err(challenge(Code::DuplicateCredentials, CHALLENGE_UNREADABLE));
            }
            Carried::Nothing | Carried::Unusable => {
                return Err(challenge(Code::CredentialMissing, CHALLENGE_MISSING));
            }
        };
        let request = request_context(parts)?;
        // Nothing is known while the index is in doubt, not even that a key is unknown.
        if let Some(cause) = app.index.doubt() {
            return Err(cause.into());
        }
        let invalid = || challenge(Code::CredentialInvalid, CHALLENGE_INVALID);
        if !is_management_shape(unverified) {
            return Err(invalid());
        }
        let key = app
            .index
            .find_management_key(&Digest::of(unverified))
            .ok_or_else(invalid)?;
        if key.state != ManagementKeyState::Active {
            return Err(challenge(Code::CredentialRevoked, CHALLENGE_INVALID));
        }
        if !key.stands(app.clock.now()) {
            return Err(challenge(Code::CredentialExpired, CHALLENGE_INVALID));
        }
        Ok(Self { key, request })
    }

    /// What a cursor is bound to: the organizations that the caller may see.
    pub(crate) fn scope(&self) -> String {
        match &self.key.reach {
            Reach::All => "*".to_owned(),
            Reach::One(own) => own.to_string(),
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin {
            actor: Actor::ManagementKey(self.key.id.clone()),
            actor_label: self.key.name.as_str().to_owned(),
            address: self.request.address,
            request_id: self.request.id.to_string(),
        }
    }
}

pub(crate) fn request_context(parts: &Parts) -> Result<RequestContext, Problem> {
    let found = parts.extensions.get::<RequestContext>();
    found.cloned().ok_or_else(|| Problem::new(Code::Internal))
}

pub(crate) fn challenge(code: Code, value: &'static str) -> Problem {
    Problem::new(code).header(header::WWW_AUTHENTICATE, HeaderValue::from_static(value))
}

/// Names the permission that is needed (S-BEARER-05).
fn denied(permission: &str) -> Problem {
    let challenge =
        format!(r#"Bearer realm="keyway", error="insufficient_scope", scope="{permission}""#);
    let problem = Problem::new(Code::PermissionDenied).detail(format!("it needs {permission}"));
    match HeaderValue::from_str(&challenge) {
        Ok(value) => problem.header(header::WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}
