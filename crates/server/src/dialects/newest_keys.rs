//! Lists that have no pages.

use keyway_core::key::Key;
use keyway_core::management::Reach;
use keyway_store::keys::list::KeyFilter;
use keyway_store::page::PAGE_ROWS_MAX;

use crate::answer::problem::Problem;
use crate::app::App;

/// Keys of one answer.
const KEYS_MAX: usize = 2_000;

/// The newest keys that pass, as many as one answer holds.
pub(super) async fn newest_keys(
    app: &App,
    reach: &Reach,
    filter: &KeyFilter,
) -> Result<Vec<Key>, Problem> {
    let now = app.clock.now();
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let page = app
            .store
            .list_keys(reach, filter, cursor.as_ref(), PAGE_ROWS_MAX, now)
            .await?;
        keys.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() || keys.len() >= KEYS_MAX {
            return Ok(keys);
        }
    }
}
