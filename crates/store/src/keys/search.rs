//! Searching a million keys in milliseconds: one index look-up per meaning of the text.
//!
//! An id, a display prefix or a suffix is found as it is. The beginning of a name is a range of
//! names, which comes out of its index in the order of names: few are sorted by age; when there are
//! many, keys are walked by age instead, as one of many is never far.

use sqlx::{AnyConnection, Row as _};

use super::list::{Conditions, Value};
use super::selected;
use crate::error::StoreError;
use crate::statement::statement;

/// More names than this are not sorted but met while walking by age.
const NAMES_SORTED_MAX: i64 = 4_000;
/// Sorts after every character that a name can begin with.
const AFTER_ALL: char = '\u{10FFFF}';

/// The whole statement; its values join those of `conditions`.
pub(super) async fn sql(
    connection: &mut AnyConnection,
    conditions: &mut Conditions,
    q: &str,
    asked: i64,
) -> Result<String, StoreError> {
    let lower = q.to_lowercase();
    let upper = format!("{lower}{AFTER_ALL}");
    let are_many = {
        let mut counted = conditions.clone();
        let range = name_range(&mut counted, &lower, &upper);
        let most = counted.value(Value::Int(NAMES_SORTED_MAX));
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM keys WHERE {} {range} \
             LIMIT ${most}) AS met",
            counted.sql
        );
        let row = counted.bind(statement(&sql)).fetch_one(connection).await?;
        row.try_get::<i64, _>(0)? >= NAMES_SORTED_MAX
    };
    let text = conditions.value(Value::Text(q.to_owned()));
    let range = name_range(conditions, &lower, &upper);
    let rows = conditions.value(Value::Int(asked));
    let by_age = "ORDER BY created_at DESC, id DESC";
    let filter = &conditions.sql;
    let names = if are_many {
        format!("SELECT id, created_at FROM keys WHERE {filter} {range} {by_age} LIMIT ${rows}")
    } else {
        format!("SELECT id, created_at FROM keys WHERE {filter} {range}")
    };
    let exact = |column: &str| {
        format!(
            "SELECT id, created_at FROM keys WHERE {filter} {column} = ${text} {by_age} \
             LIMIT ${rows}"
        )
    };
    let branches = [exact("id"), exact("display_prefix"), exact("suffix"), names]
        .map(|branch| format!("SELECT b.id, b.created_at FROM ({branch}) AS b"));
    Ok(format!(
        "SELECT {} FROM keys WHERE id IN (SELECT m.id FROM ({}) AS m \
         ORDER BY m.created_at DESC, m.id DESC LIMIT ${rows}) \
         ORDER BY created_at DESC, id DESC LIMIT ${rows}",
        selected(),
        branches.join(" UNION ")
    ))
}

fn name_range(conditions: &mut Conditions, lower: &str, upper: &str) -> String {
    let from = conditions.value(Value::Text(lower.to_owned()));
    let upto = conditions.value(Value::Text(upper.to_owned()));
    format!("name_lower >= ${from} AND name_lower < ${upto}")
}
