//! Switching a key off and on, and taking one that is over out of the lists.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::key::{Key, KeyStatus};
use keyway_store::error::ChangeError;
use keyway_store::keys::change::KeyAt;
use keyway_store::ledger::Committed;

use super::super::frame::Frame;
use super::super::outcome::Told;
use super::super::page::{page, refusal};
use super::desk::Desk;
use super::revoke::{Facts, facts};
use super::swap::Swap;
use crate::auth::Permit;
use crate::auth::permissions::{KeysActivate, KeysDeactivate, KeysDelete};

fn at<'a, P>(permit: &'a Permit<P>, key: &'a Key) -> KeyAt<'a> {
    KeyAt {
        reach: permit.reach(),
        id: &key.id,
        expected: None,
    }
}

/// `POST …/{id}/deactivate`
pub(crate) async fn deactivate(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysDeactivate>, Key) = desk.load(&frame).await?;
    let swap = Swap::begin(&desk, &key).await.map_err(refusal(&frame))?;
    let store = &desk.app().store;
    let by = permit.call();
    let done = store
        .deactivate_key(&by, at(&permit, &key), desk.now())
        .await;
    switched(&desk, frame, swap, done, "is inactive").await
}

/// `POST …/{id}/activate`
pub(crate) async fn activate(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysActivate>, Key) = desk.load(&frame).await?;
    let swap = Swap::begin(&desk, &key).await.map_err(refusal(&frame))?;
    let store = &desk.app().store;
    let by = permit.call();
    let done = store.activate_key(&by, at(&permit, &key), desk.now()).await;
    switched(&desk, frame, swap, done, "is active").await
}

async fn switched(
    desk: &Desk,
    frame: Frame,
    swap: Option<Swap>,
    done: Result<Committed<Key>, ChangeError>,
    now: &str,
) -> Result<Response, Response> {
    let outcome = desk.visitor.settle(done).await.map_err(refusal(&frame))?;
    let what = format!("{} {now}.", outcome.value.name.as_str());
    if let Some(swap) = swap {
        let told = Told::of(&what, &outcome.in_force);
        return swap.answer(desk, frame, &outcome.value.id, told).await;
    }
    let address = format!("{}/{}", desk.base, outcome.value.id);
    Ok(desk.visitor.done(&address, &what, &outcome.in_force))
}

#[derive(Template)]
#[template(path = "keys/delete.html")]
struct DeletePage<'a> {
    frame: Frame,
    base: &'a str,
    keys: &'a str,
    key: Facts,
    is_alive: bool,
}

/// `GET …/{id}/delete`
pub(crate) async fn delete_form(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (_permit, key): (Permit<KeysDelete>, Key) = desk.load(&frame).await?;
    let template = DeletePage {
        base: &desk.base,
        keys: &desk.pages().words.keys,
        is_alive: key.status(desk.now()) != KeyStatus::Revoked,
        key: facts(&desk, &key).await.map_err(refusal(&frame))?,
        frame,
    };
    Ok(page(StatusCode::OK, &template))
}

/// `POST …/{id}/delete`
pub(crate) async fn delete(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysDelete>, Key) = desk.load(&frame).await?;
    let store = &desk.app().store;
    let by = permit.call();
    let done = store.delete_key(&by, at(&permit, &key), desk.now()).await;
    let outcome = desk.visitor.settle(done).await.map_err(refusal(&frame))?;
    let what = format!("{} is deleted.", key.name.as_str());
    Ok(desk.visitor.done(&desk.list, &what, &outcome.in_force))
}
