//! Somebody who changes keys without a pause and remembers what was acknowledged.
//!
//! A writer waits for each answer before the next change, and touches no other writer's keys. So at
//! the moment of a crash there is at most one change of which it cannot know whether it was made.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use keyway_tests::client::{Answer, Caller, NoAnswer};
use keyway_tests::server::text;
use serde_json::{Value, json};

/// What is known of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) status: &'static str,
    pub(crate) name: String,
}

/// A change that was sent.
#[derive(Clone, Debug)]
enum Change {
    Create {
        name: String,
    },
    /// To the key at this place: it becomes this, by a call.
    Edit {
        place: usize,
        after: Known,
        call: Edit,
    },
}

#[derive(Clone, Debug)]
struct Edit {
    method: Method,
    path: String,
    body: Value,
}

#[derive(Debug)]
pub(crate) struct Writer {
    caller: Caller,
    number: usize,
    organization: String,
    keys: Vec<Known>,
    acknowledged: Arc<AtomicUsize>,
    /// Sent and not answered.
    on_its_way: Option<Change>,
    changes: usize,
}

impl Writer {
    pub(crate) fn new(number: usize, caller: Caller, organization: &str) -> Self {
        Self {
            caller,
            number,
            organization: organization.to_owned(),
            keys: Vec::new(),
            acknowledged: Arc::default(),
            on_its_way: None,
            changes: 0,
        }
    }

    pub(crate) fn keys(&self) -> &[Known] {
        &self.keys
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    pub(crate) fn counter(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.acknowledged)
    }

    pub(crate) async fn write_until_nobody_answers(&mut self) {
        loop {
            let change = self.next_change();
            self.on_its_way = Some(change.clone());
            let Ok(answer) = self.send(&change).await else {
                return;
            };
            self.on_its_way = None;
            self.learn(change, &answer);
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Every other change makes a key; the others lead keys through all that can happen to one.
    fn next_change(&mut self) -> Change {
        self.changes += 1;
        let number = self.changes;
        let place = number.wrapping_mul(7) % self.keys.len().max(1);
        let target = self.keys.get(place).filter(|_| number.is_multiple_of(2));
        let Some(key) = target.filter(|key| key.status != "revoked") else {
            let name = format!("writer {} change {number}", self.number);
            return Change::Create { name };
        };
        let mut after = key.clone();
        let path = format!("/v1/keys/{}", key.id);
        let verb = match (number / 2 % 4, key.status) {
            (0, _) => {
                after.status = "revoked";
                "revoke"
            }
            (1 | 2, "active") => {
                after.status = "inactive";
                "deactivate"
            }
            (1 | 2, _) => {
                after.status = "active";
                "activate"
            }
            _ => {
                after.name = format!("writer {} edit {number}", self.number);
                let (method, body) = (Method::PATCH, json!({"name": after.name}));
                let call = Edit { method, path, body };
                return Change::Edit { place, after, call };
            }
        };
        let call = Edit {
            method: Method::POST,
            path: format!("{path}/{verb}"),
            body: json!({}),
        };
        Change::Edit { place, after, call }
    }

    async fn send(&self, change: &Change) -> Result<Answer, NoAnswer> {
        match change {
            Change::Create { name } => {
                let body = json!({
                    "organization": self.organization,
                    "name": name,
                    "grants": [{"permissions": ["read"], "resource": "*"}],
                });
                let call = self.caller.call(Method::POST, "/v1/keys").json(&body);
                call.header("idempotency-key", &name.replace(' ', "-"))
                    .try_send()
                    .await
            }
            Change::Edit { call, .. } => {
                let request = self.caller.call(call.method.clone(), &call.path);
                request.json(&call.body).try_send().await
            }
        }
    }

    fn learn(&mut self, change: Change, answer: &Answer) {
        match change {
            Change::Create { name } => {
                let body = answer.expect(201);
                self.keys.push(Known {
                    id: text(&body, "/key/id"),
                    secret: text(&body, "/secret"),
                    status: "active",
                    name,
                });
            }
            Change::Edit { place, after, .. } => {
                answer.expect(200);
                self.keys[place] = after;
            }
        }
    }

    /// Finds out what became of the change that was not answered: either of both, and nothing else.
    pub(crate) async fn settle_what_was_on_its_way(&mut self) {
        match self.on_its_way.take() {
            None => {}
            Some(Change::Edit { place, after, .. }) => {
                let before = self.keys[place].clone();
                let path = format!("/v1/keys/{}", before.id);
                let found = self.caller.get(&path).await.expect(200);
                let made = [&before, &after].into_iter().find(|known| {
                    (found["status"].as_str(), found["name"].as_str())
                        == (Some(known.status), Some(&known.name))
                });
                self.keys[place] = made.expect("one of both").clone();
            }
            Some(Change::Create { name }) => self.create_exactly_once(name).await,
        }
    }

    /// S-IDEMP-08: the same call again makes the key, or says that it was made.
    async fn create_exactly_once(&mut self, name: String) {
        let change = Change::Create { name: name.clone() };
        let again = self.send(&change).await.unwrap();
        if again.status == 201 {
            self.learn(change, &again);
        } else {
            again.refuses(409, "secret_already_shown");
        }
        let path = format!("/v1/keys?q={}", name.replace(' ', "%20"));
        let found = self.caller.get(&path).await.expect(200);
        let found = found["data"].as_array().unwrap();
        let found = found.iter().filter(|key| key["name"] == name.as_str());
        assert_eq!(found.count(), 1, "{name}");
    }
}
