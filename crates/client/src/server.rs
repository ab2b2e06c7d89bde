//! What the server says about itself, to anyone.

use reqwest::Method;

use crate::client::{Client, accepted};
use crate::error::ClientError;

impl Client {
    /// `GET /healthz`: the process lives.
    pub async fn ask_health(&self) -> Result<(), ClientError> {
        accepted(self.call(Method::GET, &["healthz"]))
            .await
            .map(drop)
    }

    /// `GET /readyz`: it can decide.
    pub async fn ask_readiness(&self) -> Result<(), ClientError> {
        accepted(self.call(Method::GET, &["readyz"]))
            .await
            .map(drop)
    }
}
