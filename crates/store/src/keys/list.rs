//! Lists of keys, newest first, with filters that hold together.

use std::collections::BTreeSet;

use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::key::{Key, KeyStatus};
use keyway_core::management::{Part, Reach};
use keyway_core::text::Label;
use keyway_core::time::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::packed::selected;
use super::{KeyReader, reach_text, search};
use crate::Store;
use crate::error::StoreError;
use crate::page::{Cursor, Page};
use crate::statement::{Statement, push, statement};

/// Fewer keys than this are looked at one by one.
const FEW_MAX: i64 = 4_000;

/// Which keys. Deleted keys never show.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    pub organization: Option<OrganizationId>,
    pub project: Option<ProjectId>,
    pub environment: Option<String>,
    pub status: Option<KeyStatus>,
    pub owner: Option<String>,
    pub managed_by: Option<String>,
    /// As in [`keyway_core::actor::Actor::to_text`].
    pub created_by: Option<String>,
    /// Exact id, display prefix or suffix, or the beginning of the name in any case.
    pub q: Option<String>,
    pub include_revoked: bool,
    /// Only keys that were replaced and still work.
    pub is_outgoing: bool,
    /// Without those that a program looks after.
    pub hides_managed: bool,
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
            created_by: None,
            q: None,
            include_revoked: true,
            is_outgoing: false,
            hides_managed: false,
        }
    }
}

impl KeyFilter {
    /// A condition with an index by the end of keys, of `$1` the organization, `$2` the time and `$3`
    /// the project, if there is one.
    pub(super) fn by_end(&self) -> Option<&'static str> {
        match (self.status, &self.project) {
            (Some(KeyStatus::Expired), Some(_)) => {
                Some("organization = $1 AND expires_at <= $2 AND project = $3")
            }
            (Some(KeyStatus::Expired), None) => Some("organization = $1 AND expires_at <= $2"),
            _ if self.is_outgoing => {
                Some("organization = $1 AND expires_at > $2 AND successor IS NOT NULL")
            }
            _ => None,
        }
    }

    fn values_by_end(&self, organization: &str, now: Timestamp) -> Vec<Value> {
        let mut values = vec![
            Value::Text(organization.to_owned()),
            Value::Int(now.micros()),
        ];
        if self.status == Some(KeyStatus::Expired) {
            let project = self.project.as_ref();
            values.extend(project.map(|it| Value::Text(it.to_string())));
        }
        values
    }
}

/// A value for a numbered parameter.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Int(i64),
}

/// Conditions in SQL and the values they name. Each ends with AND.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) sql: String,
    /// The same, written so that no index serves them: for a query whose index is chosen by what it
    /// looks for, whatever a planner without statistics thinks.
    pub(super) unindexed: String,
    pub(super) values: Vec<Value>,
    /// The numbers of the cursor's time and id.
    cursor: Option<(usize, usize)>,
    /// Whether what is found is sorted by age: the filter then has an index that finds little.
    /// Otherwise keys are walked by age, where one of many is never far.
    is_sorted: bool,
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
            push(
                &mut self.unindexed,
                format_args!("{column} || '' = ${number} AND "),
            );
        }
    }

    fn both(&mut self, condition: &str) {
        self.sql.push_str(condition);
        self.unindexed.push_str(condition);
    }

    /// The part of an organization's keys that a caller may see.
    fn part(&mut self, part: &Part) {
        self.equal("owner", part.owner.as_ref().map(Label::as_str));
        let of_projects = self.in_projects(part.projects.as_ref());
        let Some(own) = &part.own else {
            return self.both(&format!("{of_projects} AND "));
        };
        let maker = self.value(Value::Text(own.member.to_actor()));
        let own = self.in_projects(own.projects.as_ref());
        self.both(&format!(
            "({of_projects} OR (created_by = ${maker} AND {own})) AND "
        ));
    }

    fn in_projects(&mut self, projects: Option<&BTreeSet<ProjectId>>) -> String {
        let Some(projects) = projects else {
            return "1 = 1".to_owned();
        };
        let numbers: Vec<String> = projects
            .iter()
            .map(|project| format!("${}", self.value(Value::Text(project.to_string()))))
            .collect();
        // Nothing is in an empty list, in words that both engines take.
        let list = if numbers.is_empty() {
            "NULL".to_owned()
        } else {
            numbers.join(", ")
        };
        format!("project IN ({list})")
    }

    /// All of a filter but `q`.
    pub(super) fn of(
        reach: &Reach,
        filter: &KeyFilter,
        cursor: Option<&Cursor>,
        is_sorted: bool,
        now: Timestamp,
    ) -> Self {
        let mut conditions = Self {
            sql: String::new(),
            unindexed: String::new(),
            values: Vec::new(),
            cursor: None,
            is_sorted,
        };
        let organization = filter.organization.as_ref().map(OrganizationId::as_str);
        // Twice when both are given and differ: then nothing is found, as it should be.
        conditions.equal("organization", reach_text(reach));
        if reach_text(reach) != organization {
            conditions.equal("organization", organization);
        }
        if let Reach::Part(part) = reach {
            conditions.part(part);
        }
        conditions.equal("project", filter.project.as_ref().map(ProjectId::as_str));
        conditions.equal("environment", filter.environment.as_deref());
        conditions.equal("owner", filter.owner.as_deref());
        conditions.equal("managed_by", filter.managed_by.as_deref());
        conditions.equal("created_by", filter.created_by.as_deref());
        let part_of_owner = matches!(reach, Reach::Part(part) if part.owner.is_some());
        let has_person = part_of_owner || filter.owner.is_some() || filter.created_by.is_some();
        conditions.status(filter, has_person, now);
        if filter.is_outgoing {
            conditions.outgoing(now);
        }
        if filter.hides_managed {
            conditions.both("managed_by IS NULL AND ");
        }
        if let Some(cursor) = cursor {
            let at = conditions.value(Value::Int(cursor.created_at.micros()));
            let id = conditions.value(Value::Text(cursor.id.clone()));
            conditions.cursor = Some((at, id));
        }
        conditions
    }

    fn status(&mut self, filter: &KeyFilter, has_person: bool, now: Timestamp) {
        if !filter.include_revoked {
            self.both("state <> 'revoked' AND ");
        }
        // `state <> 'active'` beside an equality that implies it: the words of the partial indexes, for
        // when no owner or creator finds fewer.
        let partial = if has_person {
            ""
        } else {
            "state <> 'active' AND "
        };
        match filter.status {
            None => self.both("state <> 'deleted' AND "),
            Some(KeyStatus::Revoked) => {
                self.both(partial);
                self.both("state = 'revoked' AND ");
            }
            Some(KeyStatus::Active) => {
                self.both("state = 'active' AND ");
                self.alive(now);
            }
            Some(KeyStatus::Inactive) => {
                self.both(partial);
                self.both("state = 'inactive' AND ");
                self.alive(now);
            }
            Some(KeyStatus::Expired) => {
                self.both("state IN ('active', 'inactive') AND ");
                self.ends("<=", now);
            }
        }
    }

    /// Rotating gives the old key an end.
    fn outgoing(&mut self, now: Timestamp) {
        self.both("state = 'active' AND successor IS NOT NULL AND ");
        self.ends(">", now);
    }

    fn ends(&mut self, is: &str, now: Timestamp) {
        let now = self.value(Value::Int(now.micros()));
        let plus = if self.is_sorted { "" } else { " + 0" };
        push(
            &mut self.sql,
            format_args!("expires_at{plus} {is} ${now} AND "),
        );
        push(
            &mut self.unindexed,
            format_args!("expires_at + 0 {is} ${now} AND "),
        );
    }

    fn alive(&mut self, now: Timestamp) {
        let now = self.value(Value::Int(now.micros()));
        self.both(&format!("(expires_at IS NULL OR expires_at > ${now}) AND "));
    }

    /// What lies behind the cursor, newest first, at most `$rows`, for keys that are found by `is`:
    /// the end of a statement.
    pub(super) fn newest(&self, is: &str, is_sorted: bool, rows: usize) -> String {
        // With an expression in its place no index offers itself for the order.
        let age = if is_sorted {
            "created_at + 0"
        } else {
            "created_at"
        };
        let behind = self.cursor.map_or_else(String::new, |(at, id)| {
            format!("AND {age} <= ${at} AND ({age} < ${at} OR id < ${id})")
        });
        format!("{is} {behind} ORDER BY {age} DESC, id DESC LIMIT ${rows}")
    }

    /// The filter and `is`, newest first, by the way that suits the filter.
    pub(super) fn filtered(&self, is: &str, rows: usize) -> String {
        let newest = self.newest(is, self.is_sorted, rows);
        format!("{} {newest}", self.sql)
    }
}

pub(super) fn bind<'q>(mut query: Statement<'q>, values: &[Value]) -> Statement<'q> {
    for value in values {
        query = match value {
            Value::Text(text) => query.bind(text.clone()),
            Value::Int(int) => query.bind(*int),
        };
    }
    query
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
        let mut connection = self.reader().await?;
        let named = filter.organization.as_ref().map(OrganizationId::as_str);
        let organization = reach_text(reach).or(named);
        let is_sorted = match (filter.by_end(), organization) {
            (Some(by_end), Some(own)) => {
                let values = filter.values_by_end(own, now);
                are_few(&mut connection, by_end, &values).await?
            }
            _ => false,
        };
        let mut conditions = Conditions::of(reach, filter, cursor, is_sorted, now);
        let asked = Page::<Key>::rows_asked(limit);
        let sql = match &filter.q {
            None => {
                let rows = conditions.value(Value::Int(asked));
                let filtered = conditions.filtered("1 = 1", rows);
                format!("SELECT {} FROM keys WHERE {filtered}", selected())
            }
            Some(q) => {
                let names = search::names(&mut connection, organization, q).await?;
                search::sql(&mut conditions, q, names, asked)
            }
        };
        let rows = bind(statement(&sql), &conditions.values)
            .fetch_all(&mut *connection)
            .await?;
        let keys = KeyReader::default().read_all(&rows)?;
        Ok(Page::cut(keys, limit, |key| {
            (key.created_at, key.id.to_string())
        }))
    }
}

/// Whether so few keys meet a condition that they may all be looked at.
pub(super) async fn are_few(
    connection: &mut AnyConnection,
    condition: &str,
    values: &[Value],
) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM keys WHERE {condition} \
         LIMIT {FEW_MAX}) AS met"
    );
    let row = bind(statement(&sql), values).fetch_one(connection).await?;
    Ok(row.try_get::<i64, _>(0)? < FEW_MAX)
}
