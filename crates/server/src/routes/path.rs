//! Ids in paths. What cannot be an id names nothing, so it is not found and not malformed.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use keyway_api::code::Code;
use keyway_core::id::{
    InvitationId, KeyId, ManagementKeyId, MemberId, OrganizationId, PortalSessionId, SigningKeyId,
};
use keyway_core::resource::ResourcePath;

use crate::answer::problem::Problem;

/// The `{id}` of a route, or the `{path}` of a resource.
#[derive(Debug)]
pub(crate) struct PathId<T>(pub T);

/// An id, and what its absence is called.
pub(crate) trait Named: FromStr {
    const NOT_FOUND: Code;
}

impl Named for KeyId {
    const NOT_FOUND: Code = Code::KeyNotFound;
}

impl Named for OrganizationId {
    const NOT_FOUND: Code = Code::OrganizationNotFound;
}

impl Named for ResourcePath {
    const NOT_FOUND: Code = Code::ResourceNotFound;
}

impl Named for MemberId {
    const NOT_FOUND: Code = Code::MemberNotFound;
}

impl Named for InvitationId {
    const NOT_FOUND: Code = Code::InvitationNotFound;
}

impl Named for PortalSessionId {
    const NOT_FOUND: Code = Code::PortalSessionNotFound;
}

impl Named for ManagementKeyId {
    const NOT_FOUND: Code = Code::ManagementKeyNotFound;
}

impl Named for SigningKeyId {
    const NOT_FOUND: Code = Code::SigningKeyNotFound;
}

impl<T: Named, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let not_found = || Problem::new(T::NOT_FOUND);
        let Path(raw) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| not_found())?;
        raw.parse().map(Self).map_err(|_| not_found())
    }
}
