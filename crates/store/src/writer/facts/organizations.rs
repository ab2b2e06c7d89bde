//! Which organizations there are, in which version, and which are suspended.

use sqlx::AnyConnection;

use super::{Asked, Facts, rows_by_text};
use crate::error::StoreError;
use crate::statement::Fields;

pub(super) async fn load(
    connection: &mut AnyConnection,
    asked: &Asked<'_>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    let select = "SELECT id, version, state FROM organizations WHERE id";
    for row in &rows_by_text(connection, select, &asked.organizations, asked.list_max).await? {
        let fields = Fields {
            row,
            table: "organizations",
            columns: &["id", "version", "state"],
        };
        let id = fields.text(0)?;
        facts.organizations.insert(id.to_owned(), fields.int(1)?);
        if fields.text(2)? == "suspended" {
            facts.suspended.insert(id.to_owned());
        }
    }
    let select = "SELECT external_id, id FROM organizations WHERE external_id";
    for row in &rows_by_text(connection, select, &asked.external_ids, asked.list_max).await? {
        let fields = Fields {
            row,
            table: "organizations",
            columns: &["external_id", "id"],
        };
        facts
            .external_ids
            .insert(fields.text(0)?.to_owned(), fields.text(1)?.to_owned());
    }
    Ok(())
}
