//! What a list of keys says beside its rows: how many there are, and which old key belongs to a new
//! one.

use keyway_core::id::KeyId;
use keyway_core::key::Key;
use keyway_core::management::Reach;
use keyway_core::time::Timestamp;
use sqlx::Row as _;

use super::list::{Conditions, KeyFilter, Value, bind};
use super::{KeyReader, LOOK_UP_MAX, is_in, selected};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{padded, places, statement};

impl Store {
    /// How many keys a filter finds, whatever its `q`; counting ends at `most`.
    pub async fn count_found(
        &self,
        reach: &Reach,
        filter: &KeyFilter,
        most: usize,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let is_sorted = filter.by_end().is_some();
        let mut conditions = Conditions::of(reach, filter, None, is_sorted, now);
        let most = Value::Int(i64::try_from(most).unwrap_or(i64::MAX));
        let most = conditions.value(most);
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM keys WHERE {} 1 = 1 \
             LIMIT ${most}) AS found",
            conditions.sql
        );
        let row = bind(statement(&sql), &conditions.values)
            .fetch_one(&mut *self.reader().await?)
            .await?;
        Ok(usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
    }

    /// The keys that these replaced, as far as `reach` may see them.
    pub async fn list_predecessors(
        &self,
        reach: &Reach,
        successors: &[KeyId],
    ) -> Result<Vec<Key>, StoreError> {
        let mut found = Vec::new();
        let mut connection = self.reader().await?;
        for chunk in successors.chunks(LOOK_UP_MAX) {
            let sql = format!(
                "SELECT {} FROM keys WHERE successor IN ({}) AND state <> 'deleted' ORDER BY id",
                selected(),
                places(1, chunk.len())
            );
            let mut query = statement(&sql);
            for id in padded(chunk) {
                query = query.bind(id.as_str());
            }
            let rows = query.fetch_all(&mut *connection).await?;
            found.extend(KeyReader::default().read_all(&rows)?);
        }
        found.retain(|key| is_in(reach, key));
        Ok(found)
    }
}
