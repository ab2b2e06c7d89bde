//! `/v1/audit`.

use keyway_api::NDJSON;
use keyway_api::audit::{AuditQuery, AuditVerified, AuditVerifyQuery, Entry};
use keyway_api::list::List;
use reqwest::Method;
use reqwest::header::ACCEPT;

use crate::client::{Client, accepted, answer};
use crate::error::ClientError;
use crate::lines::Lines;

/// An export of the audit log, entry by entry.
#[derive(Debug)]
pub struct AuditExport(Lines);

impl Client {
    /// `GET /v1/audit`: one page, newest first.
    pub async fn list_audit(&self, query: &AuditQuery) -> Result<List<Entry>, ClientError> {
        answer(self.call(Method::GET, &["v1", "audit"]).query(query)).await
    }

    /// `GET /v1/audit` as a stream: all of it, oldest first.
    pub async fn export_audit(&self, query: &AuditQuery) -> Result<AuditExport, ClientError> {
        let call = self
            .stream(Method::GET, &["v1", "audit"])
            .query(query)
            .header(ACCEPT, NDJSON);
        accepted(call)
            .await
            .map(|response| AuditExport(Lines::of(response)))
    }

    /// `GET /v1/audit/verify`: reads the whole log again.
    pub async fn verify_audit(
        &self,
        query: &AuditVerifyQuery,
    ) -> Result<AuditVerified, ClientError> {
        answer(
            self.stream(Method::GET, &["v1", "audit", "verify"])
                .query(query),
        )
        .await
    }
}

impl AuditExport {
    /// The next entry; None after the last one.
    pub async fn next(&mut self) -> Result<Option<Entry>, ClientError> {
        self.0.next().await
    }
}
