//! `Idempotency-Key`: a call that was made before is answered again and not done twice.
//!
//! The claim commits with the change (S-IDEMP-08). It holds the answer's object and never a secret: a
//! repeated call that made a secret learns that it was shown, and which key it belongs to. A refusal
//! that is final is kept too; one for the moment, or for whoever calls now, is decided anew (S-IDEMP-09).

mod refusal;

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use keyway_api::code::Code;
use keyway_core::actor::Origin;
use keyway_core::time::{Span, Timestamp};
use keyway_store::call::{Call, Claim};
use keyway_store::idempotency::KeptClaim;
use keyway_store::ledger::Head;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::answer::problem::{Problem, status};
use crate::answer::wire;
use crate::app::App;
use crate::cluster::Patience;

/// How long a claim is kept.
pub(crate) const CLAIM_SPAN: Span = Span::from_secs(24 * 60 * 60);
/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// In the scope of a claim that made a key.
const KEYS: &str = " /v1/keys";
const HEADER: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key of a request, if it has one.
#[derive(Clone, Debug)]
pub(crate) struct Idempotency {
    key: Option<String>,
    method_and_path: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let key = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) => Some(parse(value)?),
            (Some(_), Some(_)) => return Err(Problem::new(Code::IdempotencyKeyInvalid)),
        };
        let method_and_path = format!("{} {}", parts.method, parts.uri.path());
        Ok(Self {
            key,
            method_and_path,
        })
    }
}

/// A quoted string of RFC 8941, or the same without quotes.
fn parse(value: &HeaderValue) -> Result<String, Problem> {
    let invalid = || Problem::new(Code::IdempotencyKeyInvalid);
    let text = value.to_str().map_err(|_| invalid())?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => unescape(rest.strip_suffix('"').ok_or_else(invalid)?).ok_or_else(invalid)?,
        None if text.contains(['"', '\\', ' ']) => return Err(invalid()),
        None => text.to_owned(),
    };
    let is_key = (1..=KEY_BYTES_MAX).contains(&key.len())
        && key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_key { Ok(key) } else { Err(invalid()) }
}

fn unescape(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(next) = chars.next() {
        match next {
            '\\' => text.push(chars.next().filter(|it| matches!(it, '"' | '\\'))?),
            '"' => return None,
            other => text.push(other),
        }
    }
    Some(text)
}

/// Calls with an idempotency key that are being worked on.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<(String, String)>>>);

/// A place among them, given back when dropped.
#[derive(Debug)]
struct Place {
    in_flight: InFlight,
    claim: (String, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.in_flight.0.lock().remove(&self.claim);
    }
}

impl InFlight {
    fn enter(&self, scope: &str, key: &str) -> Option<Place> {
        let claim = (scope.to_owned(), key.to_owned());
        let is_first = self.0.lock().insert(claim.clone());
        is_first.then(|| Place {
            in_flight: self.clone(),
            claim,
        })
    }
}

/// A call that was not made before. Dropped when it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    by: Call,
    claim: Option<(Arc<Place>, Vec<u8>)>,
}

#[derive(Debug)]
pub(crate) enum Attempt {
    Fresh(Ticket),
    /// Made before: its answer.
    Replay(Response),
}

impl Ticket {
    /// Who makes the change; a repeated call is answered with `status` and `object` again.
    pub(crate) fn answered_by<W: Serialize>(
        &self,
        status: u16,
        object: &W,
    ) -> Result<Call, Problem> {
        let body = serde_json::to_string(object).map_err(|error| Problem::internal(&error))?;
        Ok(self.call(status, body))
    }

    /// The same for an answer with a secret; `id` is what the secret belongs to.
    pub(crate) fn answered_once(&self, id: &str) -> Call {
        self.call(Code::SecretAlreadyShown.status(), id.to_owned())
    }

    fn call(&self, status: u16, body: String) -> Call {
        Call {
            idempotency: self.claim(status, body),
            ..self.by.clone()
        }
    }

    fn claim(&self, status: u16, body: String) -> Option<Claim> {
        self.claim.as_ref().map(|(place, fingerprint)| Claim {
            scope: place.claim.0.clone(),
            key: place.claim.1.clone(),
            fingerprint: fingerprint.clone(),
            status,
            body: Some(body),
        })
    }
}

impl Idempotency {
    /// Of a form that carries a number of its own, so that sending it again does nothing twice.
    pub(crate) fn of_form(number: &str, place: &str) -> Self {
        let is_number = (1..=KEY_BYTES_MAX).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Self {
            key: is_number.then(|| number.to_owned()),
            method_and_path: format!("POST {place}"),
        }
    }

    /// Answers a call as it was answered before, or makes it with `make`.
    pub(crate) async fn once<B: Serialize, F>(
        self,
        app: &App,
        by: impl Into<Origin>,
        request: &B,
        patience: Patience,
        make: impl FnOnce(Ticket) -> F,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Result<Response, Problem>>,
    {
        let ticket = match self.begin(app, by, request, patience).await? {
            Attempt::Replay(response) => return Ok(response),
            Attempt::Fresh(ticket) => ticket,
        };
        let answered = make(ticket.clone()).await;
        if let Err(problem) = &answered {
            refusal::keep(app, &ticket, problem).await?;
        }
        answered
    }

    /// Begins a call, or finds that it was made before. `request` is the body as it was read, so
    /// that spaces and the order of members do not count; `?wait=` does not count either, because
    /// who repeats a call may wait longer.
    pub(crate) async fn begin<B: Serialize>(
        self,
        app: &App,
        by: impl Into<Origin>,
        request: &B,
        patience: Patience,
    ) -> Result<Attempt, Problem> {
        let by: Call = by.into().into();
        let Some(key) = self.key else {
            return Ok(Attempt::Fresh(Ticket { by, claim: None }));
        };
        let scope = format!("{} {}", by.origin.actor.to_text(), self.method_and_path);
        let place = app.in_flight.enter(&scope, &key);
        let place = place.ok_or_else(|| Problem::new(Code::IdempotencyInProgress))?;
        let fingerprint = fingerprint(&self.method_and_path, request)?;
        if let Some(kept) = app.store.find_claim(&scope, &key).await? {
            let now = app.clock.now();
            if kept.created_at.plus(CLAIM_SPAN) > now {
                let replayed = replay(app, kept, &fingerprint, patience).await;
                return replayed.map(Attempt::Replay);
            }
            // Its time is over, and while its row is there no other call can have the key.
            let before = Timestamp::from_micros(now.micros() - CLAIM_SPAN.micros() + 1);
            app.store.delete_claims_before(before).await?;
        }
        Ok(Attempt::Fresh(Ticket {
            by,
            claim: Some((Arc::new(place), fingerprint)),
        }))
    }
}

fn fingerprint<B: Serialize>(method_and_path: &str, request: &B) -> Result<Vec<u8>, Problem> {
    let request = serde_json::to_vec(request).map_err(|error| Problem::internal(&error))?;
    let mut hasher = Sha256::new();
    hasher.update((method_and_path.len() as u64).to_be_bytes());
    hasher.update(method_and_path);
    hasher.update(request);
    Ok(hasher.finalize().to_vec())
}

async fn replay(
    app: &App,
    kept: KeptClaim,
    fingerprint: &[u8],
    patience: Patience,
) -> Result<Response, Problem> {
    if kept.claim.fingerprint != fingerprint {
        return Err(Problem::new(Code::IdempotencyKeyReused));
    }
    let body = kept.claim.body.unwrap_or_default();
    if kept.claim.status == Code::SecretAlreadyShown.status() {
        let is_key = kept.claim.scope.contains(KEYS);
        return Err(already_shown(app, &body, is_key));
    }
    if kept.claim.status >= 400 {
        return Err(refusal::replay(&body)?.header(REPLAYED, HeaderValue::from_static("true")));
    }
    let head = Head {
        seq: kept.seq,
        ..Head::GENESIS
    };
    let object: Value = serde_json::from_str(&body).map_err(|error| Problem::internal(&error))?;
    let settled = app.settle_at(object, head, patience).await;
    let mut response = settled.answer(status(kept.claim.status), wire::with_effective);
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response.into_response())
}

/// S-IDEMP-07: whoever lost the answer finds the key, and from there the way to another secret.
fn already_shown(app: &App, id: &str, is_key: bool) -> Problem {
    let problem = Problem::new(Code::SecretAlreadyShown)
        .detail(format!("it belongs to {id}"))
        .header(REPLAYED, HeaderValue::from_static("true"));
    let link = format!("<{}/v1/keys/{id}/rotate>; rel=\"rotate\"", app.public_url);
    match HeaderValue::from_str(&link) {
        Ok(link) if is_key => problem.header(header::LINK, link),
        // A management key is not rotated: revoke it, and create another.
        Ok(_) | Err(_) => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &'static str) -> Option<String> {
        parse(&HeaderValue::from_static(value)).ok()
    }

    #[test]
    fn s_idemp_01_a_quoted_key_and_a_bare_one_are_the_same() {
        assert_eq!(read(r#""abc""#).as_deref(), Some("abc"));
        assert_eq!(read("abc").as_deref(), Some("abc"));
        assert_eq!(read(r#""a \"b\"""#).as_deref(), Some(r#"a "b""#));
        for bad in [
            "", r#""""#, r#""abc"#, r#"abc""#, "a b", r#""a\b""#, r#""a"b""#,
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(
            parse(&HeaderValue::from_str(&"a".repeat(256)).unwrap()).ok(),
            None
        );
        assert!(parse(&HeaderValue::from_str(&"a".repeat(255)).unwrap()).is_ok());
    }
}
