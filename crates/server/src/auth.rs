//! Who calls, and what they may do. A handler that needs a permission names it in its signature:
//! [`Permit<KeysRevoke>`](Permit) is the proof, and there is no other way to make one.
//!
//! A call comes from a program with a management key, from a person with a session cookie, or from a
//! product's customer with the cookie of a portal session. Where what they hold covers only a part of
//! an organization, the permit's reach is that part.

pub(crate) mod caller;
pub(crate) mod cookie;
pub(crate) mod giving;
pub(crate) mod holder;
pub(crate) mod passwords;
pub(crate) mod permissions;
pub(crate) mod refusals;
pub(crate) mod same_origin;
pub(crate) mod session;
pub(crate) mod throttle;

use std::collections::BTreeSet;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};
use keyway_api::code::Code;
use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::management::{ManagementPermission, Part, Reach};
use keyway_core::text::Label;
use keyway_store::call::Call;

use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::caller::{Caller, Who};
use crate::auth::permissions::Needed;
use crate::request::context::RequestContext;

/// Proof that the caller holds the permission `P`, and where.
#[derive(Debug)]
pub(crate) struct Permit<P> {
    caller: Caller,
    reach: Reach,
    permission: PhantomData<P>,
}

impl<P: Needed> FromRequestParts<AppState> for Permit<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let caller = Caller::authenticate(parts, app).await?;
        Self::of(app, caller)
    }
}

impl<P: Needed> Permit<P> {
    /// The permit of a caller who is known already.
    pub(crate) fn of(app: &App, caller: Caller) -> Result<Self, Problem> {
        let reach = reach_of(app, &caller, P::PERMISSION)?;
        let Some(reach) = reach else {
            let needed = Some(P::PERMISSION);
            let code = Code::PermissionDenied;
            app.refusals.of_caller(code, needed, &caller);
            let profile = app.profile_in_force()?;
            return Err(needs(profile.profile.labels.of(P::PERMISSION)));
        };
        Ok(Self {
            caller,
            reach,
            permission: PhantomData,
        })
    }
}

impl<P> Permit<P> {
    /// What the caller may see and touch with this permission.
    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// For what concerns the whole deployment.
    pub(crate) fn needs_all_organizations(&self, app: &App) -> Result<(), Problem> {
        match self.reach() {
            Reach::All => Ok(()),
            Reach::One(_) | Reach::Part(_) => Err(self
                .caller
                .denied(app, "it needs a management key of all organizations")),
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
        self.organization_at(app, named, "/organization")
    }

    /// The same where it is named in the query.
    pub(crate) fn organization_in_query(
        &self,
        app: &App,
        named: Option<&str>,
    ) -> Result<OrganizationId, Problem> {
        self.organization_at(app, named, "organization")
    }

    fn organization_at(
        &self,
        app: &App,
        named: Option<&str>,
        pointer: &str,
    ) -> Result<OrganizationId, Problem> {
        if let Some(organization) = self.named_organization(app, named)? {
            return Ok(organization);
        }
        app.index.only_organization(self.reach()).ok_or_else(|| {
            let detail = "name the organization: the caller does not see exactly one";
            Problem::field(pointer, detail)
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

/// Where a caller holds a permission; None: nowhere.
pub(crate) fn reach_of(
    app: &App,
    caller: &Caller,
    permission: ManagementPermission,
) -> Result<Option<Reach>, Problem> {
    Ok(match &caller.who {
        Who::ManagementKey(key) => key.preset.holds(permission).then(|| key.reach.clone()),
        Who::Member { member, .. } => {
            let profile = app.profile_in_force()?;
            let (roles, bindings) = (&profile.profile.roles, &member.bindings);
            let projects: BTreeSet<ProjectId> = bindings
                .projects_managing(permission, roles)
                .cloned()
                .collect();
            let own = member.own_keys(permission, roles);
            if bindings.manage(permission, roles) {
                Some(Reach::One(member.organization.clone()))
            } else if permission.is_about_keys() && (!projects.is_empty() || own.is_some()) {
                let projects = Some(projects);
                let of = Part {
                    own,
                    ..part(member.organization.clone(), projects, None)
                };
                Some(Reach::Part(Box::new(of)))
            } else {
                None
            }
        }
        Who::Portal { portal, .. } => {
            let projects = portal.project.iter().cloned().collect::<BTreeSet<_>>();
            let projects = (!projects.is_empty()).then_some(projects);
            portal
                .manages(permission)
                .then(|| part(portal.organization.clone(), projects, portal.owner.clone()))
                .map(|part| Reach::Part(Box::new(part)))
        }
    })
}

fn part(
    organization: OrganizationId,
    projects: Option<BTreeSet<ProjectId>>,
    owner: Option<Label>,
) -> Part {
    Part {
        organization,
        projects,
        owner,
        own: None,
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
fn needs(permission: &str) -> Problem {
    let challenge =
        format!(r#"Bearer realm="keyway", error="insufficient_scope", scope="{permission}""#);
    let problem = Problem::new(Code::PermissionDenied).detail(format!("it needs {permission}"));
    match HeaderValue::from_str(&challenge) {
        Ok(value) => problem.header(header::WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}
