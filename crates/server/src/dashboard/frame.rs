//! What stands around every page: navigation, organization, person.

use keyway_core::portal::PortalSession;
use keyway_core::time::Timestamp;

use super::assets::VERSION;
use super::moments::{self, Moment};
use super::navigation::Navigation;
use super::picked::Bar;
use super::preferences::Preferences;
use crate::app::App;
use crate::auth::caller::{Caller, Who};
use crate::profile_in_force::ProfileInForce;

/// Given to every template.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The name that the product goes by.
    pub product: String,
    pub organization: String,
    /// The organizations that the person is a member of: id and name.
    pub organizations: Vec<(String, String)>,
    pub person: String,
    pub email: String,
    pub nav: Navigation,
    /// Above the page, where projects are picked.
    pub bar: Option<Bar>,
    pub toast: Option<Toast>,
    /// Around a customer's page; there is no navigation then.
    pub portal: Option<PortalFrame>,
    pub preferences: Preferences,
}

/// What stands around the page of a product's customer.
#[derive(Clone, Debug)]
pub(crate) struct PortalFrame {
    pub owner: String,
    /// Back to the product.
    pub back: Option<String>,
    pub until: Moment,
}

impl PortalFrame {
    pub(crate) fn of(portal: &PortalSession, now: Timestamp) -> Self {
        let owner = portal.owner.as_ref().map(|it| it.as_str().to_owned());
        Self {
            owner: owner.unwrap_or_default(),
            back: portal.return_url.clone(),
            until: moments::clock(portal.expires_at, now),
        }
    }
}

/// What just happened.
#[derive(Clone, Debug)]
pub(crate) struct Toast {
    pub what: String,
    pub detail: String,
    /// The number of the entry that tells of it, where the visitor may see it.
    pub entry: Option<i64>,
}

impl Frame {
    /// Around pages before anybody signed in.
    pub(crate) fn solo(app: &App) -> Self {
        let profile = app.profile.load();
        let product = profile.as_ref().map_or("Keyway", |it| &it.profile.title);
        Self {
            product: product.to_owned(),
            organization: String::new(),
            organizations: Vec::new(),
            person: String::new(),
            email: String::new(),
            nav: Navigation::default(),
            bar: None,
            toast: None,
            portal: None,
            preferences: Preferences::default(),
        }
    }

    /// Around a visitor's page; `place` is the address that its entry in the navigation leads to.
    pub(crate) fn of(
        app: &App,
        profile: &ProfileInForce,
        caller: &Caller,
        organizations: Vec<(String, String)>,
        organization: String,
        place: &'static str,
    ) -> Self {
        let (person, email) = match &caller.who {
            Who::Member { member, .. } => (
                member.name.as_str().to_owned(),
                member.email.as_str().to_owned(),
            ),
            Who::Portal { .. } | Who::ManagementKey(_) => (String::new(), String::new()),
        };
        Self {
            product: profile.profile.title.clone(),
            organization,
            organizations,
            person,
            email,
            nav: Navigation::of(app, profile, caller, place),
            bar: None,
            toast: None,
            portal: None,
            preferences: Preferences::default(),
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "templates have nothing else to call it on"
    )]
    pub(crate) fn asset(&self, name: &str) -> String {
        format!("/assets/{}/{name}", *VERSION)
    }

    /// An icon of the sprite, hidden from readers: a word stands beside it.
    pub(crate) fn icon(&self, name: &str) -> String {
        let sprite = self.asset("icons.svg");
        format!(r#"<svg class="i" aria-hidden="true"><use href="{sprite}#{name}"/></svg>"#)
    }

    pub(crate) fn organization_initial(&self) -> String {
        self.organization
            .chars()
            .take(1)
            .flat_map(char::to_uppercase)
            .collect()
    }

    pub(crate) fn person_initials(&self) -> String {
        super::members::initials(&self.person)
    }
}
