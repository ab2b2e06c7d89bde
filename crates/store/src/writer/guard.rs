//! Decides, from the facts under the lock, whether a change still holds; what it adds joins the
//! facts, so that the next change of the batch is decided with it.

use keyway_core::actor::Actor;
use keyway_core::change::Change;
use keyway_core::id::KeyId;
use keyway_core::key::Key;
use keyway_core::time::Timestamp;

use super::facts::{Facts, KeyFact};
use super::people;
use super::proposal::{Proposal, counts, is_kept};
use crate::error::Refusal;

/// A place in an import, counted from 0, and why its key was left out.
pub(crate) type Dropped = Vec<(usize, Refusal)>;

/// Refuses the change as a whole, or tells which keys of an import must be left out.
pub(crate) fn decide(facts: &mut Facts, proposal: &Proposal) -> Result<Dropped, Refusal> {
    actor_stands(facts, proposal)?;
    if let Some(claim) = &proposal.call.idempotency
        && facts
            .claims
            .contains(&(claim.scope.clone(), claim.key.clone()))
    {
        return Err(Refusal::IdempotencyKeyTaken);
    }
    if let Some(in_force) = &proposal.in_force
        && in_force.profile_version != facts.profile_version
    {
        return Err(Refusal::ProfileMoved);
    }
    if let Some(profile) = &proposal.rows.profile
        && profile.version != facts.profile_version + 1
    {
        return Err(Refusal::ProfileMoved);
    }
    decide_organizations(facts, proposal)?;
    decide_projects(facts, proposal)?;
    decide_resources(facts, proposal)?;
    decide_management_keys(facts, proposal)?;
    for key in &proposal.rows.signing_keys {
        follows(
            key.version,
            facts.signing_keys.get(key.id.as_str()).copied(),
        )?;
    }
    people::decide(facts, proposal)?;
    decide_keys(facts, proposal)
}

fn actor_stands(facts: &Facts, proposal: &Proposal) -> Result<(), Refusal> {
    let has_ended = |end: Option<i64>| end.is_some_and(|end| end <= proposal.now.micros());
    let ends_itself =
        |own: &KeyId| matches!(&proposal.change, Change::KeyRevoked { id, .. } if id == own);
    let stands = match &proposal.call.origin.actor {
        Actor::System => true,
        Actor::Member { .. } | Actor::PortalSession(_) => people::actor_stands(facts, proposal),
        Actor::ManagementKey(id) => facts
            .management_keys
            .get(id.as_str())
            .is_some_and(|fact| fact.is_active && !has_ended(fact.expires_at)),
        // A key that has ended may still end itself for good (S-REVOKE-07).
        Actor::Key(id) => facts
            .keys
            .get(id.as_str())
            .is_some_and(|fact| fact.is_alive && (!has_ended(fact.expires_at) || ends_itself(id))),
        // Another version may be switched off, or hold less than was authorized.
        Actor::ActingKey {
            id,
            version,
            organization,
        } => {
            let key = facts.keys.get(id.as_str());
            let is_same = |fact: &KeyFact| fact.is_alive && fact.version == *version;
            key.is_some_and(|fact| is_same(fact) && !has_ended(fact.expires_at))
                && !facts.suspended.contains(organization.as_str())
        }
    };
    if stands {
        Ok(())
    } else {
        Err(Refusal::ActorGone)
    }
}

/// A row at version 1 must be the first; any other follows the version that is there.
pub(super) fn follows(version: i64, found: Option<i64>) -> Result<(), Refusal> {
    match found {
        None if version == 1 => Ok(()),
        Some(_) if version == 1 => Err(Refusal::IdTaken),
        Some(found) if found + 1 == version => Ok(()),
        None | Some(_) => Err(Refusal::VersionMoved),
    }
}

fn decide_organizations(facts: &Facts, proposal: &Proposal) -> Result<(), Refusal> {
    for organization in &proposal.rows.organizations {
        let id = organization.id.as_str();
        follows(organization.version, facts.organizations.get(id).copied())?;
        if let Some(external_id) = &organization.external_id
            && facts
                .external_ids
                .get(external_id.as_str())
                .is_some_and(|holder| holder != id)
        {
            return Err(Refusal::ExternalIdTaken);
        }
    }
    Ok(())
}

fn decide_projects(facts: &Facts, proposal: &Proposal) -> Result<(), Refusal> {
    for project in &proposal.rows.projects {
        if !facts
            .organizations
            .contains_key(project.organization.as_str())
        {
            return Err(Refusal::OrganizationNotFound);
        }
        if facts
            .projects
            .contains(&(project.organization.to_string(), project.id.to_string()))
        {
            return Err(Refusal::IdTaken);
        }
    }
    Ok(())
}

fn decide_resources(facts: &Facts, proposal: &Proposal) -> Result<(), Refusal> {
    for resource in &proposal.rows.resources {
        let organization = resource.organization.to_string();
        if !facts.organizations.contains_key(&organization) {
            return Err(Refusal::OrganizationNotFound);
        }
        let project = (organization.clone(), resource.path.project().to_owned());
        if !facts.projects.contains(&project) {
            return Err(Refusal::ProjectNotFound);
        }
        let found = facts
            .resources
            .get(&(organization, resource.path.to_string()));
        follows(resource.version, found.copied())?;
    }
    Ok(())
}

fn decide_management_keys(facts: &Facts, proposal: &Proposal) -> Result<(), Refusal> {
    let rows = &proposal.rows.management_keys;
    for key in rows {
        let found = facts
            .management_keys
            .get(key.id.as_str())
            .map(|fact| fact.version);
        follows(key.version, found)?;
        if key.version > 1 {
            continue;
        }
        if facts.management_digests.contains(key.digest.as_bytes()) {
            return Err(Refusal::DigestTaken);
        }
        if let Some(organization) = key.reach.organization()
            && !facts.organizations.contains_key(organization.as_str())
        {
            return Err(Refusal::OrganizationNotFound);
        }
        // Two servers that start with two root keys: the second loads again and replaces the first.
        let is_replaced = |root: &String| rows.iter().any(|row| row.id.as_str() == root);
        if key.is_root && !facts.active_roots.iter().all(is_replaced) {
            return Err(Refusal::VersionMoved);
        }
    }
    Ok(())
}

fn decide_keys(facts: &mut Facts, proposal: &Proposal) -> Result<Dropped, Refusal> {
    let mut dropped = Dropped::new();
    let is_import = proposal.is_import();
    for (position, key) in proposal.rows.keys.iter().enumerate() {
        match decide_key(facts, key) {
            Err(refusal) if is_import => dropped.push((position, refusal)),
            Err(refusal) => return Err(refusal),
            // Keys of an import come one by one; a rotation's two keys make one sum.
            Ok(()) if is_import => match keep_limits(facts, proposal, std::slice::from_ref(key)) {
                Ok(()) => note(facts, key),
                Err(refusal) => dropped.push((position, refusal)),
            },
            Ok(()) => {}
        }
    }
    if !is_import {
        keep_limits(facts, proposal, &proposal.rows.keys)?;
        for key in &proposal.rows.keys {
            note(facts, key);
        }
    }
    Ok(dropped)
}

fn decide_key(facts: &Facts, key: &Key) -> Result<(), Refusal> {
    let found = facts.keys.get(key.id.as_str());
    if found.is_some_and(|found| key.version > 1 && found.organization != key.organization.as_str())
    {
        return Err(Refusal::KeyNotFound);
    }
    follows(key.version, found.map(|found| found.version))?;
    if key.version > 1 {
        return Ok(());
    }
    if !facts.organizations.contains_key(key.organization.as_str()) {
        return Err(Refusal::OrganizationNotFound);
    }
    if let Some(project) = &key.project
        && !facts
            .projects
            .contains(&(key.organization.to_string(), project.to_string()))
    {
        return Err(Refusal::ProjectNotFound);
    }
    if facts.digests.contains(key.digest.as_bytes()) {
        return Err(Refusal::DigestTaken);
    }
    Ok(())
}

/// What keys add to the counts of their project and of their organization.
#[derive(Clone, Copy, Default)]
struct Added {
    active: i64,
    kept: i64,
}

impl Added {
    fn of(facts: &Facts, keys: &[Key], now: Timestamp) -> Self {
        let mut added = Self::default();
        for key in keys {
            let found = facts.keys.get(key.id.as_str());
            added.active += i64::from(counts(key, now)) - i64::from(counted(found, now));
            added.kept += i64::from(is_kept(key)) - i64::from(found.is_some_and(was_kept));
        }
        added
    }
}

fn keep_limits(facts: &mut Facts, proposal: &Proposal, keys: &[Key]) -> Result<(), Refusal> {
    // All keys of one change are of one place, but for imports, which come one by one.
    let Some(first) = keys.first() else {
        return Ok(());
    };
    let added = Added::of(facts, keys, proposal.now);
    let organization = first.organization.to_string();
    let limits = proposal.in_force.as_ref();
    let kept = facts.kept.get(&organization).copied().unwrap_or(0) + added.kept;
    let limit = limits.and_then(|it| it.keys_per_organization);
    if added.kept > 0 && limit.is_some_and(|limit| kept > limit) {
        return Err(Refusal::LimitReached);
    }
    if let Some(project) = &first.project {
        let active = facts
            .active
            .entry((organization.clone(), project.to_string()))
            .or_insert(0);
        let limit = limits.and_then(|it| it.active_keys_per_project);
        if added.active > 0 && limit.is_some_and(|limit| *active + added.active > limit) {
            return Err(Refusal::LimitReached);
        }
        // Without a limit of its own too: a revoke makes room for what comes behind it.
        *active += added.active;
    }
    facts.kept.insert(organization, kept);
    Ok(())
}

fn counted(found: Option<&KeyFact>, now: Timestamp) -> bool {
    found.is_some_and(|found| {
        was_kept(found) && found.expires_at.is_none_or(|end| end > now.micros())
    })
}

fn was_kept(found: &KeyFact) -> bool {
    found.is_alive && !found.has_successor
}

fn note(facts: &mut Facts, key: &Key) {
    if key.version == 1 {
        facts.digests.insert(*key.digest.as_bytes());
        let fact = KeyFact {
            organization: key.organization.to_string(),
            version: 1,
            is_alive: true,
            has_successor: false,
            expires_at: None,
        };
        facts.keys.insert(key.id.to_string(), fact);
    }
}
