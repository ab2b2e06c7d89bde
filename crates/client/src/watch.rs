//! Watching keys: a follow that goes on behind the last line whenever its connection ends.
//!
//! A program that holds something open for a key (a socket, a job) watches it, and ends what it holds
//! when the key ends. It asks about the key first and watches from before that question, so that no
//! change falls between. While [`WatchEvent::Interrupted`] holds, changes are not heard of, and a
//! program that cannot wait asks about its keys again.

use std::time::Duration;

use keyway_api::code::Code;
use keyway_api::follow::{FollowEndReason, FollowLine, FollowQuery, FollowedChange, Touches};

use crate::client::Client;
use crate::error::ClientError;
use crate::follow::FollowAnswer;

/// Three times the longest silence of a server.
const SILENCE_MAX: Duration = Duration::from_secs(6);
/// Pause before the first new connection, doubled for each one that fails.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What a watch tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// The server tells of every change from here on, and of all since the last line before.
    Watching,
    /// Something was changed, and holds.
    Changed(FollowedChange),
    /// The connection ended. Nothing is heard until it is `Watching` again; nothing is missed then.
    Interrupted,
    /// Changes were missed for good: ask about every key again.
    Lost,
}

/// One key, as a verification tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedKey {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub organization: String,
}

/// Follows until it is dropped.
#[derive(Debug)]
pub struct Watch {
    client: Client,
    key: Option<WatchedKey>,
    answer: Option<FollowAnswer>,
    /// The last line that was read.
    last: Option<u64>,
    pause: Duration,
    is_interrupted: bool,
}

impl Client {
    /// Watches every key that the management key may see.
    pub fn watch(&self) -> Watch {
        self.watch_some(None)
    }

    /// Watches what bears on one key.
    pub fn watch_key(&self, key: WatchedKey) -> Watch {
        self.watch_some(Some(key))
    }

    fn watch_some(&self, key: Option<WatchedKey>) -> Watch {
        Watch {
            client: self.clone(),
            key,
            answer: None,
            last: None,
            pause: Duration::ZERO,
            is_interrupted: false,
        }
    }
}

impl WatchedKey {
    /// Whether the key may be answered differently since this change.
    pub fn is_touched_by(&self, change: &FollowedChange) -> bool {
        match change.touches {
            Touches::Keys => change.keys.contains(&self.id),
            Touches::Organization => change.organization.as_ref() == Some(&self.organization),
            Touches::Everything => true,
        }
    }
}

impl Watch {
    /// Waits for the next event. An error is a refusal that trying again does not change: the
    /// management key ended, or may not follow.
    pub async fn next(&mut self) -> Result<WatchEvent, ClientError> {
        loop {
            let Some(answer) = &mut self.answer else {
                if let Some(event) = self.connect().await? {
                    return Ok(event);
                }
                continue;
            };
            let line = tokio::time::timeout(SILENCE_MAX, answer.next()).await;
            // Silence, a broken connection, and its end are one and the same.
            let event = if let Ok(Ok(Some(line))) = line {
                self.read(line)
            } else {
                self.answer = None;
                self.interrupted()
            };
            if let Some(event) = event {
                return Ok(event);
            }
        }
    }

    async fn connect(&mut self) -> Result<Option<WatchEvent>, ClientError> {
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
        let query = FollowQuery { after: self.last };
        let following = tokio::time::timeout(SILENCE_MAX, self.client.follow(&query));
        match following.await {
            Ok(Ok(answer)) => {
                self.answer = Some(answer);
                Ok(None)
            }
            Ok(Err(error)) if error.code() == Some(Code::PositionUnknown) => {
                self.last = None;
                Ok(Some(WatchEvent::Lost))
            }
            Ok(Err(error)) if is_final(&error) => Err(error),
            Ok(Err(_)) | Err(_) => Ok(self.interrupted()),
        }
    }

    fn interrupted(&mut self) -> Option<WatchEvent> {
        let is_first = !std::mem::replace(&mut self.is_interrupted, true);
        is_first.then_some(WatchEvent::Interrupted)
    }

    fn read(&mut self, line: FollowLine) -> Option<WatchEvent> {
        match line {
            FollowLine::Position(position) => {
                self.note(position.seq);
                self.pause = Duration::ZERO;
                self.is_interrupted = false;
                Some(WatchEvent::Watching)
            }
            FollowLine::Heartbeat(position) => {
                self.note(position.seq);
                None
            }
            FollowLine::Change(change) => {
                self.note(change.seq);
                let is_meant = self
                    .key
                    .as_ref()
                    .is_none_or(|key| key.is_touched_by(&change));
                is_meant.then_some(WatchEvent::Changed(change))
            }
            FollowLine::End(end) => {
                self.answer = None;
                if end.reason == FollowEndReason::Lost {
                    self.last = None;
                    return Some(WatchEvent::Lost);
                }
                self.interrupted()
            }
        }
    }

    fn note(&mut self, seq: i64) {
        self.last = u64::try_from(seq).ok();
    }
}

/// Whether the server would refuse again whatever happens.
fn is_final(error: &ClientError) -> bool {
    match error {
        ClientError::Problem(problem) => matches!(problem.status, 400..=403 | 404 | 406 | 422),
        ClientError::Foreign { .. } | ClientError::Unreachable { .. } => false,
        ClientError::Request(_) => true,
    }
}
