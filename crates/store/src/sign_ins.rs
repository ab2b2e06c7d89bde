//! How members come in, for whoever manages them: whether they have a password, and when they were seen.

use keyway_core::id::MemberId;
use keyway_core::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Fields, padded, places, statement};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIns {
    pub member: MemberId,
    pub has_password: bool,
    /// In a session that has not ended, as this member.
    pub seen_at: Option<Timestamp>,
}

impl Store {
    /// In the order of `members`. A session that was not used since `idle_since` has ended.
    pub async fn list_sign_ins(
        &self,
        members: &[MemberId],
        idle_since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<SignIns>, StoreError> {
        let mut found: Vec<SignIns> = members
            .iter()
            .map(|member| SignIns {
                member: member.clone(),
                has_password: false,
                seen_at: None,
            })
            .collect();
        if members.is_empty() {
            return Ok(found);
        }
        let mut connection = self.reader().await?;
        let sql = format!(
            "SELECT member, CAST(NULL AS BIGINT) FROM passwords WHERE member IN ({0}) UNION ALL \
             SELECT subject, MAX(seen_at) FROM sessions WHERE kind = 'person' \
             AND seen_at > $1 AND expires_at > $2 AND subject IN ({0}) GROUP BY subject",
            places(3, members.len())
        );
        let mut query = statement(&sql).bind(idle_since.micros()).bind(now.micros());
        for member in padded(members) {
            query = query.bind(member.as_str());
        }
        for row in &query.fetch_all(&mut *connection).await? {
            let fields = Fields {
                row,
                table: "sessions",
                columns: &["subject", "seen_at"],
            };
            let (member, seen_at) = (fields.text(0)?, fields.int_or_null(1)?);
            let Some(it) = found.iter_mut().find(|it| it.member.as_str() == member) else {
                continue;
            };
            match seen_at {
                None => it.has_password = true,
                Some(at) => it.seen_at = Some(Timestamp::from_micros(at)),
            }
        }
        Ok(found)
    }
}
