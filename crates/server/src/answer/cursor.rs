//! Cursors of lists: opaque, and sealed together with the list they belong to, so that one from
//! another caller, another filter or a curious hand is refused (S-COND-08).
//!
//! The seal keeps nothing secret and opens nothing: a list is limited by what its caller may see,
//! whatever the cursor says. So its key may be derived from the deployment's first ledger entry, which
//! keeps cursors good across restarts.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keyway_api::code::Code;
use keyway_core::time::Timestamp;
use keyway_store::page::Cursor;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::answer::problem::Problem;

const SEAL_BYTES: usize = 16;
const DOMAIN: &str = "keyway-cursor-1";

#[derive(Debug)]
pub(crate) struct CursorSeal {
    key: [u8; 32],
}

impl CursorSeal {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// `list` is the route and everything else that a page depends on, without cursor and limit.
    pub(crate) fn seal<L: Serialize>(&self, list: &L, cursor: &Cursor) -> String {
        let mut bytes = cursor.created_at.micros().to_be_bytes().to_vec();
        bytes.extend_from_slice(cursor.id.as_bytes());
        let mut sealed = self.seal_of(list, &bytes).to_vec();
        sealed.extend_from_slice(&bytes);
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    pub(crate) fn open<L: Serialize>(&self, list: &L, unverified: &str) -> Result<Cursor, Problem> {
        let refused = || Problem::new(Code::CursorInvalid);
        let sealed = BASE64_URL_SAFE_NO_PAD
            .decode(unverified)
            .map_err(|_| refused())?;
        let (seal, bytes) = sealed.split_at_checked(SEAL_BYTES).ok_or_else(refused)?;
        if !bool::from(seal.ct_eq(&self.seal_of(list, bytes))) {
            return Err(refused());
        }
        let (created_at, id) = bytes.split_first_chunk::<8>().ok_or_else(refused)?;
        let id = std::str::from_utf8(id).map_err(|_| refused())?;
        let created_at = Timestamp::from_micros(i64::from_be_bytes(*created_at));
        Ok(Cursor {
            created_at,
            id: id.to_owned(),
        })
    }

    fn seal_of<L: Serialize>(&self, list: &L, bytes: &[u8]) -> [u8; SEAL_BYTES] {
        let list = serde_json::to_vec(list).unwrap_or_default();
        let mut hasher = Sha256::new();
        for part in [DOMAIN.as_bytes(), &self.key, &list, bytes] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(
            hasher
                .finalize()
                .get(..SEAL_BYTES)
                .unwrap_or(&[0; SEAL_BYTES]),
        );
        seal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_with_the_list_it_was_sealed_for() {
        let seal = CursorSeal::new([7; 32]);
        let cursor = Cursor {
            created_at: Timestamp::from_micros(9),
            id: "k1".to_owned(),
        };
        let sealed = seal.seal(&("keys", "org_a"), &cursor);
        assert_eq!(seal.open(&("keys", "org_a"), &sealed).unwrap(), cursor);
        assert!(seal.open(&("keys", "org_b"), &sealed).is_err());
        assert!(
            CursorSeal::new([8; 32])
                .open(&("keys", "org_a"), &sealed)
                .is_err()
        );
        let edited = format!("{}A", &sealed[..sealed.len() - 1]);
        assert!(seal.open(&("keys", "org_a"), &edited).is_err());
        for bad in ["", "!", "AAAA"] {
            assert!(seal.open(&("keys", "org_a"), bad).is_err(), "{bad:?}");
        }
    }
}
