//! Projects, for whoever makes keys in them.

use std::collections::HashMap;

use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::organization::Project;
use parking_lot::RwLock;

type Place = (OrganizationId, ProjectId);

#[derive(Debug)]
struct ProjectEntry {
    environment: Option<Box<str>>,
    version: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Projects(RwLock<HashMap<Place, ProjectEntry>>);

impl Projects {
    /// An older version never takes the place of a newer one.
    pub(crate) fn apply(&self, project: &Project) {
        let place = (project.organization.clone(), project.id.clone());
        let entry = ProjectEntry {
            environment: project.environment.as_deref().map(Into::into),
            version: project.version,
        };
        let mut known = self.0.write();
        if known
            .get(&place)
            .is_none_or(|known| known.version < entry.version)
        {
            known.insert(place, entry);
        }
    }

    /// The project's fixed environment, if it has one; None also where there is no such project.
    pub(crate) fn environment(
        &self,
        organization: &OrganizationId,
        project: &ProjectId,
    ) -> Option<Box<str>> {
        self.0
            .read()
            .get(&(organization.clone(), project.clone()))?
            .environment
            .clone()
    }

    pub(crate) fn clear(&self) {
        self.0.write().clear();
    }
}
