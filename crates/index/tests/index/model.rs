//! What verifying should say, written down a second time and as plainly as can be.

use std::collections::{BTreeMap, BTreeSet};

/// What a grant may be in these tests: a word, `role:NAME` or `*`, and where.
pub(crate) const GRANTS: [&[(&str, &str)]; 6] = [
    &[],
    &[("read", "*")],
    &[("role:editor", "*")],
    &[("write", "project/alpha"), ("read", "project/alpha/flow/f")],
    &[("*", "project/alpha")],
    &[("read", "project/beta")],
];
pub(crate) const ORGANIZATIONS: [&str; 2] = ["acme", "other"];
pub(crate) const NETWORK: &str = "203.0.113.0/24";
const INSIDE: &str = "203.0.113.9";
const OUTSIDE: &str = "198.51.100.1";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Inactive,
    Revoked,
    Deleted,
}

/// What a key may be made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Making {
    pub organization: usize,
    pub grants: usize,
    pub is_in_alpha: bool,
    pub is_test: bool,
    pub is_bound_to_network: bool,
    pub ends_at: Option<u32>,
}

#[derive(Clone, Debug)]
struct ModelKey {
    made: Making,
    state: State,
    successor: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    keys: BTreeMap<String, ModelKey>,
    suspended: BTreeSet<usize>,
    pub(crate) does_editor_read: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Question {
    pub permission: Option<&'static str>,
    pub resource: Option<&'static str>,
    pub organization: Option<&'static str>,
    pub environment: Option<&'static str>,
    pub ip: Option<&'static str>,
    pub at: u32,
}

/// Every rule is asked about, now and when everything that ends has ended.
pub(crate) fn questions() -> Vec<Question> {
    let now = Question {
        at: 200,
        ip: Some(INSIDE),
        ..Question::default()
    };
    let read = Question {
        permission: Some("read"),
        ..now
    };
    let on = |resource| Question {
        resource: Some(resource),
        ..read
    };
    vec![
        now,
        Question { ip: None, ..now },
        Question {
            ip: Some(OUTSIDE),
            ..now
        },
        read,
        Question { at: 9_000, ..read },
        Question {
            permission: Some("write"),
            ..read
        },
        Question {
            permission: Some("delete"),
            ..read
        },
        on("*"),
        on("project/alpha"),
        on("project/alpha/flow/f"),
        on("project/beta"),
        Question {
            organization: Some("other"),
            ..now
        },
        Question {
            environment: Some("live"),
            ..now
        },
    ]
}

impl Model {
    pub(crate) fn begin() -> Self {
        Self {
            keys: BTreeMap::new(),
            suspended: BTreeSet::new(),
            does_editor_read: true,
        }
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    pub(crate) fn has_ended_for_good(&self, id: &str) -> bool {
        let key = self.keys.get(id);
        key.is_some_and(|key| matches!(key.state, State::Revoked | State::Deleted))
    }

    pub(crate) fn create(&mut self, id: &str, made: Making) {
        let key = ModelKey {
            made,
            state: State::Active,
            successor: None,
        };
        self.keys.insert(id.to_owned(), key);
    }

    pub(crate) fn suspend(&mut self, organization: usize, is_suspended: bool) {
        if is_suspended {
            self.suspended.insert(organization);
        } else {
            self.suspended.remove(&organization);
        }
    }

    /// Each step tells whether it is allowed.
    pub(crate) fn edit(&mut self, id: &str, made: Making) -> bool {
        let key = self.key(id);
        let is_dead = matches!(key.state, State::Revoked | State::Deleted);
        let longer = match (made.ends_at, key.made.ends_at) {
            (None, Some(_)) => true,
            (Some(end), Some(before)) => end > before,
            (_, None) => false,
        };
        if is_dead || (key.successor.is_some() && longer) {
            return false;
        }
        key.made.grants = made.grants;
        key.made.is_bound_to_network = made.is_bound_to_network;
        key.made.ends_at = made.ends_at;
        true
    }

    pub(crate) fn switch(&mut self, id: &str, to: State, now: u32) -> bool {
        let key = self.key(id);
        let is_allowed = match to {
            State::Active | State::Inactive => key.is_alive(now),
            State::Revoked | State::Deleted => key.state != State::Deleted,
        };
        let is_terminal = key.state == State::Revoked && to == State::Revoked;
        if is_allowed && !is_terminal {
            key.state = to;
        }
        is_allowed
    }

    pub(crate) fn rotate(&mut self, id: &str, fresh: &str, grace: u32, now: u32) -> bool {
        let key = self.key(id).clone();
        let successor = key.successor.as_ref().and_then(|id| self.keys.get(id));
        let is_replaced = successor.is_some_and(|successor| successor.is_alive(now));
        if !key.is_alive(now) || key.state == State::Inactive || is_replaced {
            return false;
        }
        self.create(fresh, key.made);
        let key = self.key(id);
        key.successor = Some(fresh.to_owned());
        if grace == 0 {
            key.state = State::Revoked;
        } else {
            let end = now + grace;
            key.made.ends_at = Some(key.made.ends_at.map_or(end, |own| own.min(end)));
        }
        true
    }

    fn key(&mut self, id: &str) -> &mut ModelKey {
        self.keys.get_mut(id).unwrap()
    }

    /// `valid`, or the reason why not.
    pub(crate) fn answer(&self, id: &str, asked: &Question) -> &'static str {
        let Some(key) = self.keys.get(id) else {
            return "api_key_invalid";
        };
        let (made, name) = (key.made, ORGANIZATIONS[key.made.organization]);
        let is_expired = made.ends_at.is_some_and(|end| end <= asked.at);
        let is_off = key.state == State::Inactive || self.suspended.contains(&made.organization);
        let environment = if made.is_test { "test" } else { "live" };
        if key.state == State::Deleted {
            "api_key_invalid"
        } else if key.state == State::Revoked {
            "api_key_revoked"
        } else if is_expired {
            "api_key_expired"
        } else if is_off {
            "api_key_inactive"
        } else if made.is_bound_to_network && asked.ip != Some(INSIDE) {
            "ip_not_allowed"
        } else if asked.environment.is_some_and(|it| it != environment) {
            "environment_mismatch"
        } else if asked.organization.is_some_and(|it| it != name) {
            "out_of_scope"
        } else {
            self.answer_by_grants(made, asked)
        }
    }

    fn answer_by_grants(&self, made: Making, asked: &Question) -> &'static str {
        if asked.permission.is_none() && asked.resource.is_none() {
            return "valid";
        }
        let own = if made.is_in_alpha {
            "project/alpha"
        } else {
            "*"
        };
        let place = asked.resource.unwrap_or(own);
        let grants = GRANTS[made.grants];
        let may_be_there = covers(own, place);
        let reaching: Vec<_> = grants
            .iter()
            .filter(|(_, resource)| may_be_there && covers(resource, place))
            .collect();
        let is_allowed = reaching.iter().any(|(what, _)| match *what {
            "*" => true,
            "role:editor" if asked.permission == Some("read") => self.does_editor_read,
            "role:editor" => asked.permission == Some("write"),
            word => asked.permission == Some(word),
        });
        if reaching.is_empty() && !(grants.is_empty() && may_be_there && asked.permission.is_some())
        {
            "out_of_scope"
        } else if is_allowed {
            "valid"
        } else {
            "insufficient_permissions"
        }
    }
}

impl ModelKey {
    fn is_alive(&self, now: u32) -> bool {
        let is_expired = self.made.ends_at.is_some_and(|end| end <= now);
        matches!(self.state, State::Active | State::Inactive) && !is_expired
    }
}

fn covers(wide: &str, narrow: &str) -> bool {
    wide == "*" || wide == narrow || narrow.starts_with(&format!("{wide}/"))
}
