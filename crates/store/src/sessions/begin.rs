//! How sessions begin and end: by a proof of memberships, an invitation, a portal's link; everywhere
//! at once.

use keyway_core::change::Change;
use keyway_core::id::MemberId;
use keyway_core::invitation::Invitation;
use keyway_core::member::Member;
use keyway_core::portal::{PortalSession, PortalSessionState};
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;

use super::{Holder, Opening, Proof, Session};
use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, Refusal};
use crate::ledger::Committed;
use crate::links::{LinkKind, SpentLink};
use crate::writer::proposal::{Proposal, Rows};

impl Session {
    fn members(&self) -> &[MemberId] {
        match &self.holder {
            Holder::Person { members, .. } => members,
            Holder::Portal(_) => &[],
        }
    }
}

impl Store {
    /// Begins a session for the memberships that it names, all of which have to stand; `member` is the
    /// one as which the person comes in. Refuses with [`Refusal::MemberNotFound`], with
    /// [`Refusal::LinkDead`] for a link that was spent, is too old or was made for something else, and
    /// with [`Refusal::PasswordMoved`] where a password is not the one that was tried any more.
    pub async fn begin_session(
        &self,
        by: &Call,
        member: &Member,
        proof: Proof,
        opening: Opening,
        now: Timestamp,
    ) -> Result<Committed<()>, ChangeError> {
        let change = Change::MemberSignedIn {
            organization: member.organization.clone(),
            id: member.id.clone(),
        };
        let way = proof.as_str();
        let mut rows = Rows {
            for_members: opening.session.members().to_vec(),
            opening: Some(opening),
            ..Rows::default()
        };
        match proof {
            Proof::Link(digest) => {
                rows.spent_link = Some(SpentLink {
                    digest,
                    kind: LinkKind::SignIn,
                    subject: member.id.to_string(),
                });
            }
            Proof::Passwords(passwords) => rows.known_passwords = passwords,
            Proof::Address => {}
        }
        let proposal = Proposal::new(by, change, rows, now)
            .personal("email", Some(member.email.as_str()))
            .detail("way", way);
        let head = self.commit(proposal).await?;
        Ok(Committed::new((), head))
    }

    /// Makes a member of whoever opens an invitation, and begins a session. Refuses with
    /// [`Refusal::LinkDead`] and [`Refusal::EmailTaken`].
    pub async fn accept_invitation(
        &self,
        by: &Call,
        accepted: Invitation,
        member: Member,
        link: &Digest,
        opening: Opening,
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
            opening: Some(opening),
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
        opening: Opening,
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
            opening: Some(opening),
            ..Rows::default()
        };
        let head = self.commit(Proposal::new(by, change, rows, now)).await?;
        Ok(Committed::new(opened, head))
    }

    /// Signs a person out of memberships, in every session on every machine. What such a session has
    /// proved beside them stays: an organization signs nobody out of another one.
    pub async fn end_sessions(
        &self,
        by: &Call,
        member: &Member,
        memberships: &[MemberId],
        now: Timestamp,
    ) -> Result<Committed<()>, ChangeError> {
        let change = Change::MemberSignedOut {
            organization: member.organization.clone(),
            id: member.id.clone(),
        };
        let rows = Rows {
            left: memberships.to_vec(),
            ..Rows::default()
        };
        let head = self.commit(Proposal::new(by, change, rows, now)).await?;
        Ok(Committed::new((), head))
    }
}
