//! Taking over from the server before: it may have gone without a word, and may still answer.
//!
//! A lock that ends with its process needs no word. A lock that is a session of the database ends with
//! the session, and whoever held it may live on behind a broken network, answering from memory for as
//! long as its lease lets it. So a server leaves its name when it begins and takes it away when it ends
//! well; a name that is still there tells the next one to wait before it calls a change in force.

use crate::Store;
use crate::error::StoreError;

/// What is known of the server before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predecessor {
    /// There was none, it ended well, it was this one, or its lock proves that it is gone.
    Gone,
    /// It left no word, and may still answer from memory.
    Lost,
}

impl Store {
    /// Leaves `name` as the server that answers, and tells what is known of the one before. Only for
    /// whoever holds the server lock.
    pub async fn take_over(&self, name: &str) -> Result<Predecessor, StoreError> {
        if self.lock.ends_with_process() {
            return Ok(Predecessor::Gone);
        }
        let mut connection = self.reader().await?;
        let before: Option<String> = sqlx::query_scalar("SELECT name FROM server WHERE id = 1")
            .fetch_optional(&mut *connection)
            .await?;
        sqlx::query(
            "INSERT INTO server (id, name) VALUES (1, $1) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        )
        .bind(name)
        .execute(&mut *connection)
        .await?;
        Ok(match before {
            Some(before) if !before.is_empty() && before != name => Predecessor::Lost,
            Some(_) | None => Predecessor::Gone,
        })
    }

    /// Takes the name away: whoever comes next need not wait. Only once this server answers no more.
    pub async fn say_goodbye(&self, name: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE server SET name = '' WHERE id = 1 AND name = $1")
            .bind(name)
            .execute(&mut *self.reader().await?)
            .await?;
        Ok(())
    }
}
