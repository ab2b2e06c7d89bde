//! Where a visitor looks at keys: whose pages these are, at which addresses, and what is fixed there.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse as _, Response};
use http::Uri;
use http::request::Parts;
use keyway_api::code::Code;
use keyway_core::id::{KeyId, ProjectId};
use keyway_core::key::Key;
use keyway_core::management::{ManagementPermission, Reach};
use keyway_core::member::Member;
use keyway_core::organization::Project;
use keyway_core::profile::Profile;
use keyway_core::profile::pages::{KeysOf, Pages, Scope};
use keyway_core::text::Label;
use keyway_core::time::Timestamp;
use keyway_store::page::PAGE_ROWS_MAX;

use super::super::frame::{Frame, PortalFrame};
use super::super::page;
use super::super::visitor::{Visitor, VisitorKind};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::Needed;

const KEYS: &str = "/keys";
const PROJECTS: &str = "/projects";
const PORTAL: &str = "/portal";
const CURRENT_URL: &str = "hx-current-url";

#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub visitor: Visitor,
    /// The address of the list.
    pub list: String,
    /// What addresses of keys and dialogs begin with.
    pub base: String,
    /// The project whose page this is.
    pub at: Option<Project>,
    /// The id in the address, as it was sent.
    unverified_id: Option<String>,
    pub query: String,
    /// The query of the list that is open in the browser, where htmx asks from there.
    pub open_list: Option<String>,
}

impl FromRequestParts<AppState> for Desk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        let is_portal = parts.uri.path().starts_with(PORTAL);
        let (list, base) = match (&visitor.who, is_portal) {
            (VisitorKind::Member(_), false) => (KEYS, KEYS),
            (VisitorKind::Portal(_), true) => (PORTAL, "/portal/keys"),
            (VisitorKind::Member(_), true) => return Err(page::to(KEYS)),
            (VisitorKind::Portal(_), false) => return Err(page::to(PORTAL)),
        };
        let params = RawPathParams::from_request_parts(parts, app).await.ok();
        let param = |wanted: &str| {
            let mut params = params.iter().flatten();
            let found = params.find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.to_owned())
        };
        let desk = Self {
            visitor,
            list: list.to_owned(),
            base: base.to_owned(),
            at: None,
            open_list: None,
            unverified_id: param("id"),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        };
        let project = match param("project") {
            None => desk.project_of_key().await?,
            named => named,
        };
        let desk = match project {
            Some(unverified) => desk.at_project(&unverified).await?,
            None => desk,
        };
        let open_list = open_list(&desk, parts);
        Ok(Self { open_list, ..desk })
    }
}

fn open_list(desk: &Desk, parts: &Parts) -> Option<String> {
    let current = parts.headers.get(CURRENT_URL);
    let current = current.filter(|_| desk.visitor.is_part)?;
    let current: Uri = current.to_str().ok()?.parse().ok()?;
    (current.path() == desk.list).then(|| current.query().unwrap_or_default().to_owned())
}

impl Desk {
    pub(crate) fn app(&self) -> &App {
        &self.visitor.app
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.visitor.app.clock.now()
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.visitor.profile.profile
    }

    pub(crate) fn pages(&self) -> &Pages {
        &self.profile().pages
    }

    /// Whether a control for this is shown.
    pub(crate) fn may(&self, permission: ManagementPermission) -> bool {
        match &self.at {
            Some(project) => self.visitor.may_in(permission, &project.id),
            None => self.visitor.may(permission),
        }
    }

    /// What lists are lists of, and where no list of all keys is.
    pub(crate) fn keys_of(&self) -> KeysOf {
        match &self.visitor.who {
            VisitorKind::Member(_) => self.pages().keys_of,
            VisitorKind::Portal(_) => KeysOf::Organization,
        }
    }

    pub(crate) fn member(&self) -> Option<&Member> {
        match &self.visitor.who {
            VisitorKind::Member(member) => Some(member),
            VisitorKind::Portal(_) => None,
        }
    }

    /// Whether whoever makes a key says where its grants hold.
    pub(crate) fn asks_scope(&self) -> bool {
        let is_choosable = self.profile().grants.is_choosable;
        is_choosable && self.pages().scope != Scope::Own && self.member().is_some()
    }

    /// All that the organization has, in words.
    pub(crate) async fn all(&self) -> Result<String, Problem> {
        let organization = self.visitor.organization();
        let reach = Reach::One(organization.clone());
        let found = self
            .app()
            .store
            .find_organization(&reach, organization)
            .await?;
        let name = found.map_or_else(String::new, |it| it.name.as_str().to_owned());
        Ok(self.pages().words.all_of(&name))
    }

    /// Whose keys these are, where they are one owner's only.
    pub(crate) fn owner(&self) -> Option<&Label> {
        match &self.visitor.who {
            VisitorKind::Member(_) => None,
            VisitorKind::Portal(portal) => portal.owner.as_ref(),
        }
    }

    /// The project that all keys here are of.
    pub(crate) fn project(&self) -> Option<&ProjectId> {
        match (&self.visitor.who, &self.at) {
            (VisitorKind::Member(_), at) => at.as_ref().map(|it| &it.id),
            (VisitorKind::Portal(portal), _) => portal.project.as_ref(),
        }
    }

    pub(crate) async fn frame(&self) -> Result<Frame, Response> {
        match &self.visitor.who {
            VisitorKind::Member(_) => {
                let (picked, visitor) = (KeysOf::PickedProject, &self.visitor);
                match &self.at {
                    None => visitor.frame(KEYS).await,
                    Some(at) if self.keys_of() == picked => {
                        visitor.frame_in(Some(&at.id), KEYS).await
                    }
                    Some(_) => visitor.frame(PROJECTS).await,
                }
            }
            VisitorKind::Portal(portal) => {
                let mut frame = Frame::solo(self.app());
                frame.toast.clone_from(&self.visitor.toast);
                frame.portal = Some(PortalFrame::of(portal, self.now()));
                Ok(frame)
            }
        }
    }

    /// Proof of a permission, or the locked page.
    #[expect(
        clippy::result_large_err,
        reason = "a page is what is answered, and it is answered once"
    )]
    pub(crate) fn permit<P: Needed>(&self, frame: &Frame) -> Result<Permit<P>, Response> {
        let heading = &self.pages().words.keys;
        match &self.at {
            Some(_) if !self.may(P::PERMISSION) => {
                Err(self.visitor.locked(frame, heading, P::PERMISSION))
            }
            _ => self.visitor.permit(frame, heading),
        }
    }

    /// The same desk on the page of a project.
    async fn at_project(self, unverified: &str) -> Result<Self, Response> {
        let found = self.find_project(unverified).await;
        let project = match found {
            Ok(project) => project,
            Err(problem) => {
                let frame = self.visitor.frame(PROJECTS).await?;
                return Err(page::refused(&frame, &problem));
            }
        };
        let list = format!("{PROJECTS}/{}", project.id);
        Ok(Self {
            base: format!("{list}{KEYS}"),
            list,
            at: Some(project),
            ..self
        })
    }

    /// A project that the visitor may see, or the keys of which.
    async fn find_project(&self, unverified: &str) -> Result<Project, Problem> {
        use ManagementPermission as P;
        let not_found = || Problem::new(Code::ProjectNotFound);
        let id: ProjectId = unverified.parse().map_err(|_| not_found())?;
        let may_see = [P::ProjectsRead, P::KeysRead];
        if !may_see.iter().any(|it| self.visitor.may_in(*it, &id)) {
            return Err(not_found());
        }
        let store = &self.app().store;
        let found = store.find_project(self.visitor.organization(), &id).await?;
        found.ok_or_else(not_found)
    }

    /// Where lists are of projects: the project of the key that the address names without it.
    async fn project_of_key(&self) -> Result<Option<String>, Response> {
        let id = self.unverified_id.as_deref().and_then(|it| it.parse().ok());
        let Some(id) = id.filter(|_| self.keys_of() != KeysOf::Organization) else {
            return Ok(None);
        };
        let reach = Reach::One(self.visitor.organization().clone());
        let found = self.app().store.find_key(&reach, &id).await;
        let found = found.map_err(|error| Problem::from(error).into_response())?;
        Ok(found.and_then(|key| Some(key.project?.to_string())))
    }

    /// The key of the address, if this permission covers it.
    pub(crate) async fn load<P: Needed>(
        &self,
        frame: &Frame,
    ) -> Result<(Permit<P>, Key), Response> {
        let permit: Permit<P> = self.permit(frame)?;
        let found = self.find(&permit).await;
        let key = found.map_err(|problem| page::refused(frame, &problem))?;
        Ok((permit, key))
    }

    async fn find<P>(&self, permit: &Permit<P>) -> Result<Key, Problem> {
        let not_found = || Problem::new(Code::KeyNotFound);
        let id: KeyId = self
            .unverified_id
            .as_deref()
            .unwrap_or_default()
            .parse()
            .map_err(|_| not_found())?;
        let found = self.app().store.find_key(permit.reach(), &id).await?;
        let is_here = |key: &Key| {
            let at = self.at.as_ref().map(|it| &it.id);
            at.is_none_or(|at| key.project.as_ref() == Some(at))
        };
        found.filter(is_here).ok_or_else(not_found)
    }

    /// Projects to choose from: the newest in which the visitor sees keys, and the one that is chosen.
    pub(crate) async fn projects<P>(
        &self,
        permit: &Permit<P>,
        chosen: Option<&ProjectId>,
    ) -> Result<Projects, Problem> {
        let store = &self.app().store;
        let found = store
            .list_projects(permit.reach(), None, None, PAGE_ROWS_MAX)
            .await?;
        let mut found = found.rows;
        let is_listed = |it: &&ProjectId| found.iter().any(|project| project.id == **it);
        if let Some(chosen) = chosen.filter(|it| !is_listed(it)) {
            let organization = self.visitor.organization();
            let is_open = permit.reach().covers_project(organization, chosen);
            let chosen = store.find_project(organization, chosen).await?;
            found.extend(chosen.filter(|_| is_open));
        }
        let pairs = found.into_iter();
        let pairs = pairs.map(|it| (it.id.to_string(), it.name.as_str().to_owned()));
        let mut list: Vec<(String, String)> = pairs.collect();
        list.sort_by_key(|(_, name)| name.to_lowercase());
        Ok(Projects(list))
    }

    /// The name of the project that this is about.
    pub(crate) fn project_name(&self, id: &ProjectId, projects: &Projects) -> String {
        match &self.at {
            Some(at) => at.name.as_str().to_owned(),
            None => projects.name(id).to_owned(),
        }
    }

    /// Who made a thing or a change, as in [`keyway_core::actor::Actor::to_text`].
    pub(crate) fn person(&self, actor: &str) -> String {
        let own = self.visitor.caller.origin().actor.to_text();
        if actor == own {
            "you".to_owned()
        } else {
            self.visitor.actor_name(actor)
        }
    }
}

/// Ids and names, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Projects(pub Vec<(String, String)>);

impl Projects {
    /// The name of a project, or its id where there are too many to know all.
    pub(crate) fn name<'a>(&'a self, id: &'a ProjectId) -> &'a str {
        let found = self.0.iter().find(|(it, _)| it == id.as_str());
        found.map_or(id.as_str(), |(_, name)| name)
    }
}
