//! `POST /v1/keys/import`: both ways a stream, so that nobody holds the whole of it.

use bytes::Bytes;
use futures_util::Stream;
use keyway_api::NDJSON;
use keyway_api::import::ImportResult;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Method};

use crate::client::{Client, accepted};
use crate::error::ClientError;
use crate::lines::Lines;

/// The answer of an import, line by line.
#[derive(Debug)]
pub struct ImportAnswer(Lines);

impl Client {
    /// Sends lines of `keyway_api::import::ImportLine`, cut anywhere.
    pub async fn import_keys<S>(&self, lines: S) -> Result<ImportAnswer, ClientError>
    where
        S: Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    {
        let call = self
            .stream(Method::POST, &["v1", "keys", "import"])
            .header(CONTENT_TYPE, NDJSON)
            .body(Body::wrap_stream(lines));
        accepted(call)
            .await
            .map(|response| ImportAnswer(Lines::of(response)))
    }
}

impl ImportAnswer {
    /// The next line; None after the last one. An answer that ends without totals was cut off.
    pub async fn next(&mut self) -> Result<Option<ImportResult>, ClientError> {
        self.0.next().await
    }
}
