//! Requests that no client library would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::Answer;
use crate::wait::PATIENCE;

/// Between two letters of a slow client.
const DRIP: Duration = Duration::from_millis(200);

/// A connection on which anything can be said.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
}

impl Wire {
    pub async fn to(authority: &str) -> Self {
        Self {
            stream: TcpStream::connect(authority).await.unwrap(),
        }
    }

    /// Says it, or as much of it as the other side wants to hear.
    pub async fn say(&mut self, bytes: &[u8]) {
        let _refused = self.stream.write_all(bytes).await;
    }

    /// Has nothing more to say, and still listens.
    pub async fn fall_silent(&mut self) {
        let _gone = self.stream.shutdown().await;
    }

    /// Says a letter from time to time, or nothing at all, until the other side has had enough of it;
    /// answers with all that came meanwhile.
    pub async fn drip(self, letter: Option<u8>) -> Vec<u8> {
        let (mut ear, mut mouth) = self.stream.into_split();
        let talking = async {
            while let Some(letter) = letter {
                tokio::time::sleep(DRIP).await;
                if mouth.write_all(&[letter]).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        let mut heard = Vec::new();
        let listening = async {
            // A reset after the answer loses nothing of what was heard.
            let _reset = ear.read_to_end(&mut heard).await;
        };
        let ended = tokio::time::timeout(PATIENCE, async {
            tokio::select! {
                () = talking => {}
                () = listening => {}
            }
        });
        ended.await.expect("a slow client may stay for ever");
        heard
    }

    /// All that comes until the other side closes.
    pub async fn hear(mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        let listening = async {
            // A reset after the answer loses nothing of what was heard.
            let _reset = self.stream.read_to_end(&mut heard).await;
        };
        let ended = tokio::time::timeout(PATIENCE, listening).await;
        ended.expect("the connection stays open");
        heard
    }
}

/// Sends bytes and reads the one answer; none: the connection was closed without one.
pub async fn exchange(authority: &str, bytes: &[u8]) -> Option<Answer> {
    let mut wire = Wire::to(authority).await;
    wire.say(bytes).await;
    parse(&wire.hear().await)
}

/// The last answer in there, so that an interim one does not count.
pub fn parse(heard: &[u8]) -> Option<Answer> {
    let mut rest = heard;
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(length) = response.parse(rest).ok()? else {
            return None;
        };
        rest = rest.get(length..)?;
        let status = response.code?;
        if status >= 200 {
            let headers = response.headers.iter().map(|field| {
                (
                    field.name.parse().unwrap(),
                    http::HeaderValue::from_bytes(field.value).unwrap(),
                )
            });
            return Some(Answer {
                status,
                headers: headers.collect(),
                body: rest.to_vec().into(),
            });
        }
    }
}
