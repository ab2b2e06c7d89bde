//! Replacing a key: a new secret at once, and the old one for as long as a grace lasts.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::key::{Key, Lifetime};
use keyway_core::time::Span;
use keyway_store::keys::change::KeyAt;
use keyway_token::base62::draw_id;

use super::super::frame::Frame;
use super::super::moments;
use super::super::notice;
use super::super::page::{page, refusal, refused};
use super::access::Choice;
use super::desk::Desk;
use super::fields::span_title;
use super::reveal::Reveal;
use super::revoke::{Facts, facts};
use super::sent::Sent;
use super::swap::Swap;
use crate::answer::problem::{Problem, status};
use crate::auth::Permit;
use crate::auth::permissions::KeysRotate;
use crate::request::idempotency::{Attempt, Idempotency};
use crate::routes::keys::rotate::store;

const ATTEMPT: &str = "attempt";
const ATTEMPT_CHARS: usize = 22;
/// Chosen to begin with, where a profile offers it.
const GRACE_DEFAULT: Span = Span::from_secs(24 * 60 * 60);

#[derive(Template)]
#[template(path = "keys/rotate.html")]
struct RotatePage<'a> {
    frame: Frame,
    list: &'a str,
    base: &'a str,
    keys: &'a str,
    key: Facts,
    graces: Vec<Choice>,
    /// When the new key ends.
    expires: String,
    attempt: String,
    banner: Option<String>,
    has_banner: bool,
}

/// `GET …/{id}/rotate`
pub(crate) async fn form(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (_permit, key): (Permit<KeysRotate>, Key) = desk.load(&frame).await?;
    let app = desk.app();
    let attempt = draw_id(ATTEMPT_CHARS, app.entropy.lock().as_mut());
    show(&desk, frame, &key, attempt, None).await
}

async fn show(
    desk: &Desk,
    frame: Frame,
    key: &Key,
    attempt: String,
    refused: Option<Problem>,
) -> Result<Response, Response> {
    let key_facts = facts(desk, key).await.map_err(refusal(&frame))?;
    let code = refused
        .as_ref()
        .map_or(StatusCode::OK, |it| status(it.code().status()));
    let template = RotatePage {
        frame,
        list: &desk.list,
        base: &desk.base,
        keys: &desk.pages().words.keys,
        key: key_facts,
        graces: graces(desk),
        expires: match key.lifetime {
            Lifetime::Forever => "new key: never, as before".to_owned(),
            Lifetime::Until(end) => {
                format!(
                    "new key: {}, as before",
                    moments::day(end, desk.now()).words
                )
            }
        },
        attempt,
        banner: refused.as_ref().map(notice::sentence),
        has_banner: desk.pages().has_banner(),
    };
    Ok(page(code, &template))
}

fn graces(desk: &Desk) -> Vec<Choice> {
    let offered = &desk.pages().grace;
    let chosen = if offered.contains(&GRACE_DEFAULT) {
        Some(&GRACE_DEFAULT)
    } else {
        offered.first()
    };
    let graces = offered.iter().map(|it| Choice {
        word: word(*it),
        title: if *it == Span::ZERO {
            "now".to_owned()
        } else {
            format!("in {}", span_title(*it))
        },
        is_chosen: chosen == Some(it),
    });
    graces.collect()
}

fn word(grace: Span) -> String {
    format!("{}s", grace.micros() / 1_000_000)
}

/// `POST …/{id}/rotate`
pub(crate) async fn rotate(desk: Desk, sent: Sent) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysRotate>, Key) = desk.load(&frame).await?;
    let swap = Swap::begin(&desk, &key).await.map_err(refusal(&frame))?;
    match make(&desk, &permit, &sent, &key).await {
        Ok(made) => {
            let made = made.over(&desk, swap, &key).await;
            Ok(made.answer(&desk, frame, StatusCode::OK).await)
        }
        Err(problem) if problem.code() == Code::SecretAlreadyShown => {
            Err(refused(&frame, &problem))
        }
        Err(problem) => {
            let attempt = sent.one(ATTEMPT).to_owned();
            show(&desk, frame, &key, attempt, Some(problem)).await
        }
    }
}

async fn make(
    desk: &Desk,
    permit: &Permit<KeysRotate>,
    sent: &Sent,
    key: &Key,
) -> Result<Reveal, Problem> {
    let app = desk.app();
    let graces = &desk.pages().grace;
    let grace = graces.iter().find(|it| word(**it) == sent.one("grace"));
    let Some(grace) = grace.copied() else {
        let sentence = "Choose when the old key stops.";
        return Err(Problem::field("/grace", sentence));
    };
    permit.may_rotate(app, key)?;
    let place = format!("{}/{}/rotate", desk.base, key.id);
    let attempt = Idempotency::of_form(sent.one(ATTEMPT), &place);
    let patience = app.patience(None)?;
    let begun = attempt
        .begin(app, permit.caller(), &sent.pairs(), patience)
        .await?;
    let Attempt::Fresh(ticket) = begun else {
        return Err(Problem::new(Code::SecretAlreadyShown));
    };
    let in_force = &desk.visitor.profile;
    let at = KeyAt {
        reach: permit.reach(),
        id: &key.id,
        expected: None,
    };
    let (done, secret) = store(app, &ticket, at, &key.environment, grace, in_force).await?;
    let outcome = desk.visitor.settle(done).await?;
    let old = if grace == Span::ZERO {
        "The old key works no more.".to_owned()
    } else {
        format!(
            "The old key works for {} more. Stop it sooner in the list.",
            span_title(grace)
        )
    };
    Ok(Reveal::rotated(
        &outcome.value,
        secret,
        outcome.in_force.words,
        old,
    ))
}
