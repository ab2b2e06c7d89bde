//! Management keys: the credentials of the management API, alike in every deployment.
//!
//! They do not follow the profile's template. A product's key must never pass for one, nor the
//! reverse, so their prefix is reserved: [`crate::shape::Shape`] refuses a template that could begin
//! with it. A root key that an operator made by hand needs only the prefix and enough characters; no
//! checksum is asked of it.

use crate::base62::push_random;
use crate::entropy::Entropy;
use crate::secret::Secret;

/// What every management key begins with.
pub const MANAGEMENT_PREFIX: &str = "kw_mgmt_";
/// The fewest characters after the prefix.
pub const MANAGEMENT_SECRET_CHARS_MIN: usize = 40;
/// Characters drawn after the prefix when one is minted: 285 bits.
pub const MANAGEMENT_SECRET_CHARS: usize = 48;
/// The most characters of a management key, prefix included.
pub const MANAGEMENT_CHARS_MAX: usize = 256;

/// Characters of the secret that the display prefix shows, and as many in the suffix. Of the 40 that
/// even the shortest root key has, 32 stay hidden: 128 bits if somebody made it in hex.
const SHOWN_CHARS: usize = 4;

/// Whether a string has the form of a management key; says nothing of whether it is one.
pub fn is_management_shape(raw: &str) -> bool {
    raw.len() <= MANAGEMENT_CHARS_MAX
        && raw.strip_prefix(MANAGEMENT_PREFIX).is_some_and(|secret| {
            secret.len() >= MANAGEMENT_SECRET_CHARS_MIN
                && secret
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
}

/// Draws a management key.
pub fn mint_management(entropy: &mut dyn Entropy) -> Secret {
    let mut text = String::with_capacity(MANAGEMENT_PREFIX.len() + MANAGEMENT_SECRET_CHARS);
    text.push_str(MANAGEMENT_PREFIX);
    push_random(&mut text, MANAGEMENT_SECRET_CHARS, entropy);
    Secret::minted(text, MANAGEMENT_PREFIX.len())
}

/// `kw_mgmt_` and four characters, by which people tell management keys apart. Empty for a string
/// of another form.
pub fn management_display_prefix(raw: &str) -> String {
    if !is_management_shape(raw) {
        return String::new();
    }
    raw.get(..MANAGEMENT_PREFIX.len() + SHOWN_CHARS)
        .unwrap_or_default()
        .to_owned()
}

/// The last four characters. Empty for a string of another form.
pub fn management_suffix(raw: &str) -> String {
    if !is_management_shape(raw) {
        return String::new();
    }
    raw.get(raw.len() - SHOWN_CHARS..)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    #[test]
    fn a_minted_management_key_has_the_management_shape() {
        let secret = mint_management(&mut Counting(0));
        assert_eq!(
            secret.expose(),
            "kw_mgmt_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
        );
        assert!(is_management_shape(secret.expose()));
        assert_eq!(format!("{secret:?}"), "Secret(kw_mgmt_…)");
        assert_eq!(management_display_prefix(secret.expose()), "kw_mgmt_0123");
        assert_eq!(management_suffix(secret.expose()), "ijkl");
    }

    #[test]
    fn a_root_key_needs_forty_word_characters_after_the_prefix() {
        let with = |count: usize| format!("{MANAGEMENT_PREFIX}{}", "a_".repeat(count / 2));
        assert!(!is_management_shape(&with(38)));
        assert!(is_management_shape(&with(40)));
        assert!(is_management_shape(&with(248)));
        assert!(!is_management_shape(&with(250)));
        assert!(!is_management_shape(&format!("{}-", with(40))));
        assert!(!is_management_shape(&format!("{}é", with(40))));
        assert!(!is_management_shape(&format!(" {}", with(40))));
        assert!(!is_management_shape(""));
    }

    #[test]
    fn nothing_is_shown_of_what_is_no_management_key() {
        assert_eq!(management_display_prefix("kw_mgmt_short"), "");
        assert_eq!(management_suffix("kw_mgmt_short"), "");
        assert_eq!(management_suffix("é"), "");
    }
}
