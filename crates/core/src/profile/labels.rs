//! What a product calls the things that its people may do here: the `[permissions.labels]` table. A
//! label is shown; what a role holds is said in our own words.

use std::collections::BTreeMap;

use super::parse::{InvalidProfile, fault};
use crate::management::ManagementPermission;

const KEY: &str = "permissions.labels";
/// Longest label, in bytes.
const LABEL_BYTES_MAX: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<ManagementPermission, String>);

impl Labels {
    pub(super) fn read(table: BTreeMap<String, String>) -> Result<Self, InvalidProfile> {
        let read = table.into_iter().map(|(word, label)| {
            let known = ManagementPermission::ALL.iter();
            let permission = known.copied().find(|it| it.as_str() == word);
            let permission = permission
                .ok_or_else(|| fault(KEY, &format!("{word} is nothing that can be done here")))?;
            if is_label(&label) {
                Ok((permission, label))
            } else {
                let rule = "a label is 1 to 100 of A-Z a-z 0-9 _ . : -";
                Err(fault(&format!("{KEY}.{word}"), rule))
            }
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    /// The product's word for a permission, or ours.
    pub fn of(&self, permission: ManagementPermission) -> &str {
        self.0
            .get(&permission)
            .map_or(permission.as_str(), String::as_str)
    }
}

/// It stands in a challenge as well, where only such letters may (RFC 6750, section 3).
fn is_label(text: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str, label: &str) -> Result<Labels, String> {
        let table = BTreeMap::from([(word.to_owned(), label.to_owned())]);
        Labels::read(table).map_err(|error| error.to_string())
    }

    #[test]
    fn a_permission_has_the_label_that_the_profile_gives_it() {
        let labels = read("keys.read", "apiKey.read").unwrap();
        assert_eq!(labels.of(ManagementPermission::KeysRead), "apiKey.read");
        assert_eq!(labels.of(ManagementPermission::KeysCreate), "keys.create");
    }

    #[test]
    fn a_label_of_nothing_and_one_that_no_header_can_hold_are_refused() {
        assert_eq!(
            read("keys.raed", "apiKey.read").unwrap_err(),
            "permissions.labels: keys.raed is nothing that can be done here"
        );
        for label in ["", "read \"keys\"", "schlüssel.lesen", &"x".repeat(101)] {
            assert_eq!(
                read("keys.read", label).unwrap_err(),
                "permissions.labels.keys.read: a label is 1 to 100 of A-Z a-z 0-9 _ . : -"
            );
        }
    }
}
