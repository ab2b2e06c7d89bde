//! Forgets idempotency claims whose time is over.

use std::sync::Arc;
use std::time::Duration;

use keyway_core::time::Timestamp;

use crate::app::App;
use crate::request::idempotency::CLAIM_SPAN;

const EVERY: Duration = Duration::from_mins(10);

pub(crate) async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let now = app.clock.now();
        let before = Timestamp::from_micros(now.micros() - CLAIM_SPAN.micros());
        if let Err(error) = app.store.delete_claims_before(before).await {
            tracing::warn!(%error, "old idempotency claims could not be deleted");
        }
    }
}
