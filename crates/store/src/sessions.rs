//! Sessions: whom a cookie stands for.
//!
//! A session of a person proves *memberships*, not an address: each was proved by a link made for it,
//! by its password, or by somebody who vouches for the whole address. Anybody may enter any address in
//! an organization of their own, so one membership says nothing about another.
//!
//! Only the digest of the cookie is kept. Opening a session is a change like any other, so that each
//! sign-in is in the ledger; noting that a session was seen is not.

mod begin;
mod rows;

use keyway_core::id::{MemberId, PortalSessionId};
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;

use crate::Store;
use crate::error::StoreError;
use crate::passwords::Password;

pub(crate) use self::rows::write;

/// Whom a cookie stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A person, in the memberships that were proved to be theirs.
    Person {
        /// As whom they are here now; somebody with several memberships switches between them.
        here: MemberId,
        members: Vec<MemberId>,
    },
    /// A product's customer.
    Portal(PortalSessionId),
}

#[derive(Clone, Debug)]
pub struct Session {
    pub digest: Digest,
    pub holder: Holder,
    pub created_at: Timestamp,
    /// When it was last used; behind by a minute at most.
    pub seen_at: Timestamp,
    /// It ends here, however much it is used.
    pub expires_at: Timestamp,
}

/// What becomes of the session that a browser had before.
#[derive(Clone, Copy, Debug)]
pub enum Earlier {
    /// There was none.
    Nothing,
    Ends(Digest),
    /// It ends too, for nobody must hold the cookie of what comes; but the memberships that it has
    /// proved, if they are of the same address, are proved in the new session as well.
    GoesOn(Digest),
}

impl Earlier {
    pub(crate) fn digest(self) -> Option<Digest> {
        match self {
            Self::Nothing => None,
            Self::Ends(digest) | Self::GoesOn(digest) => Some(digest),
        }
    }
}

/// A session on its way in.
#[derive(Clone, Debug)]
pub struct Opening {
    pub session: Session,
    pub earlier: Earlier,
}

/// How somebody proved the memberships of a session that begins.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A sign-in link, which is spent. It proves the one membership that it was made for.
    Link(Digest),
    /// What they typed is the password of these memberships.
    Passwords(Vec<Password>),
    /// Somebody whom the deployment trusts vouches for the address, and so for every membership
    /// under it.
    Address,
}

impl Proof {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Passwords(_) => "password",
            Self::Address => "address",
        }
    }
}

impl Store {
    /// Takes a session of a person to another of its memberships; to any other it does not go.
    pub async fn switch_session(
        &self,
        digest: &Digest,
        member: &MemberId,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE sessions SET subject = $1 WHERE digest = $2 AND EXISTS (SELECT 1 \
             FROM session_members WHERE session = $2 AND member = $1)",
        )
        .bind(member.as_str())
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
        rows::delete(&mut *self.reader().await?, digest).await
    }

    pub async fn find_session(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        rows::find(&mut *self.reader().await?, digest).await
    }

    /// Forgets sessions that ended and links whose time is over.
    pub async fn delete_ended_before(&self, before: Timestamp) -> Result<(), StoreError> {
        let mut connection = self.reader().await?;
        for sql in [
            "DELETE FROM session_members WHERE session IN (SELECT digest FROM sessions \
             WHERE expires_at < $1)",
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
