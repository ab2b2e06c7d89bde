//! `/v1/keys`: making, finding and ending keys.

use keyway_api::change::Done;
use keyway_api::key::{ChangedKey, CreateKey, EditKey, IssuedKey, Key, KeysQuery};
use keyway_api::key::{RevokeKey, RotateKey};
use keyway_api::list::List;
use keyway_api::revoke_batch::{RevokeBatch, RevokedBatch};
use keyway_api::usage::{Usage, UsageQuery};
use reqwest::Method;

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `POST /v1/keys`
    pub async fn create_key(
        &self,
        key: &CreateKey,
        terms: &Terms,
    ) -> Result<IssuedKey, ClientError> {
        answer(terms.on(self.call(Method::POST, &["v1", "keys"]).json(key))).await
    }

    /// `GET /v1/keys`
    pub async fn list_keys(&self, query: &KeysQuery) -> Result<List<Key>, ClientError> {
        answer(self.call(Method::GET, &["v1", "keys"]).query(query)).await
    }

    /// `GET /v1/keys/{id}`
    pub async fn load_key(&self, id: &str) -> Result<Key, ClientError> {
        answer(self.call(Method::GET, &["v1", "keys", id])).await
    }

    /// `GET /v1/keys/{id}/usage`
    pub async fn load_usage(&self, id: &str, query: &UsageQuery) -> Result<Usage, ClientError> {
        answer(
            self.call(Method::GET, &["v1", "keys", id, "usage"])
                .query(query),
        )
        .await
    }

    /// `PATCH /v1/keys/{id}`
    pub async fn edit_key(
        &self,
        id: &str,
        edit: &EditKey,
        terms: &Terms,
    ) -> Result<ChangedKey, ClientError> {
        answer(terms.on(self.call(Method::PATCH, &["v1", "keys", id]).json(edit))).await
    }

    /// `DELETE /v1/keys/{id}`
    pub async fn delete_key(&self, id: &str, terms: &Terms) -> Result<Done, ClientError> {
        answer(terms.on(self.call(Method::DELETE, &["v1", "keys", id]))).await
    }

    /// `POST /v1/keys/{id}/deactivate`
    pub async fn deactivate_key(&self, id: &str, terms: &Terms) -> Result<ChangedKey, ClientError> {
        answer(terms.on(self.call(Method::POST, &["v1", "keys", id, "deactivate"]))).await
    }

    /// `POST /v1/keys/{id}/activate`
    pub async fn activate_key(&self, id: &str, terms: &Terms) -> Result<ChangedKey, ClientError> {
        answer(terms.on(self.call(Method::POST, &["v1", "keys", id, "activate"]))).await
    }

    /// `POST /v1/keys/{id}/revoke`: for good. Revoking again is no error.
    pub async fn revoke_key(
        &self,
        id: &str,
        revoke: &RevokeKey,
        terms: &Terms,
    ) -> Result<ChangedKey, ClientError> {
        let call = self
            .call(Method::POST, &["v1", "keys", id, "revoke"])
            .json(revoke);
        answer(terms.on(call)).await
    }

    /// `POST /v1/keys/{id}/rotate`: the answer holds the successor and its secret.
    pub async fn rotate_key(
        &self,
        id: &str,
        rotate: &RotateKey,
        terms: &Terms,
    ) -> Result<IssuedKey, ClientError> {
        let call = self
            .call(Method::POST, &["v1", "keys", id, "rotate"])
            .json(rotate);
        answer(terms.on(call)).await
    }

    /// `POST /v1/keys/revoke-batch`
    pub async fn revoke_batch(
        &self,
        batch: &RevokeBatch,
        terms: &Terms,
    ) -> Result<RevokedBatch, ClientError> {
        let call = self
            .call(Method::POST, &["v1", "keys", "revoke-batch"])
            .json(batch);
        answer(terms.on(call)).await
    }
}
