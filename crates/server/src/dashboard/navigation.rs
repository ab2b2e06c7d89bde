//! The sidebar: the profile's groups and entries, of which a visitor sees what they may open.

use keyway_core::management::ManagementPermission as P;
use keyway_core::profile::pages::{Entry, Group, Place, Words};

use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::reach_of;
use crate::profile_in_force::ProfileInForce;

#[derive(Clone, Debug, Default)]
pub(crate) struct Navigation {
    pub groups: Vec<NavGroup>,
    /// Pages that share an entry with the one that is open, under the entry's title.
    pub tabs: Option<(String, Vec<NavItem>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct NavGroup {
    pub title: Option<String>,
    pub items: Vec<NavItem>,
}

#[derive(Clone, Debug)]
pub(crate) struct NavItem {
    pub href: &'static str,
    pub icon: &'static str,
    pub label: String,
    /// The letter after `g`.
    pub shortcut: Option<char>,
    pub is_current: bool,
}

impl Navigation {
    /// `place` is the address of the page that is open.
    pub(crate) fn of(
        app: &App,
        profile: &ProfileInForce,
        caller: &Caller,
        place: &'static str,
    ) -> Self {
        let pages = &profile.profile.pages;
        let items = |entry: &Entry| -> Vec<NavItem> {
            let open = entry.pages().iter();
            let open = open.filter(|it| is_open(app, caller, **it));
            open.map(|it| item(*it, &pages.words, place)).collect()
        };
        let mut tabs = None;
        let mut group = |it: &Group| NavGroup {
            title: it.title.clone(),
            items: it
                .entries
                .iter()
                .filter_map(|entry| {
                    let items = items(entry);
                    let found = lead(entry, &items);
                    if let (Entry::Tabs { title, .. }, true) = (entry, is_current(&items)) {
                        tabs = Some((title.clone(), items));
                    }
                    found
                })
                .collect(),
        };
        let groups: Vec<NavGroup> = pages.navigation.iter().map(&mut group).collect();
        Self {
            groups: groups
                .into_iter()
                .filter(|it| !it.items.is_empty())
                .collect(),
            tabs,
        }
    }
}

fn is_current(items: &[NavItem]) -> bool {
    items.iter().any(|it| it.is_current)
}

/// What the sidebar shows of an entry: the first of its pages.
fn lead(entry: &Entry, items: &[NavItem]) -> Option<NavItem> {
    let first = items.first()?.clone();
    Some(match entry {
        Entry::Page(_) => first,
        Entry::Tabs { title, .. } => NavItem {
            label: title.clone(),
            is_current: is_current(items),
            ..first
        },
    })
}

/// The key page stays even where it is locked: it says who can change that. So do one's own settings.
fn is_open(app: &App, caller: &Caller, page: Place) -> bool {
    let needed = match page {
        Place::Keys | Place::Settings => return true,
        Place::Projects => P::ProjectsRead,
        Place::Limits => P::KeysRead,
        Place::Members => P::MembersRead,
        Place::Audit => P::AuditRead,
        Place::ManagementKeys => P::ManagementKeysRead,
    };
    matches!(reach_of(app, caller, needed), Ok(Some(_)))
}

fn item(page: Place, words: &Words, place: &'static str) -> NavItem {
    let (href, icon, label, shortcut) = match page {
        Place::Keys => ("/keys", "key", words.keys.as_str(), Some('k')),
        Place::Projects => ("/projects", "folder", words.projects.as_str(), Some('p')),
        Place::Limits => ("/limits", "gauge", "Limits", None),
        Place::Members => ("/members", "people", "Members", Some('m')),
        Place::Audit => ("/audit", "log", "Audit log", Some('a')),
        Place::Settings => ("/settings", "gear", words.settings.as_str(), None),
        Place::ManagementKeys => ("/management-keys", "shield", "Management keys", None),
    };
    NavItem {
        href,
        icon,
        label: label.to_owned(),
        shortcut,
        is_current: href == place,
    }
}
