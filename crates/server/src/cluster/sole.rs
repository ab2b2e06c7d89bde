//! The only server on its database, as far as it can know.
//!
//! The lock that says so may be a session of the database. While that is lost, another server may have
//! taken over, and this one cannot tell. It goes on answering questions for three quarters of a lease,
//! because a database that is down for a moment must stop nothing; but it calls no change in force. The
//! other one, for its part, calls none in force before a whole lease is over (see
//! [`Predecessor::Lost`]). So no two servers ever stand by different answers.

use std::sync::Arc;
use std::time::Duration;

use keyway_core::decide::Cause;
use keyway_store::error::StoreError;
use keyway_store::lock::LOSS_TOLD_WITHIN;
use keyway_store::takeover::Predecessor;

use crate::app::App;

/// Pause before a failed look is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// Of a lease, in hundredths: how long to answer without the lock, and how long to wait for another's
/// answers to end. What lies between them is for clocks that do not run alike.
const ANSWER_PERCENT: u32 = 75;
const WAIT_PERCENT: u32 = 105;

/// Takes over, and then watches the lock for as long as the server runs.
pub(crate) async fn watch(app: Arc<App>) {
    let mut held = app.store.watch_lock();
    loop {
        while *held.borrow_and_update() {
            match confirm(&app).await {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!(%error, "the server before this one could not be asked for");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
        if *held.borrow() && held.changed().await.is_err() {
            return;
        }
        if *held.borrow() {
            continue;
        }
        app.cluster.set_confirmed(false);
        // Questions are answered until the lease says no.
        let rest = (lease(&app) * ANSWER_PERCENT / 100).saturating_sub(LOSS_TOLD_WITHIN);
        if tokio::time::timeout(rest, held.wait_for(|held| *held))
            .await
            .is_err()
        {
            app.index.raise_doubt(Cause::NotConfirmed);
            tracing::error!("another server may have taken over; questions are not answered");
            if held.wait_for(|held| *held).await.is_err() {
                return;
            }
        }
    }
}

/// Makes sure that no other server answers, and that this one knows what another may have done.
async fn confirm(app: &App) -> Result<(), StoreError> {
    let before = app.store.take_over(&app.server_name).await?;
    let head = app.store.read_head().await?;
    app.cluster.reach(head).await;
    app.index.settle_doubt(Cause::NotConfirmed);
    if before == Predecessor::Lost {
        let wait = lease(app) * WAIT_PERCENT / 100;
        tracing::warn!(
            seconds = wait.as_secs(),
            "the server before this one left no word; changes are in force after its lease"
        );
        let mut held = app.store.watch_lock();
        if tokio::time::timeout(wait, held.wait_for(|held| !*held))
            .await
            .is_ok()
        {
            return Ok(());
        }
    }
    app.cluster.set_confirmed(true);
    Ok(())
}

fn lease(app: &App) -> Duration {
    let profile = app.profile.load();
    let lease = profile.as_ref().map(|it| it.profile.lease.to_duration());
    lease.unwrap_or_default()
}
