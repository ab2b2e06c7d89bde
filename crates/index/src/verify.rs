//! The question, from a presented string to a verdict. No look-up for a string that is no key, no
//! lock held beyond one shard's read, no allocation that the answer does not need.

use std::sync::Arc;

use arc_swap::Guard;
use keyway_core::decide::{Ask, Cause, Creator, KeyFacts, Reason, Verdict, decide};
use keyway_core::id::{KeyId, ProjectId};
use keyway_core::key::Lifetime;
use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_core::network::IpRules;
use keyway_core::profile::Roles;
use keyway_core::rate_limit::{Quota, RateLimit};
use keyway_core::resource::Resource;
use keyway_core::text::Label;
use keyway_core::time::{Timestamp, Uptime};
use keyway_token::digest::Digest;

use crate::access::Access;
use crate::index::Index;
use crate::organizations::OrganizationEntry;
use crate::policy::Policy;
use crate::record::Record;
use crate::texts::Texts;

/// A string that somebody presents as a key, and what is wanted of it.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    pub unverified_secret: &'a str,
    /// The organizations whose keys the asker may know of.
    pub reach: &'a Reach,
    pub ask: &'a Ask,
    pub now: Timestamp,
    pub spend: Spend,
}

/// Whether a question is a use.
#[derive(Clone, Copy, Debug)]
pub enum Spend {
    /// Somebody asks about the key and does nothing with it: neither the limit nor its use counts it.
    Nothing,
    One(Uptime),
}

/// What is known of a key that was found, borrowed for the moment of answering.
#[derive(Debug)]
pub struct Found<'a> {
    record: &'a Record,
    texts: Texts<'a>,
    organization: &'a OrganizationEntry,
    creator: Creator<'a>,
    roles: &'a Roles,
    resource: Option<&'a Resource>,
}

/// The verdict, and what `read` made of the key, where there is one that the asker may know of.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    pub verdict: Verdict<()>,
    pub key: Option<T>,
    /// What is left to a key with a rate limit, after a use that nothing else refused.
    pub quota: Option<Quota>,
}

/// What is asked of a key that was found, however it was named.
#[derive(Clone, Copy, Debug)]
struct Question<'a> {
    /// The id that the key must have, where its holder named one beside the secret.
    client_id: Option<&'a str>,
    reach: &'a Reach,
    ask: &'a Ask,
    now: Timestamp,
    spend: Spend,
}

impl<'a> From<Presented<'a>> for Question<'a> {
    fn from(it: Presented<'a>) -> Self {
        Self {
            client_id: None,
            reach: it.reach,
            ask: it.ask,
            now: it.now,
            spend: it.spend,
        }
    }
}

impl<T> Answer<T> {
    /// Refused before any key was looked up.
    pub fn deny(reason: Reason) -> Self {
        Self {
            verdict: Verdict::Deny(reason),
            key: None,
            quota: None,
        }
    }

    pub fn undecided(cause: Cause) -> Self {
        Self {
            verdict: Verdict::Undecided(cause),
            key: None,
            quota: None,
        }
    }
}

impl Index {
    /// Decides and counts. `read` runs while a shard is held for reading: it copies what the answer
    /// needs and does nothing else.
    pub fn verify<T>(&self, it: Presented<'_>, read: impl FnOnce(&Found<'_>) -> T) -> Answer<T> {
        if let Some(cause) = self.doubt() {
            return Answer::undecided(cause);
        }
        let policy = self.policy();
        let Some(policy) = policy.as_ref() else {
            return Answer::undecided(Cause::Loading);
        };
        if policy.is_client || policy.shape.parse(it.unverified_secret).is_err() {
            return Answer::deny(Reason::Malformed);
        }
        self.look_up(&Digest::of(it.unverified_secret), it.into(), policy, read)
    }

    /// The same for a key that is two fields. A secret beside another key's id is as unknown as any.
    pub fn verify_client<T>(
        &self,
        unverified_id: &str,
        it: Presented<'_>,
        read: impl FnOnce(&Found<'_>) -> T,
    ) -> Answer<T> {
        if let Some(cause) = self.doubt() {
            return Answer::undecided(cause);
        }
        let policy = self.policy();
        let Some(policy) = policy.as_ref() else {
            return Answer::undecided(Cause::Loading);
        };
        if policy.shape.parse(it.unverified_secret).is_err() {
            return Answer::deny(Reason::Malformed);
        }
        let question = Question {
            client_id: Some(unverified_id),
            ..it.into()
        };
        self.look_up(&Digest::of(it.unverified_secret), question, policy, read)
    }

    /// The same for the key that a proved token names; the secret that is presented is the token.
    pub fn verify_proved<T>(
        &self,
        id: &KeyId,
        it: Presented<'_>,
        read: impl FnOnce(&Found<'_>) -> T,
    ) -> Answer<T> {
        if let Some(cause) = self.doubt() {
            return Answer::undecided(cause);
        }
        let policy = self.policy();
        let Some(policy) = policy.as_ref() else {
            return Answer::undecided(Cause::Loading);
        };
        match self.ids.find(id.as_str()) {
            Some(digest) => self.look_up(&digest, it.into(), policy, read),
            // As in a look-up by digest: an index that loads again has forgotten every id.
            None => match self.doubt() {
                Some(cause) => Answer::undecided(cause),
                None => Answer::deny(Reason::Invalid),
            },
        }
    }

    fn look_up<T>(
        &self,
        digest: &Digest,
        it: Question<'_>,
        policy: &Policy,
        read: impl FnOnce(&Found<'_>) -> T,
    ) -> Answer<T> {
        let (hash, shard) = self.place(digest);
        let keys = shard.keys.read();
        let Some((slot, record)) = keys.find(hash, digest) else {
            // An index that began to load again meanwhile has forgotten the key; that is no answer.
            return match self.doubt() {
                Some(cause) => Answer::undecided(cause),
                None => Answer::deny(Reason::Invalid),
            };
        };
        // Before the atomics that follow, so that memory can be fetched while they are waited for. What
        // this saves was not measured apart.
        let texts = record.texts();
        let organization = self.organizations.at(record.access.organization);
        let Some(organization) = organization.filter(|it| it.is_known()) else {
            return Answer::undecided(Cause::Loading);
        };
        let is_meant = it.client_id.is_none_or(|id| id == texts.id);
        if !is_meant || !it.reach.covers(&organization.id) {
            return Answer::deny(Reason::Invalid);
        }
        let creator = self.creator_of(record, policy);
        let found = Found {
            record,
            texts,
            organization: &organization,
            creator: creator.as_creator(&record.access, policy),
            roles: &policy.roles,
            resource: it.ask.resource.as_ref(),
        };
        let decided = decide(&found.facts(), it.ask, &policy.roles, it.now);
        // Last: what anything else refuses uses nothing up.
        let decided = decided.and_then(|()| match (record.access.rate_limit, it.spend) {
            (Some(limit), Spend::One(at)) => keys
                .spend(slot, limit, at)
                .map(Some)
                .map_err(Reason::RateLimited),
            (None, Spend::One(_)) | (_, Spend::Nothing) => Ok(None),
        });
        let key = Some(read(&found));
        let (verdict, quota) = match decided {
            Ok(quota) => {
                let is_use = !matches!(it.spend, Spend::Nothing);
                if is_use && record.count_allowed(it.now) {
                    shard.dirty.lock().push(slot);
                }
                (Verdict::Allow(()), quota)
            }
            Err(reason) => {
                Self::count_refusal(shard, slot, &reason, it.ask.ip, it.now);
                let quota = reason.quota();
                (Verdict::Deny(reason), quota)
            }
        };
        Answer {
            verdict,
            key,
            quota,
        }
    }
}

impl Index {
    /// Who stands behind a key, where it rests on that.
    fn creator_of(&self, record: &Record, policy: &Policy) -> CreatorEntry {
        let access = &record.access;
        match access.creator {
            Some(number) if access.has_inherit || policy.members.keys_follow_creator => {
                CreatorEntry::Member(self.members.at(number))
            }
            None if access.has_inherit => CreatorEntry::Nobody,
            Some(_) | None => CreatorEntry::NotNeeded,
        }
    }
}

/// The owner of what [`Creator`] borrows.
enum CreatorEntry {
    NotNeeded,
    Nobody,
    Member(Guard<Option<Arc<Member>>>),
}

impl CreatorEntry {
    fn as_creator(&self, access: &Access, policy: &Policy) -> Creator<'_> {
        let Self::Member(entry) = self else {
            return match self {
                Self::NotNeeded => Creator::NotNeeded,
                Self::Nobody | Self::Member(_) => Creator::Gone,
            };
        };
        let own = access.ceiling.as_ref();
        // Where keys stop with their creator, they stop with who was taken out of their project too.
        let is_here = |member: &Member| {
            member.is_active()
                && (!policy.members.keys_follow_creator
                    || member.bindings.hold_anything(own, &policy.roles))
        };
        match entry.as_ref().filter(|member| is_here(member)) {
            Some(member) => Creator::Member(&member.bindings),
            None => Creator::Gone,
        }
    }
}

impl Found<'_> {
    fn facts(&self) -> KeyFacts<'_> {
        let access = &*self.record.access;
        KeyFacts {
            state: access.standing,
            lifetime: self.record.lifetime(),
            is_organization_suspended: self.organization.is_suspended,
            organization: self.organization.id.as_str(),
            organization_external_id: self.organization.external_id.as_ref().map(Label::as_str),
            environment: &access.environment,
            ceiling: access.ceiling.as_ref(),
            grants: &access.grants,
            ip_rules: &access.ip_rules,
            creator: self.creator,
        }
    }

    /// Id, name and the other texts.
    pub fn texts(&self) -> Texts<'_> {
        self.texts
    }

    pub fn organization(&self) -> &OrganizationEntry {
        self.organization
    }

    pub fn project(&self) -> Option<&str> {
        self.record.access.project.as_ref().map(ProjectId::as_str)
    }

    pub fn environment(&self) -> &str {
        &self.record.access.environment
    }

    pub fn lifetime(&self) -> Lifetime {
        self.record.lifetime()
    }

    pub fn version(&self) -> i64 {
        self.record.version().into()
    }

    pub fn ip_rules(&self) -> &IpRules {
        &self.record.access.ip_rules
    }

    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.record.access.rate_limit
    }

    /// What the key may do on the resource asked about: words and role patterns, sorted.
    pub fn permissions(&self) -> Vec<String> {
        self.facts().permissions_at(self.resource, self.roles)
    }
}
