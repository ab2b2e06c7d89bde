//! Whoever looks at a page, by the session cookie. Who has none is sent to the sign-in page and comes
//! back afterwards.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use http::Method;
use http::request::Parts;
use keyway_core::grant::RoleName;
use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::management::{ManagementPermission, Reach};
use keyway_core::member::Member;
use keyway_core::portal::PortalSession;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::frame::{Frame, Toast};
use super::outcome;
use super::page::{self, Administrator};
use super::picked;
use super::preferences::Preferences;
use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::caller::{Caller, Who};
use crate::auth::permissions::Needed;
use crate::auth::{Permit, request_context, same_origin, session};
use crate::profile_in_force::ProfileInForce;

/// A person or a customer who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub app: AppState,
    pub profile: Arc<ProfileInForce>,
    pub caller: Caller,
    pub who: VisitorKind,
    /// Whether htmx asks, for a part of a page.
    pub is_part: bool,
    /// What the page before this one did.
    pub toast: Option<Toast>,
    pub preferences: Preferences,
    /// The project that the browser remembers, whether there is such a one or not.
    pub picked: Option<ProjectId>,
}

#[derive(Clone, Debug)]
pub(crate) enum VisitorKind {
    Member(Arc<Member>),
    Portal(Box<PortalSession>),
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let problem = |problem: Problem| page::refused(&Frame::solo(app), &problem);
        let profile = app.profile_in_force().map_err(problem)?;
        let Some(unverified) = session::cookie(&parts.headers, app) else {
            return Err(to_sign_in(parts));
        };
        same_origin::prove(parts, app).map_err(problem)?;
        let request = request_context(parts).map_err(problem)?;
        let Some(found) = session::find(app, &unverified).await.map_err(problem)? else {
            return Err(to_sign_in(parts));
        };
        let who = match &found {
            Who::Member { member, .. } => VisitorKind::Member(Arc::clone(member)),
            Who::Portal { portal, .. } => VisitorKind::Portal(portal.clone()),
            Who::ManagementKey(_) => return Err(to_sign_in(parts)),
        };
        let caller = Caller {
            who: found,
            request,
        };
        let toast = outcome::told(app, &caller, parts);
        Ok(Self {
            app: Arc::clone(app),
            profile,
            caller,
            who,
            is_part: is_part(parts),
            toast,
            preferences: Preferences::read(&parts.headers),
            picked: picked::named(&parts.headers),
        })
    }
}

/// Whether htmx asks for a part; going back in history it asks for the whole page.
fn is_part(parts: &Parts) -> bool {
    let has = |name: &str| parts.headers.contains_key(name);
    has("hx-request") && !has("hx-history-restore-request")
}

/// Back to the page that was asked for; a form that was sent is not sent again.
fn to_sign_in(parts: &Parts) -> Response {
    if parts.headers.contains_key("hx-request") {
        // A part of the sign-in page inside of another page would help nobody.
        return page::anew("/sign-in");
    }
    let is_page = matches!(parts.method, Method::GET | Method::HEAD);
    let path = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    if !is_page || path == "/" {
        return page::to("/sign-in");
    }
    let next = utf8_percent_encode(path, NON_ALPHANUMERIC);
    page::to(&format!("/sign-in?next={next}"))
}

impl Visitor {
    /// Where the visitor is. A cookie is never a management key's, so there is always one.
    pub(crate) fn organization(&self) -> &OrganizationId {
        match &self.who {
            VisitorKind::Member(member) => &member.organization,
            VisitorKind::Portal(portal) => &portal.organization,
        }
    }

    /// The frame of a page at `place` in the navigation. A product's customer has one page, which has
    /// no frame, and is sent there.
    pub(crate) async fn frame(&self, place: &'static str) -> Result<Frame, Response> {
        self.frame_in(self.picked.as_ref(), place).await
    }

    /// The same, around a page of one project.
    pub(crate) async fn frame_in(
        &self,
        project: Option<&ProjectId>,
        place: &'static str,
    ) -> Result<Frame, Response> {
        self.member()?;
        let mut organizations = Vec::new();
        for it in self.memberships() {
            let name = self.organization_name(&it.organization).await?;
            organizations.push((it.organization.to_string(), name));
        }
        let name = self.organization_name(self.organization()).await?;
        let frame = Frame::of(
            &self.app,
            &self.profile,
            &self.caller,
            organizations,
            name,
            place,
        );
        let bar = picked::bar(self, project).await;
        Ok(Frame {
            toast: self.toast.clone(),
            bar: bar.map_err(Problem::into_response)?,
            preferences: self.preferences,
            ..frame
        })
    }

    /// The member who looks; anybody else is sent to a page of their own.
    #[expect(
        clippy::result_large_err,
        reason = "the error is the page that is answered instead"
    )]
    pub(crate) fn member(&self) -> Result<&Arc<Member>, Response> {
        match &self.who {
            VisitorKind::Member(member) => Ok(member),
            VisitorKind::Portal(_) => Err(page::to("/portal")),
        }
    }

    /// What the visitor's session has proved.
    pub(crate) fn memberships(&self) -> &[Arc<Member>] {
        match &self.caller.who {
            Who::Member {
                session: Some(session),
                ..
            } => &session.memberships,
            Who::Member { session: None, .. } | Who::Portal { .. } | Who::ManagementKey(_) => &[],
        }
    }

    async fn organization_name(&self, id: &OrganizationId) -> Result<String, Response> {
        let reach = Reach::One(id.clone());
        let found = self.app.store.find_organization(&reach, id).await;
        let found = found.map_err(|error| Problem::from(error).into_response())?;
        Ok(found.map_or_else(|| id.to_string(), |it| it.name.as_str().to_owned()))
    }

    /// Proof of a permission, or the locked page of `heading`.
    #[expect(
        clippy::result_large_err,
        reason = "the error is the page that is answered instead"
    )]
    pub(crate) fn permit<P: Needed>(
        &self,
        frame: &Frame,
        heading: &str,
    ) -> Result<Permit<P>, Response> {
        Permit::of(&self.app, self.caller.clone())
            .map_err(|_| self.locked(frame, heading, P::PERMISSION))
    }

    /// Proof of a permission, where a page is more without it than a lock.
    pub(crate) fn holds<P: Needed>(&self) -> Result<Permit<P>, Problem> {
        Permit::of(&self.app, self.caller.clone())
    }

    /// Who did something, by the name that people know.
    pub(crate) fn actor_name(&self, actor: &str) -> String {
        match actor.split_once('/') {
            Some(("member", id)) => {
                let found = id
                    .parse()
                    .ok()
                    .and_then(|id| self.app.index.find_member(&id));
                let own = found.filter(|it| it.organization == *self.organization());
                own.map_or_else(
                    || "a former member".to_owned(),
                    |it| it.name.as_str().to_owned(),
                )
            }
            Some(("management_key", _)) => "a management key".to_owned(),
            Some(("portal_session", _)) => "a customer".to_owned(),
            Some(("key", _)) => "an API key".to_owned(),
            _ => "Keyway".to_owned(),
        }
    }

    /// Whether a control for this is shown at all.
    pub(crate) fn may(&self, permission: ManagementPermission) -> bool {
        let reach = crate::auth::reach_of(&self.app, &self.caller, permission);
        matches!(reach, Ok(Some(_)))
    }

    /// The same for the keys of one project.
    pub(crate) fn may_in(&self, permission: ManagementPermission, project: &ProjectId) -> bool {
        let reach = crate::auth::reach_of(&self.app, &self.caller, permission);
        let by = self.caller.origin().actor.to_text();
        let is_in = |reach: Reach| reach.covers_key(self.organization(), Some(project), None, &by);
        reach.ok().flatten().is_some_and(is_in)
    }

    /// Why a control is missing or cannot be used.
    pub(crate) fn lacks(&self, permission: ManagementPermission) -> String {
        let role = match &self.who {
            VisitorKind::Member(member) => self.role_title(&member.bindings.organization),
            VisitorKind::Portal(_) => String::new(),
        };
        let needed = self.profile.profile.labels.of(permission);
        format!("It needs {needed}, which your role, {role}, does not hold.")
    }

    /// Whether a member is the one who looks.
    pub(crate) fn is(&self, member: &Member) -> bool {
        matches!(&self.who, VisitorKind::Member(own) if own.id == member.id)
    }

    /// A role as people read it.
    pub(crate) fn role_title(&self, name: &RoleName) -> String {
        let found = self.profile.profile.roles.find(name);
        found.map_or_else(|| name.as_str().to_owned(), |role| role.title.clone())
    }

    /// The page that says what it takes, and who can give it.
    pub(crate) fn locked(
        &self,
        frame: &Frame,
        heading: &str,
        needed: ManagementPermission,
    ) -> Response {
        let roles = &self.profile.profile.roles;
        let role = match &self.who {
            VisitorKind::Member(member) => {
                let name = &member.bindings.organization;
                roles.find(name).map_or(name.as_str(), |role| &role.title)
            }
            VisitorKind::Portal(_) => "none",
        };
        let administrators: Vec<Administrator> = self
            .app
            .index
            .members_in(self.organization())
            .iter()
            .filter(|it| {
                it.bindings
                    .manage(ManagementPermission::MembersUpdate, roles)
            })
            .map(|it| Administrator {
                name: it.name.as_str().to_owned(),
                email: it.email.as_str().to_owned(),
                role: it.bindings.organization.as_str().to_owned(),
            })
            .collect();
        let needed = self.profile.profile.labels.of(needed);
        page::locked(frame, heading, needed, role, &administrators)
    }
}
