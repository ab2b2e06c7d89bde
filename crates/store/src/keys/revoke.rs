//! Revoking: one key, or many at once. For good.

use std::collections::HashMap;

use keyway_core::change::Change;
use keyway_core::id::KeyId;
use keyway_core::key::{Key, Revocation};
use keyway_core::management::Reach;
use keyway_core::text::Description;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;

use super::change::{KeyAt, again_unless_deleted, as_committed, one};
use super::packed::selected;
use super::{KeyReader, LOOK_UP_MAX, is_in, reach_text};
use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::ledger::Committed;
use crate::statement::{padded, places, statement};
use crate::writer::proposal::{Proposal, Rows};

impl Store {
    /// Ends a key for good; again changes nothing: the first time, reason and actor stay.
    pub async fn revoke_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        revocation: &Revocation,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        self.change_one(at, step(by, revocation, now)).await
    }

    /// Revokes many keys, each a change of its own; they share transactions. One answer per id, in
    /// the same order.
    pub async fn revoke_keys(
        &self,
        by: &Call,
        reach: &Reach,
        ids: &[KeyId],
        revocation: &Revocation,
        now: Timestamp,
    ) -> Result<Vec<Result<Committed<Key>, ChangeError>>, StoreError> {
        let step = step(by, revocation, now);
        let found = self.find_keys(reach, ids).await?;
        let mut queued = HashMap::with_capacity(ids.len());
        for (id, key) in &found {
            if let Ok(Some(proposal)) = step(key) {
                let proposed = proposal.rows.keys.clone();
                let proposal = proposal.again(again_unless_deleted(step.clone()));
                queued.insert(id, (proposed, self.writer.hand_in(proposal).await?));
            }
        }
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            let Some((proposed, answered)) = queued.remove(id) else {
                // Unknown, revoked before, or asked for twice: the single call says which.
                let expected = None;
                let at = KeyAt {
                    reach,
                    id,
                    expected,
                };
                answers.push(self.revoke_key(by, at, revocation, now).await);
                continue;
            };
            answers.push(match answered.await {
                Ok(receipt) => receipt.and_then(|receipt| one(as_committed(receipt, proposed))),
                Err(_) => Err(StoreError::Closed.into()),
            });
        }
        Ok(answers)
    }

    async fn find_keys(
        &self,
        reach: &Reach,
        ids: &[KeyId],
    ) -> Result<HashMap<KeyId, Key>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(LOOK_UP_MAX) {
            let sql = format!(
                "SELECT {} FROM keys WHERE (organization = $1 OR $1 IS NULL) AND id IN ({}) \
                 AND state <> 'deleted'",
                selected(),
                places(2, chunk.len())
            );
            let mut query = statement(&sql).bind(reach_text(reach));
            for id in padded(chunk) {
                query = query.bind(id.as_str());
            }
            let rows = query.fetch_all(&mut *self.reader().await?).await?;
            let keys = KeyReader::default().read_all(&rows)?;
            for key in keys.into_iter().filter(|key| is_in(reach, key)) {
                found.insert(key.id.clone(), key);
            }
        }
        Ok(found)
    }

    /// The keys that these digests open, as far as `reach` may see them; for leaked secrets.
    /// In the order of `digests`, None where there is none.
    pub async fn find_keys_by_digest(
        &self,
        reach: &Reach,
        digests: &[Digest],
    ) -> Result<Vec<Option<Key>>, StoreError> {
        let mut found: HashMap<[u8; 32], Key> = HashMap::with_capacity(digests.len());
        for chunk in digests.chunks(LOOK_UP_MAX) {
            let sql = format!(
                "SELECT {} FROM keys WHERE (organization = $1 OR $1 IS NULL) AND digest IN ({}) \
                 AND state <> 'deleted'",
                selected(),
                places(2, chunk.len())
            );
            let mut query = statement(&sql).bind(reach_text(reach));
            for digest in padded(chunk) {
                query = query.bind(digest.as_bytes().to_vec());
            }
            let rows = query.fetch_all(&mut *self.reader().await?).await?;
            let keys = KeyReader::default().read_all(&rows)?;
            for key in keys.into_iter().filter(|key| is_in(reach, key)) {
                found.insert(*key.digest.as_bytes(), key);
            }
        }
        Ok(digests
            .iter()
            .map(|digest| found.get(digest.as_bytes()).cloned())
            .collect())
    }
}

/// Revokes a key as it stands.
fn step(
    by: &Call,
    revocation: &Revocation,
    now: Timestamp,
) -> impl Fn(&Key) -> Result<Option<Proposal>, Refusal> + Send + Sync + Clone + 'static {
    let (by, revocation) = (by.clone(), revocation.clone());
    move |found| {
        let Some(revoked) = found.clone().revoke(revocation.clone()) else {
            return Ok(None);
        };
        let change = Change::KeyRevoked {
            organization: revoked.organization.clone(),
            id: revoked.id.clone(),
        };
        let reason = revocation.reason.as_ref().map(Description::as_str);
        let mut proposal = Proposal::new(&by, change, Rows::of_keys(vec![revoked]), now)
            .personal("reason", reason);
        if let Some(code) = &revocation.reason_code {
            proposal = proposal.detail("reason_code", code.as_str());
        }
        Ok(Some(proposal))
    }
}
