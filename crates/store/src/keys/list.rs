//! Lists of keys, newest first, with filters that hold together.

use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::key::{Key, KeyStatus};
use keyway_core::management::Reach;
use keyway_core::time::Timestamp;

use super::{KeyReader, reach_text, selected};
use crate::Store;
use crate::error::StoreError;
use crate::page::{Cursor, Page};
use crate::statement::{Statement, push, statement};

/// Which keys. Deleted keys never show.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    pub organization: Option<OrganizationId>,
    pub project: Option<ProjectId>,
    pub environment: Option<String>,
    pub status: Option<KeyStatus>,
    pub owner: Option<String>,
    pub managed_by: Option<String>,
    /// Exact id, display prefix or suffix, or the beginning of the name in any case.
    pub q: Option<String>,
    pub include_revoked: bool,
}

impl Default for KeyFilter {
    fn default() -> Self {
        Self {
            organization: None,
            project: None,
            environment: None,
            status: None,
            owner: None,
            managed_by: None,
            q: None,
            include_revoked: true,
        }
    }
}

/// A value for a numbered parameter.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Int(i64),
}

/// Conditions in SQL and the values they name.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// Adds a value and tells its number.
    pub(super) fn value(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn equal(&mut self, column: &str, value: Option<&str>) {
        if let Some(value) = value {
            let number = self.value(Value::Text(value.to_owned()));
            push(&mut self.sql, format_args!("{column} = ${number} AND "));
        }
    }

    /// All of a filter but `q`, the cursor included.
    fn of(reach: &Reach, filter: &KeyFilter, cursor: Option<&Cursor>, now: Timestamp) -> Self {
        let mut conditions = Self {
            sql: String::new(),
            values: Vec::new(),
        };
        let organization = filter.organization.as_ref().map(OrganizationId::as_str);
        // Twice when both are given and differ: then nothing is found, as it should be.
        conditions.equal("organization", reach_text(reach));
        if reach_text(reach) != organization {
            conditions.equal("organization", organization);
        }
        conditions.equal("project", filter.project.as_ref().map(ProjectId::as_str));
        conditions.equal("environment", filter.environment.as_deref());
        conditions.equal("owner", filter.owner.as_deref());
        conditions.equal("managed_by", filter.managed_by.as_deref());
        conditions.status(filter, now);
        if let Some(cursor) = cursor {
            let at = conditions.value(Value::Int(cursor.created_at.micros()));
            let id = conditions.value(Value::Text(cursor.id.clone()));
            let place = format!("created_at <= ${at} AND (created_at < ${at} OR id < ${id}) AND ");
            conditions.sql.push_str(&place);
        }
        conditions
    }

    fn status(&mut self, filter: &KeyFilter, now: Timestamp) {
        let now = match filter.status {
            Some(KeyStatus::Revoked) | None => 0,
            Some(_) => self.value(Value::Int(now.micros())),
        };
        let alive = format!("(expires_at IS NULL OR expires_at > ${now})");
        let condition = match filter.status {
            Some(KeyStatus::Active) => format!("state = 'active' AND {alive}"),
            Some(KeyStatus::Inactive) => format!("state = 'inactive' AND {alive}"),
            Some(KeyStatus::Expired) => {
                format!("state IN ('active', 'inactive') AND expires_at <= ${now}")
            }
            Some(KeyStatus::Revoked) => "state = 'revoked'".to_owned(),
            None => "state <> 'deleted'".to_owned(),
        };
        self.sql.push_str(&condition);
        self.sql.push_str(" AND ");
        if !filter.include_revoked {
            self.sql.push_str("state <> 'revoked' AND ");
        }
    }

    pub(super) fn bind<'q>(&self, mut query: Statement<'q>) -> Statement<'q> {
        for value in &self.values {
            query = match value {
                Value::Text(text) => query.bind(text.clone()),
                Value::Int(int) => query.bind(*int),
            };
        }
        query
    }
}

impl Store {
    pub async fn list_keys(
        &self,
        reach: &Reach,
        filter: &KeyFilter,
        cursor: Option<&Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<Key>, StoreError> {
        let mut conditions = Conditions::of(reach, filter, cursor, now);
        let asked = Page::<Key>::rows_asked(limit);
        let mut connection = self.reader().await?;
        let sql = match &filter.q {
            None => {
                let rows = conditions.value(Value::Int(asked));
                // TRUE ends the last AND.
                format!(
                    "SELECT {} FROM keys WHERE {} 1 = 1 \
                     ORDER BY created_at DESC, id DESC LIMIT ${rows}",
                    selected(),
                    conditions.sql
                )
            }
            Some(q) => super::search::sql(&mut connection, &mut conditions, q, asked).await?,
        };
        let rows = conditions
            .bind(statement(&sql))
            .fetch_all(&mut *connection)
            .await?;
        let keys = KeyReader::default().read_all(&rows)?;
        Ok(Page::cut(keys, limit, |key| {
            (key.created_at, key.id.to_string())
        }))
    }
}
