//! What was seen during a test: every secret that was ever shown, and every answer.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::Value;

/// One answer, as text.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method and path.
    pub call: String,
    pub status: u16,
    pub headers: String,
    pub body: String,
    /// Whether it is the one answer that may hold a secret.
    pub is_issue: bool,
}

#[derive(Debug, Default)]
pub struct Witness {
    secrets: Mutex<BTreeSet<String>>,
    answers: Mutex<Vec<Seen>>,
}

impl Witness {
    pub fn note_secret(&self, secret: &str) {
        self.secrets.lock().unwrap().insert(secret.to_owned());
    }

    pub fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap().iter().cloned().collect()
    }

    pub fn answers(&self) -> Vec<Seen> {
        self.answers.lock().unwrap().clone()
    }

    pub(crate) fn note(&self, mut seen: Seen) {
        let body: Option<Value> = serde_json::from_str(&seen.body).ok();
        let secret = body.as_ref().and_then(|body| body.get("secret")?.as_str());
        if let Some(secret) = secret {
            self.note_secret(secret);
            seen.is_issue = true;
        }
        self.answers.lock().unwrap().push(seen);
    }
}
