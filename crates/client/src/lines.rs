//! Reads an answer of one JSON value per line while it arrives.

use bytes::{Buf as _, BytesMut};
use reqwest::Response;
use serde::de::DeserializeOwned;

use crate::error::ClientError;

#[derive(Debug)]
pub(crate) struct Lines {
    response: Response,
    buffered: BytesMut,
    /// How much of the buffer was searched for a line's end already.
    searched: usize,
}

impl Lines {
    pub(crate) fn of(response: Response) -> Self {
        Self {
            response,
            buffered: BytesMut::new(),
            searched: 0,
        }
    }

    /// The next line's value; None at the end. A last line without its end counts.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ClientError> {
        loop {
            let fresh = self.buffered.iter().skip(self.searched);
            if let Some(found) = fresh.enumerate().find(|(_, byte)| **byte == b'\n') {
                let line = self.buffered.split_to(self.searched + found.0);
                self.buffered.advance(1);
                self.searched = 0;
                if !line.trim_ascii().is_empty() {
                    return self.parse(&line).map(Some);
                }
                continue;
            }
            self.searched = self.buffered.len();
            match self
                .response
                .chunk()
                .await
                .map_err(ClientError::from_http)?
            {
                Some(chunk) => self.buffered.extend_from_slice(&chunk),
                None => break,
            }
        }
        self.searched = 0;
        let rest = self.buffered.split();
        if rest.trim_ascii().is_empty() {
            Ok(None)
        } else {
            self.parse(&rest).map(Some)
        }
    }

    fn parse<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T, ClientError> {
        let status = self.response.status().as_u16();
        serde_json::from_slice(line).map_err(|_| ClientError::Foreign { status })
    }
}
