//! What people call the projects and resources that keys belong to or reach.

use std::collections::{BTreeSet, HashMap};

use keyway_core::id::ProjectId;
use keyway_core::key::Key;
use keyway_core::resource::{Resource, ResourcePath};

use super::desk::Desk;
use crate::answer::problem::Problem;

/// Places of a key that its row names; others are counted.
const NAMED_MAX: usize = 2;

/// Names by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// Of all that these keys are about.
    pub(crate) async fn of(desk: &Desk, keys: impl Iterator<Item = &Key>) -> Result<Self, Problem> {
        let mut paths = BTreeSet::new();
        for key in keys {
            let own = key.project.as_ref().map(ResourcePath::of_project);
            let reached = key.grants.as_slice().iter();
            let reached = reached.filter_map(|grant| match &grant.resource {
                Resource::Path(path) => Some(path.clone()),
                Resource::All => None,
            });
            for path in own.into_iter().chain(reached) {
                paths.insert(format!("project/{}", path.project()));
                paths.insert(path.as_str().to_owned());
            }
        }
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let organization = desk.visitor.organization();
        let named = desk.app().store.name_places(organization, &paths).await?;
        Ok(Self(named))
    }

    /// Its id, where it has no name.
    pub(crate) fn project<'a>(&'a self, id: &'a ProjectId) -> &'a str {
        let found = self.0.get(&format!("project/{id}"));
        found.map_or(id.as_str(), String::as_str)
    }

    /// The name of a path, or of its project and what lies below.
    pub(crate) fn place(&self, path: &ResourcePath) -> String {
        if let Some(name) = self.0.get(path.as_str()) {
            return name.clone();
        }
        let project = format!("project/{}", path.project());
        let name = self
            .0
            .get(&project)
            .map_or_else(|| path.project(), String::as_str);
        let below = path.as_str().splitn(3, '/').nth(2);
        below.map_or_else(|| name.to_owned(), |below| format!("{name} › {below}"))
    }

    /// Where a key may do what it may; `all` stands for everything that it belongs to.
    pub(crate) fn scope(&self, key: &Key, all: &str) -> String {
        let own = key.project.as_ref().map(ResourcePath::of_project);
        let mut places: Vec<String> = Vec::new();
        for grant in key.grants.as_slice() {
            let place = match &grant.resource {
                Resource::Path(path) if own.as_ref() != Some(path) => self.place(path),
                Resource::Path(_) | Resource::All => all.to_owned(),
            };
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let named = places.iter().take(NAMED_MAX).cloned();
        let named = named.collect::<Vec<_>>().join(", ");
        match places.len().saturating_sub(NAMED_MAX) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}
