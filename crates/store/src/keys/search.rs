//! Searching a million keys in milliseconds: one index look-up per meaning of the text.
//!
//! An id, a display prefix or a suffix is found as it is. The beginning of a name is a range of
//! names, which comes out of its index in the order of names and has to be sorted by age. That is
//! for few; many are met while walking by age, as one of many is seldom far. And an organization
//! with few keys is walked anyway: what others call theirs must not make it wait.

use sqlx::AnyConnection;

use super::list::{Conditions, Value, are_few};
use super::packed::selected;
use crate::error::StoreError;

/// Sorts after every character that a name can begin with.
const AFTER_ALL: char = '\u{10FFFF}';

/// How keys are found by the beginning of their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// All with such a name, sorted.
    Sorted,
    /// Keys by age until enough have such a name.
    Walked,
}

/// From the name to beyond all that begin with it.
fn range(q: &str) -> (String, String) {
    let from = q.to_lowercase();
    let upto = format!("{from}{AFTER_ALL}");
    (from, upto)
}

pub(super) async fn names(
    connection: &mut AnyConnection,
    organization: Option<&str>,
    q: &str,
) -> Result<Names, StoreError> {
    if let Some(own) = organization {
        let values = [Value::Text(own.to_owned())];
        if are_few(connection, "organization = $1", &values).await? {
            return Ok(Names::Walked);
        }
    }
    let (from, upto) = range(q);
    let values = [Value::Text(from), Value::Text(upto)];
    let named = "name_lower >= $1 AND name_lower < $2";
    if are_few(connection, named, &values).await? {
        Ok(Names::Sorted)
    } else {
        Ok(Names::Walked)
    }
}

/// The whole statement; its values join those of `conditions`.
pub(super) fn sql(conditions: &mut Conditions, q: &str, names: Names, asked: i64) -> String {
    let text = conditions.value(Value::Text(q.to_owned()));
    let (from, upto) = range(q);
    let from = conditions.value(Value::Text(from));
    let upto = conditions.value(Value::Text(upto));
    let rows = conditions.value(Value::Int(asked));
    let found = "SELECT id, created_at FROM keys WHERE";
    let unindexed = &conditions.unindexed;
    let exact = |column: &str| {
        let newest = conditions.newest(&format!("{column} = ${text}"), false, rows);
        format!("{found} {unindexed} {newest}")
    };
    let names = match names {
        Names::Sorted => {
            let is_named = format!("name_lower >= ${from} AND name_lower < ${upto}");
            let newest = conditions.newest(&is_named, true, rows);
            format!("{found} {unindexed} {newest}")
        }
        Names::Walked => {
            let is_named = format!("name_lower || '' >= ${from} AND name_lower || '' < ${upto}");
            format!("{found} {}", conditions.filtered(&is_named, rows))
        }
    };
    let branches = [exact("id"), exact("display_prefix"), exact("suffix"), names]
        .map(|branch| format!("SELECT b.id, b.created_at FROM ({branch}) AS b"));
    format!(
        "SELECT {} FROM keys WHERE id IN (SELECT m.id FROM ({}) AS m \
         ORDER BY m.created_at DESC, m.id DESC LIMIT ${rows}) \
         ORDER BY created_at DESC, id DESC LIMIT ${rows}",
        selected(),
        branches.join(" UNION ")
    )
}
