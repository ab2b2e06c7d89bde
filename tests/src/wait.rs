//! Waiting for the thing itself.

use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);
/// After so long it will not come any more, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Looks until there is something to see.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, looking).await;
    seen.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
