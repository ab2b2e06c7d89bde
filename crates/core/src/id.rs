//! Identifiers. Each is text with a small alphabet, safe in a URL path, a header and a log line.

use std::fmt;
use std::str::FromStr;

/// Longest identifier, in bytes.
pub const ID_BYTES_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an id is 1 to {ID_BYTES_MAX} characters of A-Z a-z 0-9 . _ - and begins with a letter or digit"
)]
pub struct InvalidId;

fn is_id(raw: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    raw.len() <= ID_BYTES_MAX
        && raw
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
        && raw.bytes().all(is_word)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(raw: &str) -> Result<Self, InvalidId> {
                if is_id(raw) { Ok(Self(raw.into())) } else { Err(InvalidId) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

ids! {
    /// An organization; drawn by Keyway (`org_…`).
    OrganizationId
    /// A project; chosen by the caller or drawn (`prj_…`); unique in its organization.
    ProjectId
    /// A key; where the template has `{id}`, that part of the key string.
    KeyId
    /// A management key; drawn by Keyway (`mk_…`).
    ManagementKeyId
    /// A key that tokens are signed with; drawn by Keyway (`sig_…`).
    SigningKeyId
    /// A member; drawn by Keyway (`mem_…`).
    MemberId
    /// An invitation; drawn by Keyway (`inv_…`).
    InvitationId
    /// A portal session; drawn by Keyway (`ps_…`).
    PortalSessionId
}

impl MemberId {
    /// The member in an actor's text, if it is one: see [`crate::actor::Actor::to_text`].
    /// As in [`crate::actor::Actor::to_text`].
    pub fn to_actor(&self) -> String {
        format!("member/{self}")
    }

    pub fn of_actor(text: &str) -> Option<Self> {
        text.strip_prefix("member/")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_hide_a_path_or_a_header() {
        for raw in ["alpha", "org_4fK2", "a.b-c_d", "9"] {
            assert!(raw.parse::<ProjectId>().is_ok(), "{raw:?}");
        }
        let long = "a".repeat(ID_BYTES_MAX + 1);
        for raw in [
            "", ".", "..", "-a", "_a", "a/b", "a%2fb", "a b", "a\n", "é", &long,
        ] {
            assert_eq!(raw.parse::<ProjectId>(), Err(InvalidId), "{raw:?}");
        }
    }
}
