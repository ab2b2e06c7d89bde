//! What an entry's hash is over: every field, each with its length before it, so that no two
//! entries read as the same bytes.

use sha2::{Digest as _, Sha256};

use super::entry::EntryRow;

/// The first field; another order or set of fields takes another word.
const DOMAIN: &str = "keyway-ledger-1";
const PERSONAL_DOMAIN: &str = "keyway-personal-1";

pub(crate) fn of_entry(row: &EntryRow) -> [u8; 32] {
    let mut hasher = Sha256::new();
    field(&mut hasher, DOMAIN.as_bytes());
    field(&mut hasher, &row.seq.to_be_bytes());
    field(&mut hasher, &row.at.micros().to_be_bytes());
    match &row.organization {
        None => field(&mut hasher, b""),
        Some(id) => field(&mut hasher, id.as_bytes()),
    }
    for text in [
        &row.actor,
        &row.action,
        &row.target,
        &row.detail,
        &row.request_id,
    ] {
        field(&mut hasher, text.as_bytes());
    }
    field(&mut hasher, &row.min_reader.to_be_bytes());
    field(&mut hasher, &row.personal);
    field(&mut hasher, &row.prev_hash);
    hasher.finalize().into()
}

/// The commitment to the personal fields: without the salt, a short list of guesses would tell
/// what was erased.
pub(crate) fn of_personal(salt: &[u8], fields: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    field(&mut hasher, PERSONAL_DOMAIN.as_bytes());
    field(&mut hasher, salt);
    field(&mut hasher, fields.as_bytes());
    hasher.finalize().into()
}

fn field(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}
