//! Projects, for whoever makes keys in them.

use std::collections::HashMap;

use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::organization::Project;
use parking_lot::RwLock;

type Place = (OrganizationId, ProjectId);
type Environment = Option<Box<str>>;

#[derive(Debug, Default)]
pub(crate) struct Projects(RwLock<HashMap<Place, Environment>>);

impl Projects {
    pub(crate) fn apply(&self, project: &Project) {
        let place = (project.organization.clone(), project.id.clone());
        let environment = project.environment.as_deref().map(Into::into);
        self.0.write().insert(place, environment);
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
            .clone()
    }

    pub(crate) fn clear(&self) {
        self.0.write().clear();
    }
}
