//! `/v1/profile`.

use keyway_api::change::Effective;
use keyway_api::profile::{ApplyProfile, Profile};
use reqwest::Method;

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `GET /v1/profile`
    pub async fn load_profile(&self) -> Result<Profile, ClientError> {
        answer(self.call(Method::GET, &["v1", "profile"])).await
    }

    /// `PUT /v1/profile`
    pub async fn apply_profile(
        &self,
        profile: &ApplyProfile,
        terms: &Terms,
    ) -> Result<Effective<Profile>, ClientError> {
        answer(terms.on(self.call(Method::PUT, &["v1", "profile"]).json(profile))).await
    }
}
