//! Management calls that were refused, in the log: who called, from where, and why (S-ASVS-16).
//!
//! The first of a kind is told at once. More of the same are counted and told as one line a sweep, so
//! that whoever floods the server does not flood its log, and no refusal goes missing.

use std::collections::HashMap;
use std::net::IpAddr;

use keyway_api::code::Code;
use keyway_core::management::ManagementPermission;
use parking_lot::Mutex;

use super::caller::Caller;
use crate::request::context::RequestContext;

/// Kinds that are told apart in one sweep; more are counted by their code alone.
const KINDS_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<Kind, u64>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    code: Code,
    /// What the caller would have needed.
    permission: Option<ManagementPermission>,
    /// None of whoever could not be told.
    who: Option<Who>,
    address: Option<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Who {
    actor: String,
    /// None of a caller of all organizations.
    organization: Option<String>,
}

impl Refusals {
    /// A call without a credential that stands.
    pub(crate) fn of_stranger(&self, code: Code, request: &RequestContext) {
        let kind = Kind {
            code,
            permission: None,
            who: None,
            address: request.address,
        };
        self.count(kind, &request.id);
    }

    /// A call by somebody who is known and may not make it.
    pub(crate) fn of_caller(
        &self,
        code: Code,
        permission: Option<ManagementPermission>,
        caller: &Caller,
    ) {
        let organization = caller.sight().organization().map(ToString::to_string);
        let who = Who {
            actor: caller.origin().actor.to_text(),
            organization,
        };
        let kind = Kind {
            code,
            permission,
            who: Some(who),
            address: caller.request.address,
        };
        self.count(kind, &caller.request.id);
    }

    fn count(&self, kind: Kind, request_id: &str) {
        let mut kinds = self.0.lock();
        if let Some(more) = kinds.get_mut(&kind) {
            *more += 1;
        } else if kinds.len() < KINDS_MAX {
            kind.tell(1, request_id);
            kinds.insert(kind, 0);
        } else {
            let rest = Kind {
                who: None,
                address: None,
                ..kind
            };
            *kinds.entry(rest).or_default() += 1;
        }
    }

    /// Tells what came since the first of each kind, and begins again.
    pub(crate) fn sweep(&self) {
        let kinds = std::mem::take(&mut *self.0.lock());
        for (kind, more) in kinds {
            if more > 0 {
                kind.tell(more, "several");
            }
        }
    }
}

impl Kind {
    fn tell(&self, calls: u64, request_id: &str) {
        let who = self.who.as_ref();
        let actor = who.map_or("nobody", |it| it.actor.as_str());
        let organization = who.map_or("none", |it| it.organization.as_deref().unwrap_or("*"));
        let address = self
            .address
            .map_or_else(|| "unknown".to_owned(), |it| it.to_string());
        let code = self.code.name();
        let permission = self.permission.map(ManagementPermission::as_str);
        tracing::info!(
            code,
            permission,
            actor,
            organization,
            address,
            calls,
            request_id,
            "a management call was refused"
        );
    }
}

#[cfg(test)]
mod tests;
