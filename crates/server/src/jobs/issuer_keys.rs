//! Fetches the keys of those whose tokens are taken, at the start and every few minutes: a key that its
//! issuer took away is then soon gone here too. A start does not wait for it.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;

const EVERY: Duration = Duration::from_mins(5);

pub(crate) async fn run(app: Arc<App>) {
    loop {
        for keys in app.issuers.remote_keys() {
            keys.refresh(app.clock.as_ref()).await;
        }
        tokio::time::sleep(EVERY).await;
    }
}
