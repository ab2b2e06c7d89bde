//! Resources that a product told us of, so that people choose what a key reaches by its name.

use crate::id::OrganizationId;
use crate::resource::ResourcePath;
use crate::text::Name;
use crate::time::Timestamp;

/// A path inside a project and what the product calls it. Grants reach any path, told or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredResource {
    pub organization: OrganizationId,
    /// Unique in its organization.
    pub path: ResourcePath,
    pub name: Name,
    pub created_at: Timestamp,
    /// Gone since then. The row stays, so that one who comes again has a version that is new.
    pub removed_at: Option<Timestamp>,
    pub version: i64,
}

impl RegisteredResource {
    /// None when it is there and has this name already.
    pub fn named(self, name: &Name, now: Timestamp) -> Option<Self> {
        if self.removed_at.is_none() && self.name == *name {
            return None;
        }
        let created_at = self.removed_at.map_or(self.created_at, |_| now);
        Some(Self {
            name: name.clone(),
            created_at,
            removed_at: None,
            version: self.version + 1,
            ..self
        })
    }

    /// None when it is gone already.
    pub fn remove(self, now: Timestamp) -> Option<Self> {
        if self.removed_at.is_some() {
            return None;
        }
        Some(Self {
            removed_at: Some(now),
            version: self.version + 1,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_that_comes_again_goes_on_counting_its_versions() {
        let at = Timestamp::from_micros;
        let name = |raw: &str| raw.parse::<Name>().unwrap();
        let first = RegisteredResource {
            organization: "org_1".parse().unwrap(),
            path: "project/a/workflow/w".parse().unwrap(),
            name: name("Mail"),
            created_at: at(1),
            removed_at: None,
            version: 1,
        };
        assert_eq!(first.clone().named(&name("Mail"), at(2)), None);
        let renamed = first.named(&name("Post"), at(2)).unwrap();
        assert_eq!((renamed.version, renamed.created_at), (2, at(1)));
        let gone = renamed.remove(at(3)).unwrap();
        assert_eq!((gone.version, gone.removed_at), (3, Some(at(3))));
        assert_eq!(gone.clone().remove(at(4)), None);
        let back = gone.named(&name("Post"), at(5)).unwrap();
        assert_eq!(
            (back.version, back.created_at, back.removed_at),
            (4, at(5), None)
        );
    }
}
