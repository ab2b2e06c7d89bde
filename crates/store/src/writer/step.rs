//! A change of one object as a function of that object, so that the writer can make it again.
//!
//! A change is made from a row that was read before the lock. If others changed the row in between,
//! loading it again and queueing again is a lottery: of a hundred callers one wins, and the one that
//! revokes may lose every time. So the writer takes the step once more, on the row that lies under
//! the lock, where nobody can move it.

use std::fmt;
use std::sync::Arc;

use keyway_core::key::Key;
use keyway_core::member::Member;
use keyway_core::organization::Organization;
use keyway_core::registered_resource::RegisteredResource;
use sqlx::AnyConnection;

use super::facts::Facts;
use super::proposal::{Proposal, Rows};
use crate::error::{Refusal, StoreError};
use crate::{keys, members, organizations, resources};

/// The change of an object as it stands; None where nothing has to be done.
pub(crate) type Step<T> = dyn Fn(&T) -> Result<Option<Proposal>, Refusal> + Send + Sync;

/// How to make a change again.
#[derive(Clone)]
pub(crate) enum Again {
    Key(Arc<Step<Key>>),
    Organization(Arc<Step<Organization>>),
    Member(Arc<Step<Member>>),
    Resource(Arc<Step<RegisteredResource>>),
}

impl fmt::Debug for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Again")
    }
}

/// What a step came to under the lock.
#[derive(Debug)]
pub(crate) enum Taken {
    /// The object had not moved: the proposal holds.
    AsProposed,
    Remade(Box<Proposal>),
    /// Others had done it; these are the rows as they stand.
    Unchanged(Box<Rows>),
    Refused(Refusal),
}

/// Takes the step again where its object has moved. There are few: each costs a query.
pub(crate) async fn take(
    connection: &mut AnyConnection,
    facts: &Facts,
    proposal: &Proposal,
) -> Result<Taken, StoreError> {
    match &proposal.again {
        Some(Again::Key(step)) => {
            let moved = proposal.rows.keys.iter().find(|key| {
                let found = facts.keys.get(key.id.as_str());
                key.version > 1 && found.is_some_and(|found| found.version + 1 != key.version)
            });
            let Some(moved) = moved else {
                return Ok(Taken::AsProposed);
            };
            let found = keys::load_by_ids(connection, &[moved.id.as_str()]).await?;
            Ok(taken(found.first(), Refusal::KeyNotFound, step, |keys| {
                Rows {
                    keys,
                    ..Rows::default()
                }
            }))
        }
        Some(Again::Organization(step)) => {
            let moved = proposal.rows.organizations.iter().find(|organization| {
                let found = facts.organizations.get(organization.id.as_str());
                found.is_some_and(|found| found + 1 != organization.version)
            });
            let Some(moved) = moved else {
                return Ok(Taken::AsProposed);
            };
            let found = organizations::load(connection, Some(&[moved.id.as_str()])).await?;
            let gone = Refusal::OrganizationNotFound;
            Ok(taken(found.first(), gone, step, |organizations| Rows {
                organizations,
                ..Rows::default()
            }))
        }
        Some(Again::Member(step)) => {
            let moved = proposal.rows.members.iter().find(|member| {
                let found = facts.people.member_version(&member.id);
                found.is_some_and(|found| found + 1 != member.version)
            });
            let Some(moved) = moved else {
                return Ok(Taken::AsProposed);
            };
            let found = members::load(connection, Some(&[moved.id.as_str()])).await?;
            let gone = Refusal::MemberNotFound;
            Ok(taken(found.first(), gone, step, |members| Rows {
                members,
                ..Rows::default()
            }))
        }
        Some(Again::Resource(step)) => {
            let mut resources = proposal.rows.resources.iter();
            let Some(moved) = resources.find(|it| has_moved(facts, it)) else {
                return Ok(Taken::AsProposed);
            };
            let found = resources::load(connection, &moved.organization, &moved.path).await?;
            let gone = Refusal::ResourceNotFound;
            Ok(taken(found.as_ref(), gone, step, |resources| Rows {
                resources,
                ..Rows::default()
            }))
        }
        None => Ok(Taken::AsProposed),
    }
}

fn has_moved(facts: &Facts, resource: &RegisteredResource) -> bool {
    let pair = (resource.organization.to_string(), resource.path.to_string());
    let found = facts.resources.get(&pair);
    found.copied().unwrap_or(0) + 1 != resource.version
}

fn taken<T: Clone>(
    found: Option<&T>,
    gone: Refusal,
    step: &Arc<Step<T>>,
    rows: impl Fn(Vec<T>) -> Rows,
) -> Taken {
    let Some(found) = found else {
        return Taken::Refused(gone);
    };
    match step(found) {
        Ok(Some(proposal)) => Taken::Remade(Box::new(proposal)),
        Ok(None) => Taken::Unchanged(Box::new(rows(vec![found.clone()]))),
        Err(refusal) => Taken::Refused(refusal),
    }
}
