//! Where a visitor looks at keys: whose pages these are, at which addresses, and what is fixed there.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::Response;
use http::Uri;
use http::request::Parts;
use keyway_api::code::Code;
use keyway_core::id::{KeyId, ProjectId};
use keyway_core::key::Key;
use keyway_core::management::ManagementPermission;
use keyway_core::member::Member;
use keyway_core::profile::Profile;
use keyway_core::profile::pages::{Pages, Scope};
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

const PORTAL: &str = "/portal";
const CURRENT_URL: &str = "hx-current-url";

#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub visitor: Visitor,
    /// The address of the list.
    pub list: &'static str,
    /// What addresses of keys and dialogs begin with.
    pub base: &'static str,
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
            (VisitorKind::Member(_), false) => ("/keys", "/keys"),
            (VisitorKind::Portal(_), true) => (PORTAL, "/portal/keys"),
            (VisitorKind::Member(_), true) => return Err(page::to("/keys")),
            (VisitorKind::Portal(_), false) => return Err(page::to(PORTAL)),
        };
        let params = RawPathParams::from_request_parts(parts, app).await.ok();
        let id = params.and_then(|params| {
            let found = params.iter().find(|(name, _)| *name == "id");
            found.map(|(_, value)| value.to_owned())
        });
        let open_list = open_list(&visitor, parts, list);
        Ok(Self {
            visitor,
            list,
            base,
            open_list,
            unverified_id: id,
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

fn open_list(visitor: &Visitor, parts: &Parts, list: &str) -> Option<String> {
    let current = parts.headers.get(CURRENT_URL).filter(|_| visitor.is_part)?;
    let current: Uri = current.to_str().ok()?.parse().ok()?;
    (current.path() == list).then(|| current.query().unwrap_or_default().to_owned())
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

    pub(crate) fn may(&self, permission: ManagementPermission) -> bool {
        self.visitor.may(permission)
    }

    pub(crate) fn member(&self) -> Option<&Member> {
        match &self.visitor.who {
            VisitorKind::Member(member) => Some(member),
            VisitorKind::Portal(_) => None,
        }
    }

    /// Whether whoever makes a key says where its grants hold.
    pub(crate) fn asks_scope(&self) -> bool {
        self.pages().scope == Scope::Picker && self.member().is_some()
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
        match &self.visitor.who {
            VisitorKind::Member(_) => None,
            VisitorKind::Portal(portal) => portal.project.as_ref(),
        }
    }

    pub(crate) async fn frame(&self) -> Result<Frame, Response> {
        match &self.visitor.who {
            VisitorKind::Member(_) => self.visitor.frame(self.list).await,
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
        self.visitor.permit(frame, &self.pages().words.keys)
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
        found.ok_or_else(not_found)
    }

    /// Projects in which the visitor sees keys, by id.
    pub(crate) async fn projects<P>(&self, permit: &Permit<P>) -> Result<Projects, Problem> {
        let store = &self.app().store;
        let found = store
            .list_projects(permit.reach(), None, None, PAGE_ROWS_MAX)
            .await?;
        let pairs = found.rows.into_iter();
        let pairs = pairs.map(|it| (it.id.to_string(), it.name.as_str().to_owned()));
        let mut list: Vec<(String, String)> = pairs.collect();
        list.sort_by_key(|(_, name)| name.to_lowercase());
        Ok(Projects(list))
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
