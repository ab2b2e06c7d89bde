//! The two engines, and everything in which they differ.
//!
//! All other files speak one SQL. What an engine needs beyond it is here: how a connection is set
//! up, how a write transaction begins, how a snapshot is read, how text is ordered by bytes.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::error::DatabaseError;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _, Transaction};

use crate::location::OpenError;

/// Longest time a statement of the writer may take or wait; a paused writer must not stop the rest.
pub(crate) const WRITE_MS_MAX: u32 = 2_000;
/// Longest wait for another process on the embedded database.
const BUSY_MS_MAX: u32 = 5_000;
/// Connections that read.
const READERS_MAX: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that a connection keeps; multi-row statements come in many lengths.
const STATEMENTS_KEPT: u32 = 512;
/// Migrations of all servers on one database wait for this; any number that nothing else uses.
const MIGRATION_LOCK: i64 = 0x6b65_7977_6179_0001;
/// Held by the one server of a database.
const SERVER_LOCK: i64 = 0x6b65_7977_6179_0002;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// An engine and where to reach it.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) engine: Engine,
    options: AnyConnectOptions,
}

impl Address {
    pub(crate) fn of_file(path: &Path) -> Result<Self, OpenError> {
        let path = path.to_str().ok_or_else(|| OpenError::Url {
            fault: "the data directory's name is not UTF-8".to_owned(),
        })?;
        // The characters that a URL would read as something else.
        let escaped = path
            .replace('%', "%25")
            .replace('?', "%3F")
            .replace('#', "%23");
        let options = format!("sqlite://{escaped}?mode=rwc").parse()?;
        Ok(Self {
            engine: Engine::Sqlite,
            options,
        })
    }

    pub(crate) fn of_url(url: &str) -> Result<Self, OpenError> {
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(OpenError::Url {
                fault: "it begins with postgres://".to_owned(),
            });
        }
        let separator = if url.contains('?') { '&' } else { '?' };
        let kept = if url.contains("statement-cache-capacity") {
            url.to_owned()
        } else {
            format!("{url}{separator}statement-cache-capacity={STATEMENTS_KEPT}")
        };
        let options = kept.parse().map_err(|_| OpenError::Url {
            // The cause could show the password.
            fault: "it cannot be read as a URL".to_owned(),
        })?;
        Ok(Self {
            engine: Engine::Postgres,
            options,
        })
    }

    /// A connection outside the pool, ready for use.
    pub(crate) async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        let mut connection = AnyConnection::connect_with(&self.options).await?;
        self.engine.set_up(&mut connection).await?;
        Ok(connection)
    }

    /// Connections for reading; they open on demand.
    pub(crate) fn pool(&self) -> AnyPool {
        let engine = self.engine;
        AnyPoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| Box::pin(engine.set_up(connection)))
            .connect_lazy_with(self.options.clone())
    }
}

impl Engine {
    async fn set_up(self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite => {
                let busy = format!("PRAGMA busy_timeout = {BUSY_MS_MAX}");
                connection.execute(AssertSqlSafe(busy)).await?;
                // A statement over many rows keeps what it overwrites until it is through; in a file
                // that doubled the writes of an import.
                connection.execute("PRAGMA temp_store = MEMORY").await?;
                connection.execute("PRAGMA journal_mode = WAL").await?;
                connection.execute("PRAGMA synchronous = FULL").await?;
                connection.execute("PRAGMA cache_size = -131072").await?;
                connection.execute("PRAGMA mmap_size = 1073741824").await?;
                // 256 MiB: with random ids, checkpoints are what a large import waits for.
                connection
                    .execute("PRAGMA wal_autocheckpoint = 65536")
                    .await?;
            }
            Self::Postgres => {
                connection.execute("SET timezone = 'UTC'").await?;
            }
        }
        Ok(())
    }

    /// Most parameters in one statement. One engine is in the same process, where a statement costs
    /// little and finding a parameter's place takes longer the more there are; the other is a round
    /// trip away.
    pub(crate) fn parameters_max(self) -> usize {
        match self {
            Self::Sqlite => 512,
            Self::Postgres => 32_768,
        }
    }

    /// Most parameters in one statement that was made by [`Self::adapt_insert`].
    pub(crate) fn inserted_max(self) -> usize {
        match self {
            Self::Sqlite => 2_048,
            Self::Postgres => self.parameters_max(),
        }
    }

    /// Adapts an insert of many rows, whose parameters stand in the order of their numbers.
    ///
    /// One engine looks each number up by its name, which took a fifth of an import. And it keeps
    /// every page that a statement changes until the statement is through, to undo it alone, which
    /// took a third: here a statement that fails is never undone alone.
    pub(crate) fn adapt_insert(self, sql: String) -> String {
        match self {
            Self::Sqlite => {
                let mut parts = sql.split('$');
                let mut plain = String::with_capacity(sql.len());
                plain.extend(
                    parts
                        .next()
                        .map(|it| it.replacen("INSERT", "INSERT OR FAIL", 1)),
                );
                for part in parts {
                    plain.push('?');
                    plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
                }
                plain
            }
            Self::Postgres => sql,
        }
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin_write(
        self,
        connection: &mut AnyConnection,
    ) -> Result<Transaction<'_, sqlx::Any>, sqlx::Error> {
        match self {
            // Not deferred: a lock that is taken late cannot be waited for.
            Self::Sqlite => connection.begin_with("BEGIN IMMEDIATE").await,
            Self::Postgres => {
                // Named, as an operator may have set another default: what is read after the lock
                // must be what is there after the lock.
                let mut tx = connection
                    .begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
                    .await?;
                // A commit that is answered before it is on disk would be told as made, and lost
                // with the machine; any stronger setting stays.
                let limits = format!(
                    "SELECT set_config('lock_timeout', '{WRITE_MS_MAX}', true), \
                     set_config('statement_timeout', '{WRITE_MS_MAX}', true), \
                     set_config('idle_in_transaction_session_timeout', '{WRITE_MS_MAX}', true), \
                     set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
                     WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)"
                );
                tx.execute(AssertSqlSafe(limits)).await?;
                Ok(tx)
            }
        }
    }

    /// Begins a transaction that reads one state of everything.
    pub(crate) async fn begin_snapshot(
        self,
        connection: &mut AnyConnection,
    ) -> Result<Transaction<'_, sqlx::Any>, sqlx::Error> {
        match self {
            Self::Sqlite => connection.begin_with("BEGIN").await,
            Self::Postgres => {
                connection
                    .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await
            }
        }
    }

    /// Begins the one transaction in which migrations run; others wait here.
    pub(crate) async fn begin_migration(
        self,
        connection: &mut AnyConnection,
    ) -> Result<Transaction<'_, sqlx::Any>, sqlx::Error> {
        match self {
            Self::Sqlite => connection.begin_with("BEGIN IMMEDIATE").await,
            Self::Postgres => {
                let mut tx = connection.begin_with("BEGIN").await?;
                let lock = format!("SELECT CAST(pg_advisory_xact_lock({MIGRATION_LOCK}) AS TEXT)");
                tx.execute(AssertSqlSafe(lock)).await?;
                Ok(tx)
            }
        }
    }

    /// Adapts one statement of a migration: text is ordered by bytes on both engines.
    pub(crate) fn adapt_migration(self, statement: &str) -> String {
        match self {
            Self::Sqlite => statement.to_owned(),
            Self::Postgres => statement.replace(" TEXT", " TEXT COLLATE \"C\""),
        }
    }

    /// Whether the trouble is the wait for others, which trying each change alone would only prolong.
    pub(crate) fn is_contention(self, error: &sqlx::Error) -> bool {
        let Some(code) = error.as_database_error().and_then(DatabaseError::code) else {
            return false;
        };
        match self {
            // Primary result code SQLITE_BUSY in the low byte.
            Self::Sqlite => code.parse::<u32>().is_ok_and(|code| code & 0xff == 5),
            // lock_not_available, query_canceled
            Self::Postgres => matches!(&*code, "55P03" | "57014"),
        }
    }

    /// Tries to become the one server of this database; true where a file lock says so instead.
    pub(crate) async fn try_server_lock(
        self,
        connection: &mut AnyConnection,
    ) -> Result<bool, sqlx::Error> {
        match self {
            Self::Sqlite => Ok(true),
            Self::Postgres => {
                sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
                    .bind(SERVER_LOCK)
                    .fetch_one(connection)
                    .await
            }
        }
    }
}
