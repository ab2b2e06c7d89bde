//! `/v1/management-keys`.

use keyway_api::list::{List, PageQuery};
use keyway_api::management_key::{ChangedManagementKey, CreateManagementKey};
use keyway_api::management_key::{IssuedManagementKey, ManagementKey};
use reqwest::Method;

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `POST /v1/management-keys`
    pub async fn create_management_key(
        &self,
        key: &CreateManagementKey,
        terms: &Terms,
    ) -> Result<IssuedManagementKey, ClientError> {
        let call = self
            .call(Method::POST, &["v1", "management-keys"])
            .json(key);
        answer(terms.on(call)).await
    }

    /// `GET /v1/management-keys`
    pub async fn list_management_keys(
        &self,
        query: &PageQuery,
    ) -> Result<List<ManagementKey>, ClientError> {
        answer(
            self.call(Method::GET, &["v1", "management-keys"])
                .query(query),
        )
        .await
    }

    /// `GET /v1/management-keys/{id}`
    pub async fn load_management_key(&self, id: &str) -> Result<ManagementKey, ClientError> {
        answer(self.call(Method::GET, &["v1", "management-keys", id])).await
    }

    /// `POST /v1/management-keys/{id}/revoke`
    pub async fn revoke_management_key(
        &self,
        id: &str,
        terms: &Terms,
    ) -> Result<ChangedManagementKey, ClientError> {
        answer(terms.on(self.call(Method::POST, &["v1", "management-keys", id, "revoke"]))).await
    }
}
