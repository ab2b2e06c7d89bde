//! Where a grant holds: everything in the organization, or a path and all below it.
//!
//! Paths match by whole segments, so `project/a` covers `project/a/workflow/w` and not
//! `project/ab`. Whatever a server between the client and us could read in two ways (empty,
//! `.`, `..`, percent-encoded segments) is refused, not normalised.

use std::fmt;
use std::str::FromStr;

use crate::id::ProjectId;

/// Longest path, in bytes.
pub const RESOURCE_BYTES_MAX: usize = 512;
/// Most segments in a path.
pub const RESOURCE_SEGMENTS_MAX: usize = 16;

/// `*`, or `project/ID` and deeper.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Everything in the organization; spelled `*`.
    All,
    Path(ResourcePath),
}

/// A resource on loan: asking for a key's own project must not copy its path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    All,
    Path(&'a ResourcePath),
}

impl Place<'_> {
    pub(crate) fn covers(self, other: Place<'_>) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Path(_), Place::All) => false,
            (Self::Path(wide), Place::Path(narrow)) => wide.covers(narrow),
        }
    }

    /// Whether it lies in `ceiling`; without one, everything does.
    pub(crate) fn is_within(self, ceiling: Option<&ResourcePath>) -> bool {
        ceiling.is_none_or(|ceiling| Place::Path(ceiling).covers(self))
    }
}

/// A path of at least two segments that begins with `project`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourcePath(Box<str>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a resource is * or project/ID and deeper: at most {RESOURCE_SEGMENTS_MAX} segments of letters, digits and . _ ~ : @ + -, none of them empty, . or .."
)]
pub struct InvalidResource;

impl ResourcePath {
    pub fn of_project(project: &ProjectId) -> Self {
        Self(format!("project/{project}").into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project segment.
    pub fn project(&self) -> &str {
        self.0.split('/').nth(1).unwrap_or_default()
    }

    /// Whether it lies inside a project and is not the project itself.
    pub fn is_inside_project(&self) -> bool {
        self.0.split('/').nth(2).is_some()
    }

    /// Whether `other` is this path or below it.
    pub fn covers(&self, other: &Self) -> bool {
        // Most questions are about the key's own project, which then need not be read.
        if std::ptr::eq(self, other) {
            return true;
        }
        match other.0.strip_prefix(&*self.0) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }
}

impl Resource {
    /// Whether `other` lies in this resource. All of an organization lies only in all of it.
    pub fn covers(&self, other: &Self) -> bool {
        self.place().covers(other.place())
    }

    pub(crate) fn place(&self) -> Place<'_> {
        match self {
            Self::All => Place::All,
            Self::Path(path) => Place::Path(path),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "*",
            Self::Path(path) => path.as_str(),
        }
    }
}

/// A path alone: `*` is none.
impl FromStr for ResourcePath {
    type Err = InvalidResource;

    fn from_str(raw: &str) -> Result<Self, InvalidResource> {
        match raw.parse()? {
            Resource::Path(path) => Ok(path),
            Resource::All => Err(InvalidResource),
        }
    }
}

impl fmt::Display for ResourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Resource {
    type Err = InvalidResource;

    fn from_str(raw: &str) -> Result<Self, InvalidResource> {
        if raw == "*" {
            return Ok(Self::All);
        }
        let is_segment = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric()
                        || matches!(byte, b'.' | b'_' | b'~' | b':' | b'@' | b'+' | b'-')
                })
        };
        let segments = raw.split('/').count();
        let is_path = raw.len() <= RESOURCE_BYTES_MAX
            && (2..=RESOURCE_SEGMENTS_MAX).contains(&segments)
            && raw.starts_with("project/")
            && raw.split('/').all(is_segment);
        if is_path {
            Ok(Self::Path(ResourcePath(raw.into())))
        } else {
            Err(InvalidResource)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(wide: &str, narrow: &str) -> bool {
        let parse = |raw: &str| raw.parse::<Resource>().unwrap();
        parse(wide).covers(&parse(narrow))
    }

    #[test]
    fn a_resource_covers_itself_and_what_lies_below() {
        assert!(covers("*", "*"));
        assert!(covers("*", "project/a"));
        assert!(covers("project/a", "project/a"));
        assert!(covers("project/a", "project/a/workflow/w"));
        assert!(!covers("project/a", "project/ab"));
        assert!(!covers("project/a/workflow/w", "project/a"));
        assert!(!covers("project/a", "*"));
    }

    #[test]
    fn a_path_that_could_be_read_in_two_ways_is_refused() {
        let deep = format!("project{}", "/a".repeat(RESOURCE_SEGMENTS_MAX));
        for raw in [
            "",
            "project",
            "project/",
            "/project/a",
            "project//a",
            "project/./a",
            "project/../b",
            "project/a%2fb",
            "project/a/",
            "Project/a",
            "workflow/a",
            "project/a b",
            "project/a\\b",
            "project/*",
            "project/é",
            "**",
            &deep,
        ] {
            assert_eq!(raw.parse::<Resource>(), Err(InvalidResource), "{raw:?}");
        }
    }
}
