//! From a key's id to its digest, for tokens, which name their key by its id. Only a profile that
//! issues tokens needs this, and only then is it filled.

use std::collections::HashMap;

use keyway_token::digest::Digest;
use parking_lot::RwLock;

/// So many that one part growing keeps few waiting.
const PARTS: usize = 256;

type Part = RwLock<HashMap<Box<str>, Digest>>;

#[derive(Debug)]
pub(crate) struct Ids(Box<[Part]>);

impl Default for Ids {
    fn default() -> Self {
        Self(
            std::iter::repeat_with(RwLock::default)
                .take(PARTS)
                .collect(),
        )
    }
}

impl Ids {
    pub(crate) fn find(&self, id: &str) -> Option<Digest> {
        self.part(id).and_then(|it| it.read().get(id).copied())
    }

    pub(crate) fn put(&self, id: &str, digest: Digest) {
        if let Some(part) = self.part(id) {
            part.write().insert(id.into(), digest);
        }
    }

    pub(crate) fn remove(&self, id: &str) {
        if let Some(part) = self.part(id) {
            part.write().remove(id);
        }
    }

    pub(crate) fn clear(&self) {
        for part in &self.0 {
            part.write().clear();
        }
    }

    /// Ids are drawn, so their bytes alone spread them; `HashMap` keeps chosen ones apart.
    fn part(&self, id: &str) -> Option<&Part> {
        let sum = id.bytes().fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        self.0.get(sum % PARTS)
    }
}
