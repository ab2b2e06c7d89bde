//! The caller: a management key, a member or a portal session that stands at this moment.

use std::sync::Arc;

use http::request::Parts;
use keyway_api::code::Code;
use keyway_core::actor::{Actor, Origin};
use keyway_core::grant::{Grants, Right};
use keyway_core::id::ProjectId;
use keyway_core::management::{
    ManagementKey, ManagementKeyState, ManagementPermission, Preset, Reach,
};
use keyway_core::member::Member;
use keyway_core::permission::{PermissionPattern, PermissionSet};
use keyway_core::portal::PortalSession;
use keyway_core::profile::Roles;
use keyway_core::resource::ResourcePath;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use keyway_token::management::is_management_shape;

use super::session::SignedIn;
use super::{challenge, request_context, same_origin, session};
use crate::answer::problem::Problem;
use crate::app::App;
use crate::jwt::InvalidToken;
use crate::jwt::issuer::Unwelcome;
use crate::jwt::token::is_token_shape;
use crate::request::context::RequestContext;
use crate::request::credential::{
    CHALLENGE_INVALID, CHALLENGE_MISSING, CHALLENGE_UNREADABLE, Carried, management_credential,
};

#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub who: Who,
    pub request: RequestContext,
}

#[derive(Clone, Debug)]
pub(crate) enum Who {
    ManagementKey(Arc<ManagementKey>),
    Member {
        member: Arc<Member>,
        /// Of the cookie; none where a signed token stands for the member.
        session: Option<Arc<SignedIn>>,
    },
    Portal {
        portal: Box<PortalSession>,
        /// Of the cookie.
        session: Digest,
    },
}

impl Caller {
    /// By the `Authorization` header, else by a session cookie.
    pub(crate) async fn authenticate(parts: &Parts, app: &App) -> Result<Self, Problem> {
        let request = request_context(parts)?;
        let carried = management_credential(&parts.headers);
        let cookie = session::cookie(&parts.headers, app);
        let stranger = |code, challenge| refused(app, &request, code, challenge);
        match (carried, cookie) {
            // Two credentials are refused before either is looked at (S-BEARER-06).
            (Carried::Several, _) => {
                Err(stranger(Code::DuplicateCredentials, CHALLENGE_UNREADABLE))
            }
            (Carried::One(unverified), _) if is_token_shape(unverified) => {
                Self::of_token(app, unverified, request).await
            }
            (Carried::One(unverified), _) => Self::of_management_key(app, unverified, request),
            (Carried::Nothing, Some(unverified)) => {
                same_origin::prove(parts, app)?;
                match session::find(app, &unverified).await? {
                    Some(who) => Ok(Self { who, request }),
                    None => Err(stranger(Code::CredentialInvalid, CHALLENGE_INVALID)),
                }
            }
            (Carried::Nothing | Carried::Unusable, _) => {
                Err(stranger(Code::CredentialMissing, CHALLENGE_MISSING))
            }
        }
    }

    /// A member, by the signed token of a configured issuer. A browser does not send it by itself, so
    /// no proof of the origin is asked for.
    async fn of_token(
        app: &App,
        unverified: &str,
        request: RequestContext,
    ) -> Result<Self, Problem> {
        if let Some(cause) = app.index.doubt() {
            return Err(cause.into());
        }
        match app.issuers.member_of(app, unverified).await {
            Ok(member) => {
                let session = None;
                let who = Who::Member { member, session };
                Ok(Self { who, request })
            }
            Err(why) => {
                // Not above debug: whoever floods the server must not flood its log.
                tracing::debug!(request_id = %request.id, %why, "a signed token lets nobody in");
                let problem = unwelcome(why);
                // That nothing could be decided refuses nobody.
                if problem.code().status() < 500 {
                    app.refusals.of_stranger(problem.code(), &request);
                }
                Err(problem)
            }
        }
    }

    fn of_management_key(
        app: &App,
        unverified: &str,
        request: RequestContext,
    ) -> Result<Self, Problem> {
        // Nothing is known while the index is in doubt, not even that a key is unknown.
        if let Some(cause) = app.index.doubt() {
            return Err(cause.into());
        }
        let invalid = || refused(app, &request, Code::CredentialInvalid, CHALLENGE_INVALID);
        if !is_management_shape(unverified) {
            return Err(invalid());
        }
        let key = app
            .index
            .find_management_key(&Digest::of(unverified))
            .ok_or_else(invalid)?;
        let code = if key.state != ManagementKeyState::Active {
            Some(Code::CredentialRevoked)
        } else if !key.stands(app.clock.now()) {
            Some(Code::CredentialExpired)
        } else {
            None
        };
        let caller = Self {
            who: Who::ManagementKey(key),
            request,
        };
        let Some(code) = code else { return Ok(caller) };
        app.refusals.of_caller(code, None, &caller);
        Err(challenge(code, CHALLENGE_INVALID))
    }

    /// What this caller may not do, whatever the permission says.
    pub(crate) fn denied(&self, app: &App, detail: impl Into<String>) -> Problem {
        let code = Code::PermissionDenied;
        app.refusals.of_caller(code, None, self);
        Problem::new(code).detail(detail)
    }

    /// What a cursor is bound to: what the caller may see.
    pub(crate) fn scope(&self) -> String {
        match &self.who {
            Who::ManagementKey(key) => match key.reach.organization() {
                None => "*".to_owned(),
                Some(own) => own.to_string(),
            },
            Who::Member { member, .. } => member.organization.to_string(),
            Who::Portal { portal, .. } => portal.id.to_string(),
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        let (actor, actor_label) = match &self.who {
            Who::ManagementKey(key) => (
                Actor::ManagementKey(key.id.clone()),
                key.name.as_str().to_owned(),
            ),
            Who::Member { member, .. } => (
                Actor::Member {
                    id: member.id.clone(),
                    version: member.version,
                },
                member.name.as_str().to_owned(),
            ),
            Who::Portal { portal, .. } => {
                let owner = portal
                    .owner
                    .as_ref()
                    .map_or("customer", |owner| owner.as_str());
                (Actor::PortalSession(portal.id.clone()), owner.to_owned())
            }
        };
        Origin {
            actor,
            actor_label,
            address: self.request.address,
            request_id: self.request.id.to_string(),
        }
    }

    /// Whether a thing may be done in all that the caller sees.
    pub(crate) fn manages(&self, permission: ManagementPermission, roles: &Roles) -> bool {
        match &self.who {
            Who::ManagementKey(key) => key.preset.holds(permission),
            Who::Member { member, .. } => member.bindings.manage(permission, roles),
            Who::Portal { portal, .. } => portal.manages(permission),
        }
    }

    /// When what the caller came with ends, whatever is done.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        match &self.who {
            Who::ManagementKey(key) => key.expires_at,
            // A session ends and its person comes back.
            Who::Member { .. } => None,
            Who::Portal { portal, .. } => Some(portal.expires_at),
        }
    }

    /// Whether the caller holds everything that a preset holds.
    pub(crate) fn covers(&self, preset: Preset, roles: &Roles) -> bool {
        ManagementPermission::ALL
            .iter()
            .all(|permission| !preset.holds(*permission) || self.manages(*permission, roles))
    }

    /// The organizations that the caller sees at all.
    pub(crate) fn sight(&self) -> Reach {
        match &self.who {
            Who::ManagementKey(key) => key.reach.clone(),
            Who::Member { member, .. } => Reach::One(member.organization.clone()),
            Who::Portal { portal, .. } => Reach::One(portal.organization.clone()),
        }
    }

    /// The product's permissions that the caller holds in all of what it sees.
    pub(crate) fn product_permissions(&self, roles: &Roles) -> Vec<PermissionPattern> {
        match &self.who {
            Who::ManagementKey(_) => vec![PermissionPattern::All],
            Who::Member { member, .. } => roles.permissions(&member.bindings.organization).to_vec(),
            Who::Portal { portal, .. } => portal.to_hand_on().cloned().collect(),
        }
    }

    /// What of a key's grants is more than the caller holds. A management key that may make keys holds
    /// everything in its organizations.
    pub(crate) fn excess(
        &self,
        roles: &Roles,
        grants: &Grants,
        project: Option<&ProjectId>,
    ) -> Vec<String> {
        match &self.who {
            Who::ManagementKey(_) => Vec::new(),
            Who::Member { member, .. } => {
                let ceiling = project.map(ResourcePath::of_project);
                member.bindings.excess(grants, ceiling.as_ref(), roles)
            }
            Who::Portal { portal, .. } => {
                let held: Vec<&PermissionPattern> = portal.to_hand_on().collect();
                let wanted = grants
                    .as_slice()
                    .iter()
                    .flat_map(|grant| asked(&grant.right, roles));
                let is_more = |wanted: &PermissionPattern| !held.iter().any(|it| it.covers(wanted));
                let mut excess: Vec<String> =
                    wanted.filter(is_more).map(|it| it.to_string()).collect();
                excess.sort_unstable();
                excess.dedup();
                excess
            }
        }
    }
}

impl From<&Caller> for Origin {
    fn from(caller: &Caller) -> Self {
        caller.origin()
    }
}

fn unwelcome(why: Unwelcome) -> Problem {
    let problem = match why {
        Unwelcome::Invalid(InvalidToken::Expired) => {
            challenge(Code::CredentialExpired, CHALLENGE_INVALID)
        }
        Unwelcome::Invalid(_) => challenge(Code::CredentialInvalid, CHALLENGE_INVALID),
        Unwelcome::Undecided(_) => Problem::undecided(),
        Unwelcome::NoMember | Unwelcome::SeveralMembers => Problem::new(Code::PermissionDenied),
    };
    problem.detail(format!("The signed token was not taken: {why}."))
}

/// What a right is made of; a portal's customer is no member, so nothing can be inherited from one.
fn asked(right: &Right, roles: &Roles) -> Vec<PermissionPattern> {
    match right {
        Right::Permissions(PermissionSet::All) | Right::Inherit(_) => vec![PermissionPattern::All],
        Right::Permissions(PermissionSet::Words(words)) => {
            words.iter().cloned().map(PermissionPattern::Word).collect()
        }
        Right::Role(name) => roles.permissions(name).to_vec(),
    }
}

fn refused(app: &App, request: &RequestContext, code: Code, value: &'static str) -> Problem {
    app.refusals.of_stranger(code, request);
    challenge(code, value)
}
