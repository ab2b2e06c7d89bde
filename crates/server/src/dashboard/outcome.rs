//! What a page says after a change: what was done, and since when it holds everywhere. A change is
//! answered by another page, which learns the sentence from a sealed parameter, so that no link from
//! elsewhere can put words into our mouth.

use axum::response::Response;
use http::request::Parts;
use keyway_core::management::ManagementPermission;
use keyway_core::time::Span;
use keyway_store::error::ChangeError;
use keyway_store::ledger::Committed;
use keyway_store::page::Cursor;
use serde::{Deserialize, Serialize};

use super::frame::Toast;
use super::moments::utc;
use super::page;
use super::visitor::Visitor;
use crate::answer::problem::Problem;
use crate::app::App;
use crate::auth::caller::{Caller, Who};
use crate::auth::reach_of;

const PARAMETER: &str = "done=";
/// A sentence that is older says nothing new: the page was reloaded.
const FRESH_FOR: Span = Span::from_secs(60);

/// A change that was made.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<T> {
    pub value: T,
    pub in_force: InForce,
}

/// Since when a change holds.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    /// "In force everywhere after 6 ms."
    pub words: String,
    /// The number of its entry in the audit log.
    pub entry: i64,
}

impl Visitor {
    /// Waits until a change holds everywhere, or patience ends.
    pub(crate) async fn settle<T>(
        &self,
        done: Result<Committed<T>, ChangeError>,
    ) -> Result<Outcome<T>, Problem> {
        let app = &self.app;
        let began = app.clock.elapsed_seconds();
        let entry = done.as_ref().map_or(0, |it| it.head().seq);
        let settled = app.settle(done, app.patience(None)?).await?;
        let words = if settled.is_everywhere {
            let after = std::time::Duration::try_from_secs_f64(app.clock.elapsed_seconds() - began);
            let ms = after.unwrap_or_default().as_millis().max(1);
            format!("In force everywhere after {ms} ms.")
        } else {
            let at = utc(settled.effective_everywhere_at);
            format!(
                "Not every node has confirmed yet. In force everywhere at {} UTC at the latest.",
                at.strftime("%H:%M:%S")
            )
        };
        Ok(Outcome {
            value: settled.value,
            in_force: InForce { words, entry },
        })
    }

    /// To a page that says what was done.
    pub(crate) fn done(&self, address: &str, what: &str, in_force: &InForce) -> Response {
        self.tell(address, &Told::of(what, in_force))
    }

    /// To a page that says something of which no entry tells.
    pub(crate) fn said(&self, address: &str, what: &str, detail: &str) -> Response {
        let told = Told {
            what: what.to_owned(),
            detail: detail.to_owned(),
            entry: None,
        };
        self.tell(address, &told)
    }

    fn tell(&self, address: &str, told: &Told) -> Response {
        let told = Cursor {
            created_at: self.app.clock.now(),
            id: serde_json::to_string(told).unwrap_or_default(),
        };
        let sealed = self.app.cursors.seal(&list(&self.caller), &told);
        let joint = if address.contains('?') { '&' } else { '?' };
        let address = format!("{address}{joint}{PARAMETER}{sealed}");
        if self.is_part {
            page::anew(&address)
        } else {
            page::to(&address)
        }
    }
}

/// What one page hands to the next.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Told {
    what: String,
    detail: String,
    entry: Option<i64>,
}

impl Told {
    pub(crate) fn of(what: &str, in_force: &InForce) -> Self {
        Self {
            what: what.to_owned(),
            detail: in_force.words.clone(),
            entry: Some(in_force.entry),
        }
    }

    /// As it is shown: with a link to the entry, for whoever may see it.
    pub(crate) fn toast(self, app: &App, caller: &Caller) -> Toast {
        let sees_log = matches!(
            (
                &caller.who,
                reach_of(app, caller, ManagementPermission::AuditRead)
            ),
            (Who::Member { .. }, Ok(Some(_)))
        );
        Toast {
            what: self.what,
            detail: self.detail,
            entry: self.entry.filter(|_| sees_log),
        }
    }
}

/// The sentence of the page before, if this visitor came from there just now.
pub(crate) fn told(app: &App, caller: &Caller, parts: &Parts) -> Option<Toast> {
    let mut pairs = parts.uri.query()?.split('&');
    let sealed = pairs.find_map(|pair| pair.strip_prefix(PARAMETER))?;
    let told = app.cursors.open(&list(caller), sealed).ok()?;
    if told.created_at.plus(FRESH_FOR) < app.clock.now() {
        return None;
    }
    let told: Told = serde_json::from_str(&told.id).ok()?;
    Some(told.toast(app, caller))
}

fn list(caller: &Caller) -> (&'static str, String) {
    ("done", caller.origin().actor.to_text())
}
