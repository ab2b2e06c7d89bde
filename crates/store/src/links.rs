//! One-time links: each opens one thing, once. Only the digest of what stands in a link is kept.

use keyway_core::change::Change;
use keyway_core::member::Member;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use sqlx::AnyConnection;

use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, StoreError};
use crate::ledger::Committed;
use crate::statement::Fields;
use crate::writer::proposal::{Proposal, Rows};

/// What a one-time link opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    SignIn,
    Invitation,
    Portal,
}

impl LinkKind {
    const ALL: [Self; 3] = [Self::SignIn, Self::Invitation, Self::Portal];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Invitation => "invitation",
            Self::Portal => "portal",
        }
    }
}

/// A link that works once.
#[derive(Clone, Debug)]
pub struct Link {
    pub digest: Digest,
    pub kind: LinkKind,
    /// Id of a member, an invitation or a portal session.
    pub subject: String,
    pub expires_at: Timestamp,
    pub is_spent: bool,
}

/// A link on its way to be spent, and what it must have been made for: whoever holds a link for one
/// thing opens no other with it.
#[derive(Clone, Debug)]
pub(crate) struct SpentLink {
    pub(crate) digest: Digest,
    pub(crate) kind: LinkKind,
    pub(crate) subject: String,
}

/// Writes what a change says of links; part of the writer's transaction.
pub(crate) async fn write(
    connection: &mut AnyConnection,
    rows: &Rows,
    now: Timestamp,
) -> Result<(), StoreError> {
    for link in &rows.links {
        sqlx::query(
            "INSERT INTO links (digest, kind, subject, expires_at, spent_at) \
             VALUES ($1, $2, $3, $4, NULL)",
        )
        .bind(link.digest.as_bytes().to_vec())
        .bind(link.kind.as_str())
        .bind(link.subject.as_str())
        .bind(link.expires_at.micros())
        .execute(&mut *connection)
        .await?;
    }
    if let Some(link) = &rows.spent_link {
        sqlx::query("UPDATE links SET spent_at = $1 WHERE digest = $2")
            .bind(now.micros())
            .bind(link.digest.as_bytes().to_vec())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

impl Store {
    /// Makes a link by which a member signs in. Refuses with
    /// [`MemberNotFound`](crate::error::Refusal::MemberNotFound).
    pub async fn create_sign_in_link(
        &self,
        by: &Call,
        member: &Member,
        link: Link,
        now: Timestamp,
    ) -> Result<Committed<()>, ChangeError> {
        let change = Change::SignInLinkCreated {
            organization: member.organization.clone(),
            id: member.id.clone(),
        };
        let rows = Rows {
            links: vec![link],
            for_members: vec![member.id.clone()],
            ..Rows::default()
        };
        let proposal =
            Proposal::new(by, change, rows, now).personal("email", Some(member.email.as_str()));
        let head = self.commit(proposal).await?;
        Ok(Committed::new((), head))
    }

    /// A link by its digest, spent ones too.
    pub async fn find_link(&self, digest: &Digest) -> Result<Option<Link>, StoreError> {
        let row =
            sqlx::query("SELECT kind, subject, expires_at, spent_at FROM links WHERE digest = $1")
                .bind(digest.as_bytes().to_vec())
                .fetch_optional(&mut *self.reader().await?)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let columns = &["kind", "subject", "expires_at", "spent_at"];
        let fields = Fields {
            row: &row,
            table: "links",
            columns,
        };
        let word = fields.text(0)?;
        let kind = LinkKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        Ok(Some(Link {
            digest: *digest,
            kind: kind.ok_or_else(|| fields.impossible(0, &format!("{word} is no kind")))?,
            subject: fields.text(1)?.to_owned(),
            expires_at: Timestamp::from_micros(fields.int(2)?),
            is_spent: fields.int_or_null(3)?.is_some(),
        }))
    }
}
