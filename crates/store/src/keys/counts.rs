//! How many keys there are of a kind, for the pages that say so. Counting ends where the number no
//! longer tells a person more.

use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::time::Timestamp;
use sqlx::Row as _;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Fields, push, statement};

/// Where counting the keys of one creator ends.
pub const CREATOR_KEYS_MAX: i64 = 1_000;
/// Where counting the keys of an organization ends.
pub const ORGANIZATION_KEYS_MAX: i64 = 10_000;
/// Where counting the keys of one project ends.
pub const PROJECT_KEYS_MAX: i64 = 1_000;
/// Most words of `managed_by` that are told apart.
pub const MANAGERS_MAX: i64 = 200;

/// Keys that are neither revoked, deleted nor expired; `$1` is the time.
const LIVING: &str = "state IN ('active', 'inactive') AND (expires_at IS NULL OR expires_at > $1)";

impl Store {
    /// Living keys of each creator, in the order of `creators`; at most [`CREATOR_KEYS_MAX`] of one.
    /// A creator is named as in [`keyway_core::actor::Actor::to_text`].
    pub async fn count_keys_by_creator(
        &self,
        organization: &OrganizationId,
        creators: &[String],
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        if creators.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = String::new();
        for (position, _) in creators.iter().enumerate() {
            let (union, creator) = (if position == 0 { "" } else { " UNION ALL " }, position + 3);
            push(
                &mut sql,
                format_args!(
                    "{union}SELECT CAST({position} AS BIGINT) AS position, \
                     CAST(COUNT(*) AS BIGINT) AS count FROM (SELECT 1 AS one FROM keys \
                     WHERE organization = $2 AND created_by = ${creator} AND {LIVING} \
                     LIMIT {CREATOR_KEYS_MAX}) AS counted"
                ),
            );
        }
        sql.push_str(" ORDER BY position");
        let mut query = statement(&sql)
            .bind(now.micros())
            .bind(organization.as_str());
        for creator in creators {
            query = query.bind(creator.as_str());
        }
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Ok(row.try_get(1)?)).collect()
    }

    /// Living keys of an organization, at most [`ORGANIZATION_KEYS_MAX`].
    pub async fn count_keys(
        &self,
        organization: &OrganizationId,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM keys \
             WHERE organization = $2 AND {LIVING} LIMIT {ORGANIZATION_KEYS_MAX}) AS counted"
        );
        let row = statement(&sql)
            .bind(now.micros())
            .bind(organization.as_str())
            .fetch_one(&mut *self.reader().await?)
            .await?;
        Ok(row.try_get(0)?)
    }

    /// What the limit of each project counts, in the order of `projects`. Counting ends at `limit`, or at
    /// [`PROJECT_KEYS_MAX`] where that is more.
    pub async fn count_limited_keys(
        &self,
        organization: &OrganizationId,
        projects: &[ProjectId],
        limit: Option<i64>,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        if projects.is_empty() {
            return Ok(Vec::new());
        }
        let most = limit.unwrap_or_default().max(PROJECT_KEYS_MAX);
        let mut sql = String::new();
        for (position, _) in projects.iter().enumerate() {
            let (union, project) = (if position == 0 { "" } else { " UNION ALL " }, position + 3);
            push(
                &mut sql,
                format_args!(
                    "{union}SELECT CAST({position} AS BIGINT) AS position, \
                     CAST(COUNT(*) AS BIGINT) AS count FROM (SELECT 1 AS one FROM keys \
                     WHERE organization = $2 AND project = ${project} AND {LIVING} \
                     AND successor IS NULL LIMIT {most}) AS counted"
                ),
            );
        }
        sql.push_str(" ORDER BY position");
        let mut query = statement(&sql)
            .bind(now.micros())
            .bind(organization.as_str());
        for project in projects {
            query = query.bind(project.as_str());
        }
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| Ok(row.try_get(1)?)).collect()
    }

    /// Living keys by what manages them, at most [`MANAGERS_MAX`] words.
    pub async fn count_keys_by_manager(
        &self,
        organization: &OrganizationId,
        now: Timestamp,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = format!(
            "SELECT managed_by, CAST(COUNT(*) AS BIGINT) FROM keys WHERE organization = $2 \
             AND managed_by IS NOT NULL AND {LIVING} GROUP BY managed_by ORDER BY managed_by \
             LIMIT {MANAGERS_MAX}"
        );
        let rows = statement(&sql)
            .bind(now.micros())
            .bind(organization.as_str())
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let pairs = rows.iter().map(|row| {
            let fields = Fields {
                row,
                table: super::TABLE,
                columns: &["managed_by", "count"],
            };
            Ok((fields.text(0)?.to_owned(), fields.int(1)?))
        });
        pairs.collect()
    }
}
