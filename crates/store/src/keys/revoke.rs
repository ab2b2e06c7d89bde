//! Revoking: one key, or many at once. For good.

use std::collections::HashMap;

use keyway_core::change::Change;
use keyway_core::id::KeyId;
use keyway_core::key::{Key, Revocation};
use keyway_core::management::Reach;
use keyway_core::text::Description;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;

use super::change::KeyAt;
use super::{KeyReader, LOOK_UP_MAX, reach_text, selected};
use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::ledger::Committed;
use crate::statement::{padded, places, statement};
use crate::writer::proposal::{Proposal, Rows};
use crate::{Store, Tries};

impl Store {
    /// Ends a key for good; again changes nothing: the first time, reason and actor stay.
    pub async fn revoke_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        revocation: &Revocation,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let Some(found) = self.find_key(at.reach, at.id).await? else {
                return Err(self.refuse(Refusal::KeyNotFound).await);
            };
            if at
                .expected
                .is_some_and(|expected| expected != found.version)
            {
                return Err(self.refuse(Refusal::VersionMoved).await);
            }
            let Some(revoked) = found.clone().revoke(revocation.clone()) else {
                return self.unchanged(found).await;
            };
            match self.commit(proposal(by, &revoked, revocation, now)).await {
                Ok(head) => return Ok(Committed::new(revoked, head)),
                Err(error) => tries.again(error)?,
            }
        }
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
        let mut found = self.find_keys(reach, ids).await?;
        let mut queued = HashMap::with_capacity(ids.len());
        for id in ids {
            let revoked = found
                .remove(id)
                .and_then(|key| key.revoke(revocation.clone()));
            if let Some(revoked) = revoked {
                let answered = self
                    .writer
                    .hand_in(proposal(by, &revoked, revocation, now))
                    .await?;
                queued.insert(id, (revoked, answered));
            }
        }
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            let answer = match queued.remove(id) {
                Some((revoked, answered)) => match answered.await {
                    Ok(Ok(receipt)) => Ok(Committed::new(revoked, receipt.head)),
                    Ok(Err(ChangeError::Refused {
                        refusal: Refusal::VersionMoved,
                        ..
                    })) => {
                        self.revoke_key(
                            by,
                            KeyAt {
                                reach,
                                id,
                                expected: None,
                            },
                            revocation,
                            now,
                        )
                        .await
                    }
                    Ok(Err(error)) => Err(error),
                    Err(_) => Err(StoreError::Closed.into()),
                },
                // Unknown, or revoked before: the single call says which.
                None => {
                    self.revoke_key(
                        by,
                        KeyAt {
                            reach,
                            id,
                            expected: None,
                        },
                        revocation,
                        now,
                    )
                    .await
                }
            };
            answers.push(answer);
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
            for key in KeyReader::default().read_all(&rows)? {
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
            for key in KeyReader::default().read_all(&rows)? {
                found.insert(*key.digest.as_bytes(), key);
            }
        }
        Ok(digests
            .iter()
            .map(|digest| found.get(digest.as_bytes()).cloned())
            .collect())
    }
}

fn proposal(by: &Call, revoked: &Key, revocation: &Revocation, now: Timestamp) -> Proposal {
    let change = Change::KeyRevoked {
        organization: revoked.organization.clone(),
        id: revoked.id.clone(),
    };
    let rows = Rows {
        keys: vec![revoked.clone()],
        ..Rows::default()
    };
    let mut proposal = Proposal::new(by, change, rows, now).personal(
        "reason",
        revocation.reason.as_ref().map(Description::as_str),
    );
    if let Some(code) = &revocation.reason_code {
        proposal = proposal.detail("reason_code", code.as_str());
    }
    proposal
}
