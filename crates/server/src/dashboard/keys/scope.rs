//! Where a grant holds, as a form asks for it: in all of what the key belongs to, in a project, or in
//! something deeper. There may be more projects than anybody reads, so they are searched.

use keyway_core::id::ProjectId;
use keyway_core::resource::{Resource, ResourcePath};

use super::desk::{Desk, Projects};
use super::sent::Sent;

/// Most projects beside each other; others are found by their names.
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
}

#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub path: String,
    pub name: String,
    pub is_chosen: bool,
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

impl Picker {
    /// None where there is nothing to choose, or the profile leaves no choice.
    pub(crate) fn of(
        desk: &Desk,
        filled: &Scope,
        projects: &Projects,
        own: Option<&ProjectId>,
    ) -> Option<Self> {
        if !desk.asks_scope() || own.is_none() && projects.0.is_empty() {
            return None;
        }
        let open = if own.is_some() {
            &[]
        } else {
            projects.0.as_slice()
        };
        let (places, found) = found(open, filled);
        let count = (found < open.len() || found > SHOWN_MAX).then(|| {
            let all = open.len();
            format!("{found} of {all} projects match.")
        });
        Some(Self {
            project: own.map(|it| projects.name(it).to_owned()),
            is_own: filled.place.is_empty(),
            places,
            filled: filled.clone(),
            count,
        })
    }
}

/// What is found and the one that is chosen; and how many are found.
fn found(open: &[(String, String)], filled: &Scope) -> (Vec<Place>, usize) {
    let text = filled.find.to_lowercase();
    let mut places = Vec::new();
    let mut found = 0;
    for (id, name) in open {
        let path = format!("project/{id}");
        let is_chosen = path == filled.place;
        let is_found = name.to_lowercase().contains(&text) || id.eq_ignore_ascii_case(&text);
        found += usize::from(is_found);
        if is_chosen || is_found && places.len() < SHOWN_MAX {
            let name = name.clone();
            places.push(Place {
                path,
                name,
                is_chosen,
            });
        }
    }
    (places, found)
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

    #[test]
    fn the_chosen_place_stays_whatever_is_searched() {
        let open = ["Search", "Billing", "Ingest"].map(|it| (it.to_lowercase(), it.to_owned()));
        let filled = Scope {
            find: "bill".to_owned(),
            ..scope("project/search", "")
        };
        let (places, found) = found(&open, &filled);
        let names: Vec<&str> = places.iter().map(|it| it.name.as_str()).collect();
        assert_eq!((names, found), (vec!["Search", "Billing"], 1));
    }
}
