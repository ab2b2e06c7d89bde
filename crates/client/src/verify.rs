//! `POST /v1/keys/verify` and what a key can ask about itself.

use keyway_api::key::{ChangedKey, RevokeKey};
use keyway_api::list::List;
use keyway_api::verify::{VerifyAnswer, VerifyBatch, VerifyKey};
use keyway_api::whoami::Whoami;
use reqwest::Method;

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `POST /v1/keys/verify`. A refused key is an answer; an error means that nothing was decided.
    pub async fn verify_key(&self, ask: &VerifyKey) -> Result<VerifyAnswer, ClientError> {
        answer(self.call(Method::POST, &["v1", "keys", "verify"]).json(ask)).await
    }

    /// `POST /v1/keys/verify-batch`
    pub async fn verify_batch(
        &self,
        batch: &VerifyBatch,
    ) -> Result<List<VerifyAnswer>, ClientError> {
        answer(
            self.call(Method::POST, &["v1", "keys", "verify-batch"])
                .json(batch),
        )
        .await
    }

    /// `GET /v1/whoami`
    pub async fn load_whoami(&self) -> Result<Whoami, ClientError> {
        answer(self.call(Method::GET, &["v1", "whoami"])).await
    }

    /// `POST /v1/whoami/revoke`: ends the key that this client calls with.
    pub async fn revoke_own_key(
        &self,
        revoke: &RevokeKey,
        terms: &Terms,
    ) -> Result<ChangedKey, ClientError> {
        let call = self
            .call(Method::POST, &["v1", "whoami", "revoke"])
            .json(revoke);
        answer(terms.on(call)).await
    }
}
