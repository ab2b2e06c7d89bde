//! What a page says after a change: what was done, and since when it holds everywhere. A change is
//! answered by another page, which learns the sentence from a sealed parameter, so that no link from
//! elsewhere can put words into our mouth.

use axum::response::Response;
use http::request::Parts;
use keyway_core::time::Span;
use keyway_store::error::ChangeError;
use keyway_store::ledger::Committed;
use keyway_store::page::Cursor;

use super::frame::Toast;
use super::moments::utc;
use super::page;
use super::visitor::Visitor;
use crate::answer::problem::Problem;
use crate::app::App;
use crate::auth::caller::Caller;

const PARAMETER: &str = "done=";
/// A sentence that is older says nothing new: the page was reloaded.
const FRESH_FOR: Span = Span::from_secs(60);

/// A change that was made.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<T> {
    pub value: T,
    /// "In force everywhere after 6 ms."
    pub in_force: String,
}

impl Visitor {
    /// Waits until a change holds everywhere, or patience ends.
    pub(crate) async fn settle<T>(
        &self,
        done: Result<Committed<T>, ChangeError>,
    ) -> Result<Outcome<T>, Problem> {
        let app = &self.app;
        let began = app.clock.elapsed_seconds();
        let settled = app.settle(done, app.patience(None)?).await?;
        let in_force = if settled.is_everywhere {
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
            in_force,
        })
    }

    /// To a page that says what was done.
    pub(crate) fn done(&self, address: &str, what: &str, detail: &str) -> Response {
        let told = Cursor {
            created_at: self.app.clock.now(),
            id: format!("{what}\n{detail}"),
        };
        let sealed = self.app.cursors.seal(&list(&self.caller), &told);
        let joint = if address.contains('?') { '&' } else { '?' };
        page::to(&format!("{address}{joint}{PARAMETER}{sealed}"))
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
    let (what, detail) = told.id.split_once('\n')?;
    Some(Toast {
        what: what.to_owned(),
        detail: detail.to_owned(),
    })
}

fn list(caller: &Caller) -> (&'static str, String) {
    ("done", caller.origin().actor.to_text())
}
