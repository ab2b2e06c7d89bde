//! `GET /v1/follow`: changes as they come, on one connection. [`crate::watch`] goes on over many.

use keyway_api::follow::{FollowLine, FollowQuery};
use reqwest::Method;

use crate::client::{Client, accepted};
use crate::error::ClientError;
use crate::lines::Lines;

/// The answer of a follow, line by line.
#[derive(Debug)]
pub struct FollowAnswer(Lines);

impl Client {
    /// `GET /v1/follow`
    pub async fn follow(&self, query: &FollowQuery) -> Result<FollowAnswer, ClientError> {
        let call = self.stream(Method::GET, &["v1", "follow"]).query(query);
        accepted(call)
            .await
            .map(|response| FollowAnswer(Lines::of(response)))
    }
}

impl FollowAnswer {
    /// The next line; None where the connection ended. Without a `FollowLine::End` before it, the
    /// answer was cut off.
    pub async fn next(&mut self) -> Result<Option<FollowLine>, ClientError> {
        self.0.next().await
    }
}
