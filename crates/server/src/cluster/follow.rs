//! The follower: a first load, then every change in the order of the ledger, for as long as the
//! server runs. When the ledger is not the one it knew, the index is in doubt and loads again.

use std::sync::Arc;
use std::time::Duration;

use keyway_core::decide::Cause;
use keyway_core::key::Key;
use keyway_store::error::StoreError;
use keyway_store::follow::{Batch, FollowError};
use keyway_store::ledger::Head;
use keyway_store::profile::ProfileRow;

use crate::app::App;
use crate::profile_in_force::ProfileInForce;

/// Pause before a failed load or look is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Loads everything; the index answers afterwards.
pub(crate) async fn load(app: &App) -> Result<Head, StoreError> {
    app.index.raise_doubt(Cause::Loading);
    app.index.clear();
    // What was applied is forgotten. A shorter ledger would else count as applied before it is.
    app.cluster.set_applied(Head::GENESIS);
    let mut snapshot = app.store.load_snapshot().await?;
    // Policies first: a key must not be decided about by rules that are gone.
    if let Some(row) = snapshot.profile.take() {
        apply_profile(app, row);
    }
    app.key_ring.apply(snapshot.signing_keys, &app.sealing_key);
    for organization in &snapshot.organizations {
        app.index.apply_organization(organization);
    }
    for project in &snapshot.projects {
        app.index.apply_project(project);
    }
    for key in snapshot.management_keys {
        app.index.apply_management_key(key);
    }
    for member in snapshot.members {
        app.index.apply_member(member);
    }
    while let Some(page) = snapshot.pages.recv().await {
        apply_keys(app, &page?);
    }
    // What changed while the pages were read.
    let mut head = snapshot.head;
    loop {
        match app.store.changes_after(head).await {
            Ok(Some(batch)) => head = apply(app, batch),
            Ok(None) => break,
            Err(FollowError::Store(error)) => return Err(error),
            Err(FollowError::Diverged { .. }) => return Err(StoreError::OutcomeUnknown),
        }
    }
    app.cluster.set_applied(head);
    app.index.settle_doubt(Cause::NotUnderstood);
    app.index.settle_doubt(Cause::Loading);
    Ok(head)
}

/// Follows from `head` until the task is aborted.
pub(crate) async fn follow(app: Arc<App>, mut head: Head) {
    let mut is_stuck = false;
    loop {
        match look(&app, head, is_stuck).await {
            Ok(batch) => {
                if let Some(mut batch) = batch {
                    let entries = std::mem::take(&mut batch.entries);
                    head = apply(&app, batch);
                    app.cluster.set_applied(head);
                    app.cluster.feed.tell(&entries);
                }
                is_stuck = false;
                app.index.settle_doubt(Cause::NotUnderstood);
            }
            Err(FollowError::Store(error)) if is_beyond_us(&error) => {
                tracing::error!(%error, "an entry of the ledger cannot be read, nothing is decided");
                app.index.raise_doubt(Cause::NotUnderstood);
                app.telemetry.not_understood();
                is_stuck = true;
                tokio::time::sleep(RETRY_AFTER).await;
            }
            Err(FollowError::Store(error)) => {
                tracing::warn!(%error, "the ledger could not be read");
                tokio::time::sleep(RETRY_AFTER).await;
            }
            Err(FollowError::Diverged { known }) => {
                app.index.raise_doubt(Cause::Diverged);
                tracing::error!(
                    seq = known.seq,
                    "the ledger is not the one this server knew"
                );
                app.telemetry.diverged();
                app.cluster.feed.tell_lost();
                head = load_again(&app).await;
                app.index.settle_doubt(Cause::Diverged);
            }
        }
        app.telemetry.ledger_head(head);
    }
}

/// The next changes. Where the last look found one that cannot be read, there may be none any more: a
/// row is mended, or taken back by whoever wrote it too soon.
async fn look(app: &App, head: Head, is_stuck: bool) -> Result<Option<Batch>, FollowError> {
    if is_stuck {
        return app.store.changes_after(head).await;
    }
    app.store.next_changes(head).await.map(Some)
}

/// Whether changes are there and cannot be read: an index that leaves them out must not answer.
fn is_beyond_us(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NewerEntry { .. } | StoreError::ImpossibleRow { .. } | StoreError::Json(_)
    )
}

async fn load_again(app: &App) -> Head {
    loop {
        match load(app).await {
            Ok(head) => return head,
            Err(error) => {
                tracing::error!(%error, "the index could not be loaded again");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

fn apply(app: &App, batch: Batch) -> Head {
    if let Some(row) = batch.profile {
        apply_profile(app, row);
    }
    if let Some(keys) = batch.signing_keys {
        app.key_ring.apply(keys, &app.sealing_key);
    }
    for organization in &batch.organizations {
        app.index.apply_organization(organization);
    }
    for project in &batch.projects {
        app.index.apply_project(project);
    }
    for key in batch.management_keys {
        app.index.apply_management_key(key);
    }
    for member in batch.members {
        app.index.apply_member(member);
    }
    apply_keys(app, &batch.keys);
    batch.head
}

fn apply_keys(app: &App, keys: &[Key]) {
    for key in keys {
        app.index.apply_key(key);
    }
}

/// A profile that this program cannot read leaves nothing to decide by: everything is undecided
/// until one that it can read is applied.
fn apply_profile(app: &App, row: ProfileRow) {
    match ProfileInForce::read(row) {
        Ok((in_force, policy)) => {
            // Tokens are looked at from here on, so the index has to know keys by their ids first.
            app.index.apply_policy(policy);
            app.profile.store(Some(Arc::new(in_force)));
            app.index.settle_doubt(Cause::NoProfile);
        }
        Err(error) => {
            tracing::error!(%error, "the profile in force cannot be used");
            app.index.raise_doubt(Cause::NoProfile);
        }
    }
}
