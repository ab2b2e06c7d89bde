//! Roles of a member or an invitation as two columns: a word, and a JSON object of project to role.

use std::collections::BTreeMap;

use keyway_core::grant::RoleName;
use keyway_core::id::ProjectId;
use keyway_core::member::Bindings;

use crate::error::StoreError;
use crate::statement::Fields;

pub(crate) fn project_roles(bindings: &Bindings) -> Result<String, serde_json::Error> {
    let words: BTreeMap<&str, &str> = bindings
        .projects
        .iter()
        .map(|(project, role)| (project.as_str(), role.as_str()))
        .collect();
    serde_json::to_string(&words)
}

/// Reads both columns.
pub(crate) fn read(
    fields: &Fields<'_>,
    role: usize,
    project_roles: usize,
) -> Result<Bindings, StoreError> {
    let words: BTreeMap<String, String> = serde_json::from_str(fields.text(project_roles)?)
        .map_err(|fault| fields.impossible(project_roles, &fault))?;
    let mut projects = BTreeMap::new();
    for (project, role) in words {
        let project: ProjectId = project
            .parse()
            .map_err(|fault| fields.impossible(project_roles, &fault))?;
        let role: RoleName = role
            .parse()
            .map_err(|fault| fields.impossible(project_roles, &fault))?;
        projects.insert(project, role);
    }
    Ok(Bindings {
        organization: fields.parse(role)?,
        projects,
    })
}
