//! Bad input: each kind of it gets a stable code that names the field, changes nothing, and leaves
//! the server as well as it was. That no answer is a 500 holds for every call of every test.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod credentials;
mod fields;
mod foreign;
mod limits;
mod lines;
mod text;
mod wire;

use keyway_tests::client::Answer;
use keyway_tests::server::Server;
use serde_json::{Value, json};

/// A server with something in it that could be changed.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) organization: String,
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let server = Server::start().await;
        let organization = server.organization("Acme").await;
        let (key, secret) = server.key(&organization, json!({})).await;
        Self {
            server,
            organization,
            key,
            secret,
        }
    }

    /// Whatever was changed stands in the ledger.
    pub(crate) async fn head(&self) -> Value {
        let page = self
            .server
            .root()
            .get("/v1/audit?limit=1")
            .await
            .expect(200);
        page["data"][0]["seq"].clone()
    }

    /// Nothing was changed since, nothing broke, and the server still does its work.
    pub(crate) async fn assert_untouched_since(&self, head: &Value) {
        assert_eq!(&self.head().await, head, "something was changed");
        assert_eq!(self.server.nobody().get("/readyz").await.status, 200);
        assert_eq!(self.server.verdict(&self.secret).await, "valid");
        let log = self.server.log_text();
        let broken = log.lines().find(|line| line.contains("panicked"));
        assert_eq!(broken, None);
    }

    /// The fields of a key, with some of them replaced.
    pub(crate) fn key_with(&self, fields: &Value) -> Value {
        let mut body = json!({"organization": self.organization, "name": "bad"});
        let given = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(given);
        body
    }
}

/// The fields that a refusal names.
pub(crate) fn pointers(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let pointers = errors.iter().map(|error| &error["pointer"]);
    pointers.map(|it| it.as_str().unwrap().to_owned()).collect()
}
