//! The sweeper: takes what was counted in the index and adds it to the tables, a limited number of
//! rows at a time. A verify never waits for it, and it never makes one fail (S-TELEMETRY-07).

use std::sync::Arc;
use std::time::Duration;

use keyway_core::time::Timestamp;
use keyway_index::usage::KeyUsage;
use keyway_store::error::StoreError;
use keyway_store::usage::{ALLOWED, FLUSH_KEYS_MAX, LastRefusal, UsageCounts};
use tokio::sync::Mutex;

use crate::app::App;

/// Pause between sweeps.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// Pause between two flushes of one sweep, so that changes come in between.
const FLUSH_PAUSE: Duration = Duration::from_millis(20);

/// What was taken and is not written yet.
#[derive(Debug, Default)]
pub(crate) struct Sweeper {
    pending: Vec<UsageCounts>,
}

/// Sweeps for as long as the server runs. `sweeper` is shared with whoever stops the server.
pub(crate) async fn run(app: Arc<App>, sweeper: Arc<Mutex<Sweeper>>) {
    let mut swept_at = app.clock.elapsed_seconds();
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        app.telemetry.upkeep();
        app.telemetry.index_keys(app.index.key_count());
        match sweeper.lock().await.sweep(&app).await {
            Ok(()) => swept_at = app.clock.elapsed_seconds(),
            Err(error) => {
                app.telemetry.usage_flush_failed();
                tracing::warn!(%error, "usage counts could not be written");
            }
        }
        app.telemetry
            .usage_lag(app.clock.elapsed_seconds() - swept_at);
    }
}

impl Sweeper {
    /// Writes everything that was counted until now. What could not be written is kept for the next
    /// time; what was counted since stays in the index.
    pub(crate) async fn sweep(&mut self, app: &App) -> Result<(), StoreError> {
        let mut from = Some(0);
        while let Some(shard) = from {
            if self.pending.is_empty() {
                let now = app.clock.now();
                let (drained, next) = app.index.drain_usage(shard, FLUSH_KEYS_MAX, now);
                from = next;
                self.pending = drained.into_iter().map(|it| counts(it, now)).collect();
            }
            while !self.pending.is_empty() {
                let most = self.pending.len().min(FLUSH_KEYS_MAX);
                let batch = self.pending.get(..most).unwrap_or_default().to_vec();
                app.store.flush_usage(batch).await?;
                self.pending.drain(..most);
                if from.is_some() {
                    tokio::time::sleep(FLUSH_PAUSE).await;
                }
            }
        }
        Ok(())
    }
}

fn counts(it: KeyUsage, now: Timestamp) -> UsageCounts {
    let mut counts: Vec<(String, i64)> = it
        .refused
        .into_iter()
        .map(|(code, count)| (code.to_owned(), i64::from(count)))
        .collect();
    if it.allowed > 0 {
        counts.push((ALLOWED.to_owned(), i64::from(it.allowed)));
    }
    UsageCounts {
        key: it.key,
        at: now,
        counts,
        last_used_at: it.last_used_at,
        last_refusal: it.last_refusal.map(|it| LastRefusal {
            at: it.at,
            reason: it.reason.to_owned(),
            address: it.address.map(|address| address.to_string()),
        }),
    }
}
