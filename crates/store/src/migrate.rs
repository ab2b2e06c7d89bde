//! Brings a database to the tables that this program expects.
//!
//! Migrations are embedded, run in one transaction under a lock that all servers share, and are
//! never edited once released.

use sqlx::{AnyConnection, AssertSqlSafe, Executor as _};

use crate::engine::Engine;
use crate::location::OpenError;

/// In order; the position plus one is the number that the database remembers.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_people.sql"),
    include_str!("../migrations/0003_resources.sql"),
    include_str!("../migrations/0004_signing_keys.sql"),
    include_str!("../migrations/0005_rate_limits.sql"),
];

pub(crate) async fn migrate(
    engine: Engine,
    connection: &mut AnyConnection,
) -> Result<(), OpenError> {
    let mut tx = engine.begin_migration(connection).await?;
    tx.execute("CREATE TABLE IF NOT EXISTS migrations (number BIGINT NOT NULL PRIMARY KEY)")
        .await?;
    let found: i64 =
        sqlx::query_scalar("SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM migrations")
            .fetch_one(&mut *tx)
            .await?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for (number, text) in (1_i64..).zip(MIGRATIONS) {
        if number <= found {
            continue;
        }
        for statement in statements(text) {
            tx.execute(AssertSqlSafe(engine.adapt_migration(&statement)))
                .await?;
        }
        sqlx::query("INSERT INTO migrations (number) VALUES ($1)")
            .bind(number)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query(
        "INSERT INTO ledger_head (id, seq, hash) VALUES (1, 0, $1) ON CONFLICT (id) DO NOTHING",
    )
    .bind(vec![0_u8; 32])
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The statements of a file, without its comments.
fn statements(text: &str) -> Vec<String> {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    let code = code.join("\n");
    code.split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_at_its_semicolons_and_loses_its_comments() {
        let cut = statements("-- a; b\nCREATE x;\n\nCREATE y\n  z;\n");
        assert_eq!(cut, ["CREATE x", "CREATE y\n  z"]);
    }
}
