//! The rows of sessions, and what a change writes of them.

use keyway_core::id::{MemberId, PortalSessionId};
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::{Earlier, Holder, Opening, Session};
use crate::error::StoreError;
use crate::statement::{Fields, padded, places, statement};
use crate::writer::proposal::Rows;

const COLUMNS: &[&str] = &[
    "kind",
    "subject",
    "created_at",
    "seen_at",
    "expires_at",
    "member",
];

/// Writes what a change says of sessions; part of the writer's transaction.
pub(crate) async fn write(connection: &mut AnyConnection, rows: &Rows) -> Result<(), StoreError> {
    if let Some(portal) = &rows.ended_portal {
        end_portal(&mut *connection, portal).await?;
    }
    if let Some(opening) = &rows.opening {
        open(&mut *connection, opening).await?;
    }
    if !rows.left.is_empty() {
        let kept = rows.opening.as_ref().map(|it| it.session.digest);
        leave(connection, &rows.left, kept).await?;
    }
    Ok(())
}

async fn open(connection: &mut AnyConnection, opening: &Opening) -> Result<(), StoreError> {
    let session = &opening.session;
    insert(&mut *connection, session).await?;
    if let Holder::Person { here, members } = &session.holder {
        for member in members {
            sqlx::query("INSERT INTO session_members (session, member) VALUES ($1, $2)")
                .bind(session.digest.as_bytes().to_vec())
                .bind(member.as_str())
                .execute(&mut *connection)
                .await?;
        }
        if let Earlier::GoesOn(earlier) = &opening.earlier {
            carry_over(&mut *connection, earlier, &session.digest, here).await?;
        }
    }
    match opening.earlier.digest() {
        Some(earlier) => delete(connection, &earlier).await,
        None => Ok(()),
    }
}

async fn insert(connection: &mut AnyConnection, session: &Session) -> Result<(), StoreError> {
    let (kind, subject) = match &session.holder {
        Holder::Person { here, .. } => ("person", here.as_str()),
        Holder::Portal(id) => ("portal", id.as_str()),
    };
    sqlx::query(
        "INSERT INTO sessions (digest, kind, subject, created_at, seen_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(session.digest.as_bytes().to_vec())
    .bind(kind)
    .bind(subject)
    .bind(session.created_at.micros())
    .bind(session.seen_at.micros())
    .bind(session.expires_at.micros())
    .execute(connection)
    .await?;
    Ok(())
}

/// Read at this moment, so that nobody is carried over who was taken out meanwhile; and only members of
/// one address share a session.
async fn carry_over(
    connection: &mut AnyConnection,
    earlier: &Digest,
    session: &Digest,
    here: &MemberId,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO session_members (session, member) SELECT $1, proved.member \
         FROM session_members AS proved JOIN members ON members.id = proved.member \
         WHERE proved.session = $2 AND members.state = 'active' \
         AND members.email_folded = (SELECT email_folded FROM members WHERE id = $3) \
         AND NOT EXISTS (SELECT 1 FROM session_members AS known WHERE known.session = $1 \
         AND known.member = proved.member)",
    )
    .bind(session.as_bytes().to_vec())
    .bind(earlier.as_bytes().to_vec())
    .bind(here.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes memberships out of every session but one. A session that has no other ends.
async fn leave(
    connection: &mut AnyConnection,
    members: &[MemberId],
    kept: Option<Digest>,
) -> Result<(), StoreError> {
    let list = places(2, members.len());
    let ended = format!(
        "DELETE FROM sessions WHERE digest <> $1 AND digest IN (SELECT session \
         FROM session_members WHERE member IN ({list})) AND NOT EXISTS (SELECT 1 \
         FROM session_members AS other WHERE other.session = sessions.digest \
         AND other.member NOT IN ({list}))"
    );
    let left = format!("DELETE FROM session_members WHERE session <> $1 AND member IN ({list})");
    for sql in [ended, left] {
        let kept = kept.map_or_else(Vec::new, |it| it.as_bytes().to_vec());
        let mut query = statement(&sql).bind(kept);
        for member in padded(members) {
            query = query.bind(member.as_str());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn end_portal(
    connection: &mut AnyConnection,
    portal: &PortalSessionId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE subject = $1 AND kind = 'portal'")
        .bind(portal.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete(
    connection: &mut AnyConnection,
    digest: &Digest,
) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM sessions WHERE digest = $1",
        "DELETE FROM session_members WHERE session = $1",
    ] {
        sqlx::query(sql)
            .bind(digest.as_bytes().to_vec())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn find(
    connection: &mut AnyConnection,
    digest: &Digest,
) -> Result<Option<Session>, StoreError> {
    let rows = sqlx::query(
        "SELECT kind, subject, created_at, seen_at, expires_at, member FROM sessions \
         LEFT JOIN session_members ON session = digest WHERE digest = $1 ORDER BY member",
    )
    .bind(digest.as_bytes().to_vec())
    .fetch_all(connection)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let fields = fields(first);
    let holder = match fields.text(0)? {
        "person" => Holder::Person {
            here: fields.parse(1)?,
            members: members(&rows)?,
        },
        "portal" => Holder::Portal(fields.parse(1)?),
        other => return Err(fields.impossible(0, &format!("{other} is no kind"))),
    };
    Ok(Some(Session {
        digest: *digest,
        holder,
        created_at: Timestamp::from_micros(fields.int(2)?),
        seen_at: Timestamp::from_micros(fields.int(3)?),
        expires_at: Timestamp::from_micros(fields.int(4)?),
    }))
}

fn members(rows: &[AnyRow]) -> Result<Vec<MemberId>, StoreError> {
    let mut members = Vec::with_capacity(rows.len());
    for row in rows {
        members.extend(fields(row).parse_or_null(5)?);
    }
    Ok(members)
}

fn fields(row: &AnyRow) -> Fields<'_> {
    Fields {
        row,
        table: "sessions",
        columns: COLUMNS,
    }
}
