//! How many keys count against a limit, under the head lock.

use std::collections::{HashMap, HashSet};

use keyway_core::time::Timestamp;
use sqlx::AnyConnection;

use super::facts::{pair_lists, split};
use crate::error::StoreError;
use crate::statement::{Fields, padded, places, statement};

/// By organization and project: keys that work at `now`.
pub(super) async fn load_of_projects(
    connection: &mut AnyConnection,
    limited: &HashSet<(&str, &str)>,
    now: Timestamp,
) -> Result<HashMap<(String, String), i64>, StoreError> {
    if limited.is_empty() {
        return Ok(HashMap::new());
    }
    let (organizations, projects) = split(limited);
    let lists = pair_lists(
        "organization",
        "project",
        organizations.len(),
        projects.len(),
    );
    let last = organizations.len().next_power_of_two() + projects.len().next_power_of_two() + 1;
    let sql = format!(
        "SELECT organization, project, CAST(COUNT(*) AS BIGINT) FROM keys WHERE {lists} \
         AND state IN ('active', 'inactive') AND successor IS NULL \
         AND (expires_at IS NULL OR expires_at > ${last}) GROUP BY organization, project"
    );
    let mut query = statement(&sql);
    for value in padded(&organizations).chain(padded(&projects)) {
        query = query.bind(*value);
    }
    let rows = query.bind(now.micros()).fetch_all(connection).await?;
    let counted = rows.iter().map(|row| {
        let fields = Fields {
            row,
            table: "keys",
            columns: &["organization", "project", "count"],
        };
        let pair = (fields.text(0)?.to_owned(), fields.text(1)?.to_owned());
        Ok((pair, fields.int(2)?))
    });
    counted.collect()
}

/// By organization: all keys but those that were revoked, deleted or replaced.
pub(super) async fn load_of_organizations(
    connection: &mut AnyConnection,
    limited: &HashSet<&str>,
    list_max: usize,
) -> Result<HashMap<String, i64>, StoreError> {
    let organizations: Vec<&str> = limited.iter().copied().collect();
    let mut counted = HashMap::new();
    for chunk in organizations.chunks(list_max) {
        let sql = format!(
            "SELECT organization, CAST(COUNT(*) AS BIGINT) FROM keys WHERE organization IN ({}) \
             AND state IN ('active', 'inactive') AND successor IS NULL GROUP BY organization",
            places(1, chunk.len())
        );
        let mut query = statement(&sql);
        for value in padded(chunk) {
            query = query.bind(*value);
        }
        for row in &query.fetch_all(&mut *connection).await? {
            let fields = Fields {
                row,
                table: "keys",
                columns: &["organization", "count"],
            };
            counted.insert(fields.text(0)?.to_owned(), fields.int(1)?);
        }
    }
    Ok(counted)
}
