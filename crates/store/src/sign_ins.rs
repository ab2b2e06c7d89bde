//! How people come in, for whoever manages them: whether they have a password, and when they were seen.

use keyway_core::id::OrganizationId;
use keyway_core::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Fields, padded, places, statement};

/// One person, by the folded e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIns {
    pub person: String,
    pub has_password: bool,
    /// In a session that has not ended, in this organization.
    pub seen_at: Option<Timestamp>,
}

impl Store {
    /// In the order of `people`, whose addresses are folded.
    pub async fn list_sign_ins(
        &self,
        organization: &OrganizationId,
        people: &[String],
    ) -> Result<Vec<SignIns>, StoreError> {
        let mut found: Vec<SignIns> = people
            .iter()
            .map(|person| SignIns {
                person: person.clone(),
                has_password: false,
                seen_at: None,
            })
            .collect();
        if people.is_empty() {
            return Ok(found);
        }
        let mut connection = self.reader().await?;
        let sql = format!(
            "SELECT person, CAST(NULL AS BIGINT) FROM passwords WHERE person IN ({0}) UNION ALL \
             SELECT subject, MAX(seen_at) FROM sessions WHERE organization = $1 \
             AND kind = 'person' AND subject IN ({0}) GROUP BY subject",
            places(2, people.len())
        );
        let mut query = statement(&sql).bind(organization.as_str());
        for person in padded(people) {
            query = query.bind(person.as_str());
        }
        for row in &query.fetch_all(&mut *connection).await? {
            let fields = Fields {
                row,
                table: "sessions",
                columns: &["subject", "seen_at"],
            };
            let (person, seen_at) = (fields.text(0)?, fields.int_or_null(1)?);
            let Some(it) = found.iter_mut().find(|it| it.person == person) else {
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
