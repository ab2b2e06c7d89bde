//! `/v1/projects`.

use keyway_api::change::Effective;
use keyway_api::list::List;
use keyway_api::project::{CreateProject, Project, ProjectsQuery};
use reqwest::Method;

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `POST /v1/projects`
    pub async fn create_project(
        &self,
        project: &CreateProject,
        terms: &Terms,
    ) -> Result<Effective<Project>, ClientError> {
        let call = self.call(Method::POST, &["v1", "projects"]).json(project);
        answer(terms.on(call)).await
    }

    /// `GET /v1/projects`
    pub async fn list_projects(&self, query: &ProjectsQuery) -> Result<List<Project>, ClientError> {
        answer(self.call(Method::GET, &["v1", "projects"]).query(query)).await
    }
}
