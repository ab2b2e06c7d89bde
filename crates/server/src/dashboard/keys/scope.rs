//! Where a grant holds, as a form asks for it: in all of what the key belongs to, in a project, or in
//! something deeper. There may be more of them than anybody reads, so they are searched.

use keyway_core::id::ProjectId;
use keyway_core::profile::pages;
use keyway_core::resource::{Resource, ResourcePath};
use keyway_store::places::{NamedPlace, PlaceSearch};

use super::desk::Desk;
use super::sent::Sent;
use crate::answer::problem::Problem;
use crate::auth::Permit;

/// Most places beside each other; others are found by their names.
const SHOWN_MAX: usize = 50;

/// What was filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// A path; empty for all of what the key belongs to.
    pub place: String,
    /// A path below that.
    pub below: String,
    /// What is searched for.
    pub find: String,
}

/// The field as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Picker {
    /// The key's project, where it belongs to one.
    pub project: Option<String>,
    pub is_own: bool,
    pub places: Vec<Place>,
    pub filled: Scope,
    /// How many are found, where not all are shown.
    pub count: Option<String>,
    /// Whether what lies below a place may be named.
    pub has_below: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub path: String,
    pub name: String,
    pub is_chosen: bool,
}

/// What there is to choose from, for one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    places: Vec<NamedPlace>,
    /// The one that is filled in, where it has a name.
    chosen: Option<NamedPlace>,
}

/// All of what a key belongs to.
pub(crate) fn own(project: Option<&ProjectId>) -> Resource {
    project.map_or(Resource::All, |it| {
        Resource::Path(ResourcePath::of_project(it))
    })
}

impl Scope {
    /// Of the line with this number.
    pub(crate) fn sent(sent: &Sent, number: usize) -> Self {
        let field = |name: &str| sent.one(&format!("{name}.{number}")).to_owned();
        Self {
            place: field("scope"),
            below: field("below"),
            find: field("find"),
        }
    }

    /// As a grant has it, of a key that belongs to `own`.
    pub(crate) fn of(resource: &Resource, own: &Resource) -> Self {
        let Resource::Path(path) = resource else {
            return Self::default();
        };
        let within = match own {
            Resource::Path(own) if own.covers(path) => own.as_str().to_owned(),
            Resource::Path(_) | Resource::All => format!("project/{}", path.project()),
        };
        let below = path.as_str().get(within.len()..).unwrap_or_default();
        let is_own = matches!(own, Resource::Path(own) if own.as_str() == within);
        Self {
            place: if is_own { String::new() } else { within },
            below: below.trim_start_matches('/').to_owned(),
            find: String::new(),
        }
    }

    /// The resource, or the sentence that says what is wrong with it.
    pub(crate) fn read(&self, own: &Resource) -> Result<Resource, String> {
        let within = match (self.place.as_str(), own) {
            ("", Resource::All) if self.below.is_empty() => return Ok(Resource::All),
            ("", Resource::All) => {
                return Err("Choose a project first; what is below lies in it.".to_owned());
            }
            ("", Resource::Path(own)) => own.as_str(),
            (place, _) => place,
        };
        let path = match self.below.trim_matches('/') {
            "" => within.to_owned(),
            below => format!("{within}/{below}"),
        };
        let resource: Resource = path.parse().map_err(|_| {
            "A path has letters, digits and . _ ~ : @ + - between its slashes.".to_owned()
        })?;
        if own.covers(&resource) {
            Ok(resource)
        } else {
            Err("The key belongs to another project and reaches nothing outside of it.".to_owned())
        }
    }
}

impl Scope {
    /// The path that is filled in, of a key that belongs to `own`.
    fn path(&self, own: Option<&ProjectId>) -> Option<ResourcePath> {
        let own = own.map(ResourcePath::of_project);
        let within = match self.place.as_str() {
            "" => own.as_ref().map(ResourcePath::as_str)?,
            place => place,
        };
        match self.below.trim_matches('/') {
            "" => within.parse().ok(),
            below => format!("{within}/{below}").parse().ok(),
        }
    }

    /// Looks for places with the text in them, where anybody chooses.
    pub(crate) async fn look_up<P>(
        &self,
        desk: &Desk,
        permit: &Permit<P>,
        own: Option<&ProjectId>,
    ) -> Result<Found, Problem> {
        if !desk.asks_scope() {
            return Ok(Found::default());
        }
        let (store, organization) = (&desk.app().store, desk.visitor.organization());
        let within = own.map(ResourcePath::of_project);
        let wanted = PlaceSearch {
            organization,
            text: &self.find,
            within: within.as_ref(),
            has_projects: desk.pages().scope == pages::Scope::Picker,
        };
        let asked = i64::try_from(SHOWN_MAX + 1).unwrap_or(i64::MAX);
        let places = store.search_places(permit.reach(), wanted, asked).await?;
        // All that is filled in has a name, or the place that it lies below.
        let filled = [self.path(own), self.place.parse().ok()];
        let filled: Vec<ResourcePath> = filled.into_iter().flatten().collect();
        let paths: Vec<&str> = filled.iter().map(ResourcePath::as_str).collect();
        let mut named = store.name_places(organization, &paths).await?;
        let is_open = |path: &ResourcePath| {
            let project = path.project().parse();
            project.is_ok_and(|it| permit.reach().covers_project(organization, &it))
        };
        let chosen = filled
            .into_iter()
            .filter(|path| within.as_ref() != Some(path) && is_open(path))
            .find_map(|path| {
                let name = named.remove(path.as_str())?;
                Some(NamedPlace { path, name })
            });
        Ok(Found { places, chosen })
    }
}

impl Found {
    fn is_nothing(&self) -> bool {
        self.places.is_empty() && self.chosen.is_none()
    }

    /// What is found, and the one that is chosen in any case.
    fn shown(&self) -> Vec<Place> {
        let is_chosen = |it: &NamedPlace| self.chosen.as_ref() == Some(it);
        let found = self.places.iter().take(SHOWN_MAX);
        let lost = self.chosen.iter();
        let lost = lost.filter(|it| !self.places.iter().take(SHOWN_MAX).any(|found| found == *it));
        lost.chain(found)
            .map(|it| Place {
                path: it.path.to_string(),
                name: it.name.clone(),
                is_chosen: is_chosen(it),
            })
            .collect()
    }

    fn count(&self, filled: &Scope) -> Option<String> {
        match self.places.len() {
            many if many > SHOWN_MAX => Some(format!(
                "More than {SHOWN_MAX} match. Type more of the name."
            )),
            _ if filled.find.is_empty() => None,
            1 => Some("1 matches.".to_owned()),
            some => Some(format!("{some} match.")),
        }
    }
}

impl Picker {
    /// None where there is nothing to choose, or the profile leaves no choice.
    pub(crate) fn of(
        desk: &Desk,
        filled: &Scope,
        found: &Found,
        own: Option<&ProjectId>,
        project: Option<String>,
    ) -> Option<Self> {
        let has_below = desk.pages().scope == pages::Scope::Picker;
        // Projects may be none, and then there is nothing to choose from; a resource is asked for anyway.
        let is_open = !has_below || own.is_some() || !found.is_nothing();
        let is_open = is_open || !filled.find.is_empty();
        if !desk.asks_scope() || !is_open {
            return None;
        }
        let mut filled = filled.clone();
        // A resource with a name is chosen by it, and not by what it lies below.
        if found
            .chosen
            .as_ref()
            .is_some_and(|it| it.path.is_inside_project())
        {
            filled.below = String::new();
        }
        let is_own = match &found.chosen {
            Some(_) => false,
            None => filled.place.is_empty() || !has_below,
        };
        Some(Self {
            project,
            is_own,
            places: found.shown(),
            count: found.count(&filled),
            filled,
            has_below,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(place: &str, below: &str) -> Scope {
        Scope {
            place: place.to_owned(),
            below: below.to_owned(),
            find: String::new(),
        }
    }

    fn resource(text: &str) -> Resource {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_is_read_as_it_is_shown() {
        let project = "project/search";
        for (own, text) in [
            ("*", "*"),
            ("*", "project/search"),
            ("*", "project/search/index/eu"),
            (project, "project/search"),
            (project, "project/search/index/eu"),
        ] {
            let (own, resource) = (resource(own), resource(text));
            assert_eq!(
                Scope::of(&resource, &own).read(&own),
                Ok(resource),
                "{text}"
            );
        }
    }

    #[test]
    fn what_lies_nowhere_is_refused() {
        let (all, own) = (Resource::All, resource("project/search"));
        assert!(scope("", "index/eu").read(&all).is_err());
        assert!(scope("project/search", "../billing").read(&all).is_err());
        assert!(scope("project/billing", "").read(&own).is_err());
        assert!(scope("nowhere", "").read(&all).is_err());
        assert_eq!(
            scope("", "/index/").read(&own),
            Ok(resource("project/search/index"))
        );
    }

    fn named(path: &str, name: &str) -> NamedPlace {
        NamedPlace {
            path: path.parse().unwrap(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn the_chosen_place_stays_whatever_is_searched() {
        let chosen = named("project/search", "Search");
        let found = Found {
            places: vec![named("project/billing", "Billing")],
            chosen: Some(chosen),
        };
        let shown = found.shown();
        let names: Vec<(&str, bool)> = shown
            .iter()
            .map(|it| (it.name.as_str(), it.is_chosen))
            .collect();
        assert_eq!(names, [("Search", true), ("Billing", false)]);
        let filled = Scope {
            find: "bill".to_owned(),
            ..scope("project/search", "")
        };
        assert_eq!(found.count(&filled).as_deref(), Some("1 matches."));
        assert_eq!(found.count(&scope("", "")), None);
    }

    #[test]
    fn what_is_filled_in_is_one_path() {
        let project = "search".parse().unwrap();
        let path = |place: &str, below: &str, own| scope(place, below).path(own);
        assert_eq!(path("", "", None), None);
        assert_eq!(
            path("", "index/eu", Some(&project)),
            Some("project/search/index/eu".parse().unwrap())
        );
        assert_eq!(
            path("project/ingest", "", None),
            Some("project/ingest".parse().unwrap())
        );
    }
}
