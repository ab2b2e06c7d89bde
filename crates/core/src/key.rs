//! The managed thing, its states and the transitions between them.
//!
//! State is an enum with its data inside, and a transition consumes the key, so that a revoked key
//! cannot be held and made active by mistake. Expired is never stored: it follows from the clock.

use keyway_token::digest::Digest;

use crate::grant::Grants;
use crate::id::{KeyId, MemberId, OrganizationId, ProjectId};
use crate::network::IpRules;
use crate::rate_limit::RateLimit;
use crate::text::{Description, Label, Metadata, Name};
use crate::time::{Span, Timestamp};

#[derive(Clone, Debug)]
pub struct Key {
    pub id: KeyId,
    pub organization: OrganizationId,
    /// A ceiling over the grants.
    pub project: Option<ProjectId>,
    pub environment: String,
    pub name: Name,
    pub description: Option<Description>,
    pub owner: Option<Label>,
    pub display_prefix: String,
    pub suffix: String,
    pub digest: Digest,
    pub grants: Grants,
    pub ip_rules: IpRules,
    /// None: as often as its user likes.
    pub rate_limit: Option<RateLimit>,
    pub metadata: Metadata,
    pub managed_by: Option<Label>,
    pub state: KeyState,
    pub lifetime: Lifetime,
    /// The key that replaces this one, after a rotation.
    pub successor: Option<KeyId>,
    pub created_at: Timestamp,
    /// See [`crate::actor::Actor::to_text`].
    pub created_by: String,
    /// Grows by one with each change; 1 when created.
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    Active,
    Inactive {
        since: Timestamp,
    },
    Revoked(Revocation),
    /// Gone from lists; the row stays so that every index learns of it.
    Deleted {
        at: Timestamp,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub at: Timestamp,
    pub by: String,
    pub reason: Option<Description>,
    /// A word of the caller's own, such as `leaked`.
    pub reason_code: Option<Label>,
}

/// How long a key lives. "Forever" is a word of its own and not an absent date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    Forever,
    /// Refused from this instant on.
    Until(Timestamp),
}

impl Lifetime {
    pub fn has_ended(self, now: Timestamp) -> bool {
        match self {
            Self::Forever => false,
            Self::Until(end) => end <= now,
        }
    }

    /// Whether it goes on after `other` has ended.
    pub fn outlasts(self, other: Self) -> bool {
        match (self, other) {
            (_, Self::Forever) => false,
            (Self::Forever, Self::Until(_)) => true,
            (Self::Until(end), Self::Until(other)) => end > other,
        }
    }

    /// The shorter of the two; a rotation never lengthens the old key's life.
    #[must_use]
    pub fn at_most(self, end: Timestamp) -> Self {
        match self {
            Self::Until(own) if own <= end => self,
            Self::Until(_) | Self::Forever => Self::Until(end),
        }
    }
}

/// What people see: the state with the clock taken into account. Revoked wins over expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    Active,
    Inactive,
    Expired,
    Revoked,
}

impl KeyStatus {
    pub const ALL: [Self; 4] = [Self::Active, Self::Inactive, Self::Expired, Self::Revoked];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Why a transition is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    #[error("the key is revoked, for good")]
    Revoked,
    #[error("the key has expired")]
    Expired,
    #[error("the key is inactive")]
    Inactive,
    #[error("the key has a successor that still works")]
    HasSuccessor,
}

impl Key {
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        match self.state {
            KeyState::Revoked(_) | KeyState::Deleted { .. } => KeyStatus::Revoked,
            _ if self.lifetime.has_ended(now) => KeyStatus::Expired,
            KeyState::Inactive { .. } => KeyStatus::Inactive,
            KeyState::Active => KeyStatus::Active,
        }
    }

    fn alive(self, now: Timestamp) -> Result<Self, TransitionError> {
        match self.status(now) {
            KeyStatus::Revoked => Err(TransitionError::Revoked),
            KeyStatus::Expired => Err(TransitionError::Expired),
            KeyStatus::Inactive | KeyStatus::Active => Ok(self),
        }
    }

    #[must_use]
    fn next(self, state: KeyState) -> Self {
        Self {
            state,
            version: self.version + 1,
            ..self
        }
    }

    /// Switches the key off until it is activated; `Ok(None)` when it is off already.
    pub fn deactivate(self, now: Timestamp) -> Result<Option<Self>, TransitionError> {
        let key = self.alive(now)?;
        match key.state {
            KeyState::Inactive { .. } => Ok(None),
            _ => Ok(Some(key.next(KeyState::Inactive { since: now }))),
        }
    }

    /// Switches the key on again; `Ok(None)` when it is on already.
    pub fn activate(self, now: Timestamp) -> Result<Option<Self>, TransitionError> {
        let key = self.alive(now)?;
        match key.state {
            KeyState::Inactive { .. } => Ok(Some(key.next(KeyState::Active))),
            _ => Ok(None),
        }
    }

    /// Ends the key for good; None when that was done before: the first time, reason and actor stay.
    pub fn revoke(self, revocation: Revocation) -> Option<Self> {
        match self.state {
            KeyState::Revoked(_) | KeyState::Deleted { .. } => None,
            KeyState::Active | KeyState::Inactive { .. } => {
                Some(self.next(KeyState::Revoked(revocation)))
            }
        }
    }

    /// Gives the key another life, at the same version; an edit has more to change.
    ///
    /// A key that was replaced never gains by it: its end was promised when it was rotated, and it
    /// no longer counts against a limit.
    pub fn live(self, lifetime: Lifetime) -> Result<Self, TransitionError> {
        match self.state {
            KeyState::Revoked(_) | KeyState::Deleted { .. } => Err(TransitionError::Revoked),
            KeyState::Active | KeyState::Inactive { .. }
                if self.successor.is_some() && lifetime.outlasts(self.lifetime) =>
            {
                Err(TransitionError::HasSuccessor)
            }
            KeyState::Active | KeyState::Inactive { .. } => Ok(Self { lifetime, ..self }),
        }
    }

    /// Takes the key out of lists, whatever its state.
    #[must_use]
    pub fn delete(self, now: Timestamp) -> Self {
        self.next(KeyState::Deleted { at: now })
    }

    /// Whoever rotates a key makes its successor. What is inherited needs a member behind it, so where
    /// none rotates the first creator stays.
    pub fn creator_of_successor(&self, by: &str) -> String {
        let needs_member = self.grants.has_inherit() && MemberId::of_actor(by).is_none();
        if needs_member {
            self.created_by.clone()
        } else {
            by.to_owned()
        }
    }

    /// Splits into the old key, which ends at `now + grace` at the latest, and its successor.
    ///
    /// A grace of zero is a revoke, not an expiry: it must not wait for anyone's clock.
    /// The store refuses when an earlier successor still lives.
    pub fn rotate(self, rotation: Rotation) -> Result<Rotated, TransitionError> {
        let now = rotation.now;
        if self.status(now) == KeyStatus::Inactive {
            return Err(TransitionError::Inactive);
        }
        let key = self.alive(now)?;
        let fresh = Self {
            id: rotation.id.clone(),
            digest: rotation.digest,
            display_prefix: rotation.display_prefix,
            suffix: rotation.suffix,
            state: KeyState::Active,
            successor: None,
            created_at: now,
            created_by: key.creator_of_successor(&rotation.by),
            version: 1,
            ..key.clone()
        };
        let outgoing = if rotation.grace == Span::ZERO {
            let revocation = Revocation {
                at: now,
                by: rotation.by,
                reason: None,
                reason_code: None,
            };
            key.next(KeyState::Revoked(revocation))
        } else {
            let lifetime = key.lifetime.at_most(now.plus(rotation.grace));
            Self {
                lifetime,
                version: key.version + 1,
                ..key
            }
        };
        Ok(Rotated {
            outgoing: Self {
                successor: Some(rotation.id),
                ..outgoing
            },
            fresh,
        })
    }
}

/// What a rotation needs from outside.
#[derive(Debug)]
pub struct Rotation {
    pub id: KeyId,
    pub digest: Digest,
    pub display_prefix: String,
    pub suffix: String,
    pub grace: Span,
    pub by: String,
    pub now: Timestamp,
}

#[derive(Debug)]
pub struct Rotated {
    pub outgoing: Key,
    pub fresh: Key,
}

#[cfg(test)]
mod tests;
