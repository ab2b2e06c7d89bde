//! `/v1/organizations`.

use keyway_api::change::Effective;
use keyway_api::list::{List, PageQuery};
use keyway_api::organization::{CreateOrganization, EditOrganization, Organization};
use reqwest::Method;

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `POST /v1/organizations`
    pub async fn create_organization(
        &self,
        organization: &CreateOrganization,
        terms: &Terms,
    ) -> Result<Effective<Organization>, ClientError> {
        let call = self
            .call(Method::POST, &["v1", "organizations"])
            .json(organization);
        answer(terms.on(call)).await
    }

    /// `GET /v1/organizations`
    pub async fn list_organizations(
        &self,
        query: &PageQuery,
    ) -> Result<List<Organization>, ClientError> {
        answer(
            self.call(Method::GET, &["v1", "organizations"])
                .query(query),
        )
        .await
    }

    /// `GET /v1/organizations/{id}`
    pub async fn load_organization(&self, id: &str) -> Result<Organization, ClientError> {
        answer(self.call(Method::GET, &["v1", "organizations", id])).await
    }

    /// `PATCH /v1/organizations/{id}`
    pub async fn edit_organization(
        &self,
        id: &str,
        edit: &EditOrganization,
        terms: &Terms,
    ) -> Result<Effective<Organization>, ClientError> {
        let call = self
            .call(Method::PATCH, &["v1", "organizations", id])
            .json(edit);
        answer(terms.on(call)).await
    }

    /// `POST /v1/organizations/{id}/suspend`: none of its keys works from now on.
    pub async fn suspend_organization(
        &self,
        id: &str,
        terms: &Terms,
    ) -> Result<Effective<Organization>, ClientError> {
        answer(terms.on(self.call(Method::POST, &["v1", "organizations", id, "suspend"]))).await
    }

    /// `POST /v1/organizations/{id}/resume`
    pub async fn resume_organization(
        &self,
        id: &str,
        terms: &Terms,
    ) -> Result<Effective<Organization>, ClientError> {
        answer(terms.on(self.call(Method::POST, &["v1", "organizations", id, "resume"]))).await
    }
}
