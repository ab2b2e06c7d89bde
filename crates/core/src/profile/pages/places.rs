//! Where pages stand, and what the way to them is called: the sidebar has groups, a group has entries, and
//! an entry leads to a page or to several that stand beside each other as tabs.

use serde::Deserialize;

use super::super::parse::{InvalidProfile, fault};
use super::words::word;

const KEY: &str = "pages.navigation";

/// What a list of keys is a list of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysOf {
    /// All that the visitor sees in the organization.
    Organization,
    /// One project: the list is a tab of the project's page.
    Project,
    /// The project that was picked in the bar above the page.
    PickedProject,
}

/// A page that has a place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Keys,
    Projects,
    Limits,
    Members,
    Audit,
    Settings,
    ManagementKeys,
}

/// Entries under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub title: Option<String>,
    pub entries: Vec<Entry>,
}

/// One page under its own name, or pages under a name of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Page(Place),
    Tabs { title: String, pages: Vec<Place> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupTable {
    title: Option<String>,
    entries: Vec<EntryValue>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "an entry is the name of a page, or a title and a list of pages"
)]
enum EntryValue {
    Page(String),
    Tabs(TabsTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TabsTable {
    title: String,
    tabs: Vec<String>,
}

impl Entry {
    pub fn pages(&self) -> &[Place] {
        match self {
            Self::Page(page) => std::slice::from_ref(page),
            Self::Tabs { pages, .. } => pages,
        }
    }
}

pub(super) fn keys_of(word: Option<&str>) -> Result<KeysOf, InvalidProfile> {
    match word {
        None | Some("organization") => Ok(KeysOf::Organization),
        Some("project") => Ok(KeysOf::Project),
        Some("picked-project") => Ok(KeysOf::PickedProject),
        Some(_) => Err(fault(
            "pages.keys_of",
            "is \"organization\", \"project\" or \"picked-project\"",
        )),
    }
}

pub(super) fn navigation(
    groups: Option<Vec<GroupTable>>,
    keys_of: KeysOf,
) -> Result<Vec<Group>, InvalidProfile> {
    let Some(groups) = groups else {
        return Ok(default(keys_of));
    };
    let groups: Vec<Group> = groups.into_iter().map(group).collect::<Result<_, _>>()?;
    prove_reachable(&groups, keys_of)?;
    Ok(groups)
}

/// Nobody may be left without a way to the keys or to their own settings, nor find two.
fn prove_reachable(groups: &[Group], keys_of: KeysOf) -> Result<(), InvalidProfile> {
    let entries = groups.iter().flat_map(|it| &it.entries);
    let pages: Vec<Place> = entries.flat_map(Entry::pages).copied().collect();
    let count = |page: Place| pages.iter().filter(|it| **it == page).count();
    if pages.iter().any(|it| count(*it) > 1) {
        return Err(fault(KEY, "a page is named twice"));
    }
    let way = match keys_of {
        KeysOf::Project => Place::Projects,
        KeysOf::Organization | KeysOf::PickedProject => Place::Keys,
    };
    if count(way) == 0 || count(Place::Settings) == 0 {
        let name = if way == Place::Keys {
            "keys"
        } else {
            "projects"
        };
        return Err(fault(KEY, &format!("names {name} and settings")));
    }
    if keys_of == KeysOf::Project && count(Place::Keys) > 0 {
        return Err(fault(KEY, "keys of a project stand on the project's page"));
    }
    Ok(())
}

fn group(table: GroupTable) -> Result<Group, InvalidProfile> {
    let title = table.title.map(|it| word(KEY, Some(it), "")).transpose()?;
    let entries = table.entries.into_iter().map(entry);
    Ok(Group {
        title,
        entries: entries.collect::<Result<_, _>>()?,
    })
}

fn entry(value: EntryValue) -> Result<Entry, InvalidProfile> {
    match value {
        EntryValue::Page(name) => Ok(Entry::Page(place(&name)?)),
        EntryValue::Tabs(table) => {
            let pages = table.tabs.iter().map(|name| place(name));
            let pages: Vec<Place> = pages.collect::<Result<_, _>>()?;
            if pages.is_empty() {
                return Err(fault(KEY, "an entry leads to a page at least"));
            }
            let title = word(KEY, Some(table.title), "")?;
            Ok(Entry::Tabs { title, pages })
        }
    }
}

fn place(name: &str) -> Result<Place, InvalidProfile> {
    match name {
        "keys" => Ok(Place::Keys),
        "projects" => Ok(Place::Projects),
        "limits" => Ok(Place::Limits),
        "members" => Ok(Place::Members),
        "audit" => Ok(Place::Audit),
        "settings" => Ok(Place::Settings),
        "management_keys" => Ok(Place::ManagementKeys),
        _ => Err(fault(KEY, &format!("there is no page {name}"))),
    }
}

fn default(keys_of: KeysOf) -> Vec<Group> {
    let group = |title: Option<&str>, pages: &[Place]| Group {
        title: title.map(str::to_owned),
        entries: pages.iter().copied().map(Entry::Page).collect(),
    };
    let first: &[Place] = match keys_of {
        KeysOf::Project => &[Place::Projects, Place::Limits],
        KeysOf::Organization | KeysOf::PickedProject => {
            &[Place::Keys, Place::Projects, Place::Limits]
        }
    };
    vec![
        group(None, first),
        group(
            Some("Organization"),
            &[Place::Members, Place::Audit, Place::Settings],
        ),
        group(Some("Administration"), &[Place::ManagementKeys]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Table {
        keys_of: Option<String>,
        navigation: Option<Vec<GroupTable>>,
    }

    fn read(toml: &str) -> Result<Vec<Group>, String> {
        let table: Table = toml::from_str(toml).map_err(|error| error.to_string())?;
        let keys_of = keys_of(table.keys_of.as_deref()).map_err(|error| error.to_string())?;
        navigation(table.navigation, keys_of).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_has_a_way_to_every_page() {
        for word in ["organization", "project", "picked-project"] {
            let groups = read(&format!("keys_of = \"{word}\"")).unwrap();
            let keys_of = keys_of(Some(word)).unwrap();
            assert_eq!(prove_reachable(&groups, keys_of), Ok(()));
        }
    }

    #[test]
    fn pages_stand_under_a_name_of_their_own_as_tabs() {
        let groups = read(
            "keys_of = \"project\"\n[[navigation]]\ntitle = \"Settings\"\n\
             entries = [\"settings\", { title = \"Organization\", tabs = [\"projects\"] }]",
        );
        let tabs = Entry::Tabs {
            title: "Organization".to_owned(),
            pages: vec![Place::Projects],
        };
        let settings = Group {
            title: Some("Settings".to_owned()),
            entries: vec![Entry::Page(Place::Settings), tabs],
        };
        assert_eq!(groups, Ok(vec![settings]));
    }

    #[test]
    fn nobody_is_left_without_a_way() {
        let entries = |words: &str| format!("[[navigation]]\nentries = [{words}]");
        for bad in [
            "keys_of = \"everybody\"".to_owned(),
            entries("\"keys\""),
            entries("\"settings\""),
            entries("\"keys\", \"settings\", \"keys\""),
            entries("\"keys\", \"settings\", \"attic\""),
            entries("\"keys\", \"settings\", { title = \"x\", tabs = [] }"),
            entries("\"keys\", \"settings\", { title = \"\", tabs = [\"audit\"] }"),
            format!(
                "keys_of = \"project\"\n{}",
                entries("\"keys\", \"settings\"")
            ),
            format!(
                "keys_of = \"project\"\n{}",
                entries("\"keys\", \"projects\", \"settings\"")
            ),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
