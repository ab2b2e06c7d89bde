//! `/v1/signing-keys`.

use keyway_api::change::Effective;
use keyway_api::list::List;
use keyway_api::signing_key::{CreateSigningKey, SigningKey};
use reqwest::Method;

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `POST /v1/signing-keys`
    pub async fn create_signing_key(
        &self,
        key: &CreateSigningKey,
        terms: &Terms,
    ) -> Result<Effective<SigningKey>, ClientError> {
        let call = self.call(Method::POST, &["v1", "signing-keys"]).json(key);
        answer(terms.on(call)).await
    }

    /// `GET /v1/signing-keys`
    pub async fn list_signing_keys(&self) -> Result<List<SigningKey>, ClientError> {
        answer(self.call(Method::GET, &["v1", "signing-keys"])).await
    }

    /// `POST /v1/signing-keys/{id}/revoke`
    pub async fn revoke_signing_key(
        &self,
        id: &str,
        terms: &Terms,
    ) -> Result<Effective<SigningKey>, ClientError> {
        answer(terms.on(self.call(Method::POST, &["v1", "signing-keys", id, "revoke"]))).await
    }
}
