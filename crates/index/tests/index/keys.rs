//! Many keys, and rows in any order.

use keyway_core::decide::Reason;

use crate::sample::{an_index, key, may_read, revocation};

#[test]
fn tables_that_grew_find_every_key_and_take_every_change() {
    let index = an_index();
    let ids: Vec<String> = (0..60_000).map(|number| format!("k{number}")).collect();
    for id in &ids {
        index.apply_key(&key(id));
    }
    assert_eq!(index.key_count(), ids.len());
    for id in &ids {
        assert_eq!(may_read(&index, id), Ok(()), "{id}");
    }
    for id in &ids {
        index.apply_key(&key(id).revoke(revocation(1)).unwrap());
    }
    assert_eq!(index.key_count(), ids.len());
    for id in &ids {
        assert_eq!(may_read(&index, id), Err(Reason::Revoked), "{id}");
    }
}
