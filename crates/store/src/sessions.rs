//! Ways in: one-time links, passwords and the sessions they open.
//!
//! Only digests of what a person holds are kept. Opening a session is a change like any other, so that
//! each sign-in is in the ledger; noting that a session was seen is not.

use keyway_core::change::Change;
use keyway_core::id::OrganizationId;
use keyway_core::invitation::Invitation;
use keyway_core::member::Member;
use keyway_core::portal::{PortalSession, PortalSessionState};
use keyway_core::text::Email;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use sqlx::AnyConnection;

use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
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

/// Whom a cookie stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// The subject is a folded e-mail address.
    Person,
    /// The subject is the id of a portal session.
    Portal,
}

impl SessionKind {
    const ALL: [Self; 2] = [Self::Person, Self::Portal];

    fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Portal => "portal",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Session {
    pub digest: Digest,
    pub kind: SessionKind,
    pub subject: String,
    /// Where the person is now; somebody who is a member of several switches between them.
    pub organization: OrganizationId,
    pub created_at: Timestamp,
    /// When it was last used; behind by a minute at most.
    pub seen_at: Timestamp,
    /// It ends here, however much it is used.
    pub expires_at: Timestamp,
}

/// All sessions of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionsOf {
    kind: SessionKind,
    subject: String,
}

impl SessionsOf {
    pub(crate) fn person(email: &Email) -> Self {
        Self {
            kind: SessionKind::Person,
            subject: email.folded(),
        }
    }

    pub(crate) fn portal(session: &PortalSession) -> Self {
        Self {
            kind: SessionKind::Portal,
            subject: session.id.to_string(),
        }
    }
}

/// A person's password, as a hash that is slow to try.
#[derive(Clone, Debug)]
pub(crate) struct PasswordRow {
    pub(crate) person: String,
    pub(crate) hash: String,
}

/// Writes what a change says of links, sessions and passwords; part of the writer's transaction.
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
    for ended in &rows.ended_sessions {
        sqlx::query("DELETE FROM sessions WHERE subject = $1 AND kind = $2")
            .bind(ended.subject.as_str())
            .bind(ended.kind.as_str())
            .execute(&mut *connection)
            .await?;
    }
    if let Some(password) = &rows.password {
        sqlx::query(
            "INSERT INTO passwords (person, hash, changed_at) VALUES ($1, $2, $3) \
             ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, \
             changed_at = excluded.changed_at",
        )
        .bind(password.person.as_str())
        .bind(password.hash.as_str())
        .bind(now.micros())
        .execute(&mut *connection)
        .await?;
    }
    if let Some(session) = &rows.session {
        insert(connection, session).await?;
    }
    Ok(())
}

async fn insert(connection: &mut AnyConnection, session: &Session) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sessions (digest, kind, subject, organization, created_at, seen_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(session.digest.as_bytes().to_vec())
    .bind(session.kind.as_str())
    .bind(session.subject.as_str())
    .bind(session.organization.as_str())
    .bind(session.created_at.micros())
    .bind(session.seen_at.micros())
    .bind(session.expires_at.micros())
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// Makes a link by which a member signs in. Refuses with [`Refusal::MemberNotFound`].
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
            for_member: Some(member.id.clone()),
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

    /// Opens a session of a member's person. With a link, that is spent; spent before, or too old,
    /// it refuses with [`Refusal::LinkDead`]; when the member is gone, with
    /// [`Refusal::MemberNotFound`].
    pub async fn sign_in(
        &self,
        by: &Call,
        member: &Member,
        link: Option<&Digest>,
        session: Session,
        now: Timestamp,
    ) -> Result<Committed<Session>, ChangeError> {
        let change = Change::MemberSignedIn {
            organization: member.organization.clone(),
            id: member.id.clone(),
        };
        let rows = Rows {
            spent_link: link.map(|digest| SpentLink {
                digest: *digest,
                kind: LinkKind::SignIn,
                subject: member.id.to_string(),
            }),
            for_member: Some(member.id.clone()),
            session: Some(session.clone()),
            ..Rows::default()
        };
        let way = if link.is_some() { "link" } else { "credential" };
        let proposal = Proposal::new(by, change, rows, now)
            .personal("email", Some(member.email.as_str()))
            .detail("way", way);
        let head = self.commit(proposal).await?;
        Ok(Committed::new(session, head))
    }

    /// Makes a member of whoever opens an invitation, and opens a session. Refuses with
    /// [`Refusal::LinkDead`] and [`Refusal::EmailTaken`].
    pub async fn accept_invitation(
        &self,
        by: &Call,
        accepted: Invitation,
        member: Member,
        link: &Digest,
        session: Session,
        now: Timestamp,
    ) -> Result<Committed<Member>, ChangeError> {
        let change = Change::InvitationAccepted {
            organization: accepted.organization.clone(),
            id: accepted.id.clone(),
            member: member.id.clone(),
        };
        let spent_link = SpentLink {
            digest: *link,
            kind: LinkKind::Invitation,
            subject: accepted.id.to_string(),
        };
        let rows = Rows {
            members: vec![member.clone()],
            invitations: vec![accepted],
            spent_link: Some(spent_link),
            session: Some(session),
            ..Rows::default()
        };
        let proposal = Proposal::new(by, change, rows, now)
            .personal("email", Some(member.email.as_str()))
            .personal("name", Some(member.name.as_str()))
            .detail("role", member.bindings.organization.as_str());
        let head = self.commit(proposal).await?;
        Ok(Committed::new(member, head))
    }

    /// Opens a portal session by its link. Refuses with [`Refusal::LinkDead`].
    pub async fn open_portal_session(
        &self,
        by: &Call,
        portal: PortalSession,
        link: &Digest,
        session: Session,
        now: Timestamp,
    ) -> Result<Committed<PortalSession>, ChangeError> {
        if !portal.stands(now) {
            return Err(self.refuse(Refusal::LinkDead).await);
        }
        let opened = PortalSession {
            state: PortalSessionState::Open { since: now },
            version: portal.version + 1,
            ..portal
        };
        let change = Change::PortalSessionOpened {
            organization: opened.organization.clone(),
            id: opened.id.clone(),
        };
        let spent_link = SpentLink {
            digest: *link,
            kind: LinkKind::Portal,
            subject: opened.id.to_string(),
        };
        let rows = Rows {
            portal_sessions: vec![opened.clone()],
            spent_link: Some(spent_link),
            session: Some(session),
            ..Rows::default()
        };
        let head = self.commit(Proposal::new(by, change, rows, now)).await?;
        Ok(Committed::new(opened, head))
    }

    /// Sets a person's password and ends all of their sessions. Refuses with
    /// [`Refusal::MemberNotFound`].
    pub async fn set_password(
        &self,
        by: &Call,
        member: &Member,
        hash: &str,
        now: Timestamp,
    ) -> Result<Committed<()>, ChangeError> {
        let change = Change::PasswordSet {
            organization: member.organization.clone(),
            id: member.id.clone(),
        };
        let rows = Rows {
            password: Some(PasswordRow {
                person: member.email.folded(),
                hash: hash.to_owned(),
            }),
            ended_sessions: vec![SessionsOf::person(&member.email)],
            for_member: Some(member.id.clone()),
            ..Rows::default()
        };
        let head = self.commit(Proposal::new(by, change, rows, now)).await?;
        Ok(Committed::new((), head))
    }

    /// The hash of a person's password; the address in its folded form.
    pub async fn find_password(&self, person: &str) -> Result<Option<String>, StoreError> {
        let hash = sqlx::query_scalar("SELECT hash FROM passwords WHERE person = $1")
            .bind(person)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        Ok(hash)
    }

    pub async fn find_session(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(
            "SELECT kind, subject, organization, created_at, seen_at, expires_at FROM sessions \
             WHERE digest = $1",
        )
        .bind(digest.as_bytes().to_vec())
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let columns = &[
            "kind",
            "subject",
            "organization",
            "created_at",
            "seen_at",
            "expires_at",
        ];
        let fields = Fields {
            row: &row,
            table: "sessions",
            columns,
        };
        let word = fields.text(0)?;
        let kind = SessionKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word);
        Ok(Some(Session {
            digest: *digest,
            kind: kind.ok_or_else(|| fields.impossible(0, &format!("{word} is no kind")))?,
            subject: fields.text(1)?.to_owned(),
            organization: fields.parse(2)?,
            created_at: Timestamp::from_micros(fields.int(3)?),
            seen_at: Timestamp::from_micros(fields.int(4)?),
            expires_at: Timestamp::from_micros(fields.int(5)?),
        }))
    }

    /// Takes a session to another organization of its person.
    pub async fn switch_session(
        &self,
        digest: &Digest,
        organization: &OrganizationId,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET organization = $1 WHERE digest = $2")
            .bind(organization.as_str())
            .bind(digest.as_bytes().to_vec())
            .execute(&mut *self.reader().await?)
            .await?;
        Ok(())
    }

    /// Notes that a session is in use.
    pub async fn touch_session(&self, digest: &Digest, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET seen_at = $1 WHERE digest = $2")
            .bind(now.micros())
            .bind(digest.as_bytes().to_vec())
            .execute(&mut *self.reader().await?)
            .await?;
        Ok(())
    }

    /// Ends one session: its cookie opens nothing any more.
    pub async fn end_session(&self, digest: &Digest) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE digest = $1")
            .bind(digest.as_bytes().to_vec())
            .execute(&mut *self.reader().await?)
            .await?;
        Ok(())
    }

    /// Forgets sessions that ended and links whose time is over.
    pub async fn delete_ended_before(&self, before: Timestamp) -> Result<(), StoreError> {
        let mut connection = self.reader().await?;
        for sql in [
            "DELETE FROM sessions WHERE expires_at < $1",
            "DELETE FROM links WHERE expires_at < $1",
        ] {
            sqlx::query(sql)
                .bind(before.micros())
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}
