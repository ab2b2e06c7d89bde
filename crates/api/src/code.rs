//! The one table of codes: every refusal's name, status, title and page.
//!
//! A code is a promise. Clients branch on it, so codes are added, never renamed. Two families share
//! the table: **reasons** of a verdict on a key (`api_key_…`, `out_of_scope`, …), and the **caller's
//! own** problems. They never share a code: a gateway whose management key expired must not read as
//! "the customer's key expired".

/// What stands on the page of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// What happened.
    pub happened: &'static str,
    /// What to do about it.
    pub to_do: &'static str,
}

macro_rules! codes {
    ($($variant:ident $status:literal $name:literal $title:literal
        $happened:literal $to_do:literal)*) => {
        /// The stable name of a refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One short sentence, always the same.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What `/problems/{code}` says.
            pub fn page(self) -> Page {
                match self {
                    $(Self::$variant => Page { happened: $happened, to_do: $to_do },)*
                }
            }

            /// The code of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    // Reasons: the verdict on a key, in the order they are looked for.
    ApiKeyMissing 401 "api_key_missing" "No API key was sent"
        "The request carries no API key where one is looked for."
        "Send the key in the Authorization header as `Bearer KEY`, or in another place the service documents."
    ApiKeyMalformed 401 "api_key_malformed" "This is not an API key"
        "The string does not have the shape of a key, or its checksum is wrong. Nothing was looked up."
        "Copy the key again, whole and without surrounding characters."
    ApiKeyInvalid 401 "api_key_invalid" "There is no such API key"
        "The key has the right shape, but none like it is known here."
        "Check that it belongs to this service and deployment, or create a new one."
    AccessTokenExpired 401 "access_token_expired" "The access token's time is over"
        "A key was exchanged for a token that lives only for a short while."
        "Exchange the key for another token."
    ApiKeyRevoked 401 "api_key_revoked" "The API key was revoked"
        "Somebody ended this key for good."
        "Create a new key. A revoked key never works again."
    ApiKeyExpired 401 "api_key_expired" "The API key has expired"
        "The key's time is over."
        "Create a new key, or rotate keys before they expire."
    ApiKeyInactive 401 "api_key_inactive" "The API key is switched off"
        "The key was deactivated, or its organization is suspended."
        "Ask whoever manages it to activate the key or resume the organization."
    IpNotAllowed 403 "ip_not_allowed" "The API key may not be used from this address"
        "The key has address rules and the request came from elsewhere, or from an unknown address."
        "Use the key from an allowed address, or add the address to the key's rules."
    EnvironmentMismatch 403 "environment_mismatch" "The API key belongs to another environment"
        "A key of one environment was used in another, such as a test key in production."
        "Use a key of the environment that was asked for."
    OutOfScope 403 "out_of_scope" "The API key does not reach this resource"
        "The organization, project or resource is outside of what the key covers."
        "Use a key of that organization or project, or grant this one the resource."
    InsufficientPermissions 403 "insufficient_permissions" "The API key lacks a permission"
        "The key reaches the resource but does not hold every permission that was asked for."
        "Grant the missing permissions, which the answer names, or use another key."
    RateLimited 429 "rate_limited" "The API key is used too often"
        "The key works, and was used as often as its rate limit lets it. This call used nothing up."
        "Wait as long as Retry-After says and send the call again; spread calls, or ask for a higher limit."

    // The caller's own credential.
    CredentialMissing 401 "credential_missing" "No management key was sent"
        "The call needs a management key and carries none."
        "Send it in the Authorization header as `Bearer kw_mgmt_…`."
    CredentialInvalid 401 "credential_invalid" "The management key is not known"
        "The credential in the Authorization header is not a management key of this deployment."
        "Check that the key is whole and meant for this server."
    CredentialRevoked 401 "credential_revoked" "The management key was revoked"
        "Somebody ended this management key for good."
        "Use another management key."
    CredentialExpired 401 "credential_expired" "The management key has expired"
        "The management key's time is over."
        "Use another management key."
    DuplicateCredentials 400 "duplicate_credentials" "More than one credential was sent"
        "The request carries several credentials. Two readers of it could take it for two callers."
        "Send exactly one."
    CrossOrigin 403 "cross_origin" "The write does not come from a page of this server"
        "A call with a session cookie may change something only when the browser says that it comes from this server's own pages."
        "Use the pages of this server, or call with a management key."
    PermissionDenied 403 "permission_denied" "The management key may not do this"
        "The management key is known, but what it may do does not include this call."
        "Use a management key with a preset that allows it."

    // Nouns that are not there, or not for this caller.
    OrganizationNotFound 404 "organization_not_found" "There is no such organization"
        "No organization that the caller may see has this id."
        "Check the id, and that the management key reaches the organization."
    ProjectNotFound 404 "project_not_found" "There is no such project"
        "The organization has no project with this id."
        "Check the id and the organization, or create the project."
    ResourceNotFound 404 "resource_not_found" "There is no such resource"
        "The product told of no resource with this path, or took it back."
        "Check the path and the organization, or tell of the resource with PUT."
    KeyNotFound 404 "key_not_found" "There is no such key"
        "No key that the caller may see has this id; it may have been deleted."
        "Check the id. The audit log still knows deleted keys."
    TokensNotOffered 404 "tokens_not_offered" "Keys are not exchanged for tokens here"
        "The profile in force has no `[tokens]`."
        "Send the key itself; or put a profile with `[tokens]` in force."
    SigningKeyNotFound 404 "signing_key_not_found" "There is no such signing key"
        "The id belongs to no signing key of this deployment."
        "List the signing keys to see which there are."
    ManagementKeyNotFound 404 "management_key_not_found" "There is no such management key"
        "No management key that the caller may see has this id."
        "Check the id."
    MemberNotFound 404 "member_not_found" "There is no such member"
        "No member that the caller may see has this id; the person may have been removed."
        "Check the id and the organization."
    InvitationNotFound 404 "invitation_not_found" "There is no such invitation"
        "No invitation that the caller may see has this id."
        "Check the id, or invite the person again."
    PortalSessionNotFound 404 "portal_session_not_found" "There is no such portal session"
        "No portal session that the caller may see has this id."
        "Check the id."
    ProblemNotFound 404 "problem_not_found" "There is no such problem code"
        "The page that was asked for names no code of this version."
        "Look at the list at /problems."
    RouteNotFound 404 "route_not_found" "There is nothing at this path"
        "The path is not one of the API's."
        "Check it against /openapi.json."

    // The request itself.
    InvalidRequest 422 "invalid_request" "The request is not valid"
        "One or more fields are missing, unknown, of the wrong type or over a limit. Nothing was changed."
        "Correct the fields that `errors` names by JSON pointer."
    MalformedJson 400 "malformed_json" "The body is not JSON"
        "The body could not be read as JSON in UTF-8."
        "Send a complete JSON document."
    MalformedRequest 400 "malformed_request" "The request could not be read"
        "The request line, a header or the query is not valid HTTP or not UTF-8."
        "Send a valid request."
    DuplicateParameter 400 "duplicate_parameter" "A query parameter was given twice"
        "A parameter that may stand once stands there several times. Two readers could read two things."
        "Give it once."
    CursorInvalid 400 "cursor_invalid" "This is not a cursor of this list"
        "The cursor was edited, or comes from another list, another filter or another caller."
        "Give `next_cursor` as it was answered, with the same filters; or begin again without a cursor."
    IncompleteBody 400 "incomplete_body" "The body ended early"
        "The connection delivered less than was announced. Nothing was changed."
        "Send the request again."
    BodyTooLarge 413 "body_too_large" "The body is too large"
        "The body is larger than this route reads."
        "Send less, or in several calls; imports stream."
    HeadersTooLarge 431 "headers_too_large" "The headers are too large"
        "The request's headers are larger than 8 KiB."
        "Send fewer or shorter headers."
    UriTooLong 414 "uri_too_long" "The address is too long"
        "The path and query are longer than the server reads."
        "Send a shorter query."
    UnsupportedMediaType 415 "unsupported_media_type" "The body has another media type"
        "The Content-Type is not what this route reads."
        "Send `application/json`, or `application/x-ndjson` for an import."
    NotAcceptable 406 "not_acceptable" "The answer cannot be given in this form"
        "The Accept header leaves out everything this route can answer with."
        "Accept `application/json`."
    MethodNotAllowed 405 "method_not_allowed" "The path does not have this method"
        "The path exists, with other methods."
        "Use one of those in the Allow header."
    RequestTimeout 408 "request_timeout" "The request took too long to arrive"
        "The rest of the request did not arrive in time. Nothing was changed."
        "Send it again."

    TooManyRequests 429 "too_many_requests" "Too many requests"
        "Calls that anybody may try came too often, from your network or from everywhere. Nothing was looked up."
        "Wait for the time in Retry-After."

    // Conditions and repetition.
    PreconditionFailed 412 "precondition_failed" "The object has changed meanwhile"
        "If-Match names another version than the present one."
        "Read the object again, and decide again."
    PreconditionRequired 428 "precondition_required" "The change must name the version it is for"
        "This change is only made to a version that the caller has seen."
        "Read the object and send its ETag as If-Match."
    IdempotencyKeyInvalid 400 "idempotency_key_invalid" "The Idempotency-Key is not valid"
        "It is empty, too long, holds other than printable ASCII, or was sent twice."
        "Send one random string of 1 to 255 characters for each new call."
    IdempotencyKeyReused 422 "idempotency_key_reused" "The Idempotency-Key belongs to another call"
        "The same key came before with another request."
        "Use a new Idempotency-Key for each new call; repeat a call with exactly the same request."
    IdempotencyInProgress 409 "idempotency_in_progress" "The first call has not ended yet"
        "A call with the same Idempotency-Key is still being worked on."
        "Wait a moment and repeat the call."
    SecretAlreadyShown 409 "secret_already_shown" "The secret was shown before"
        "This call was made before and its answer held a secret, which is kept nowhere."
        "If the first answer was lost, revoke the key that `detail` names and create another."

    // Following.
    PositionUnknown 409 "position_unknown" "The server has not come to this place"
        "The place that is to be followed from lies behind the last change that this server knows: it belongs to another ledger, or changes were lost."
        "Follow without `after`, and ask about every key again."
    TooManyFollowers 429 "too_many_followers" "As many follow as one server tells"
        "Every place for a follower of this server is taken."
        "Follow once in each program, not once for each key; or try again later."

    // What stands against a change.
    KeyLimitReached 409 "key_limit_reached" "The project or its organization has as many keys as it may"
        "The profile limits the number of keys, and this would be one more. Revoked keys do not count, and in the limit of a project expired ones do not either."
        "Revoke or delete a key that is no longer needed."
    SealingKeyMissing 409 "sealing_key_missing" "There is nowhere to keep the sealing key"
        "Signing keys are stored sealed, and the key that seals them is not: the server has neither a data directory to keep it in nor the variable KEYWAY_SEALING_KEY."
        "Give the server KEYWAY_SEALING_KEY, 32 random characters or more, and keep it."
    KeyNotActive 409 "key_not_active" "The key is not active"
        "The change needs an active key, and this one is inactive, expired or revoked."
        "Activate it if it is inactive; else create a new key."
    KeyRevoked 409 "key_revoked" "The key is revoked, for good"
        "A revoked key cannot be changed any more."
        "Create a new key."
    KeyExpired 409 "key_expired" "The key has expired"
        "The change needs a key whose time is not over."
        "Give it a later end first, if the profile allows that, or create a new key."
    KeyHasSuccessor 409 "key_has_successor" "The key was rotated already"
        "The key has a successor that still works."
        "Rotate the successor."
    EnvironmentGone 409 "environment_gone" "The profile has no such environment any more"
        "The key is of an environment that the profile in force does not name, so a successor would never work."
        "Create a key of one of the profile's environments, or give the profile this one back."
    KeyAlreadyExists 409 "key_already_exists" "The key exists already"
        "A key with this digest or id is stored already."
        "Nothing, if it is the same key; else check where the digest comes from."
    ProjectAlreadyExists 409 "project_already_exists" "The project exists already"
        "The organization has a project with this id."
        "Use it, or choose another id."
    ExternalIdAlreadyExists 409 "external_id_already_exists" "The external id is taken"
        "Another organization has this external id."
        "Use that organization, or choose another external id."
    MemberAlreadyExists 409 "member_already_exists" "The person is a member already"
        "The organization has a member with this e-mail address."
        "Change the role of that member."
    LastAdministrator 409 "last_administrator" "Somebody must be left who can manage members"
        "The change would leave the organization without a member who may change members."
        "Give another member such a role first."
    LinkDead 410 "link_dead" "This link no longer works"
        "It was used already, withdrawn, or is too old."
        "Ask for a new one."
    ProfileRejected 422 "profile_rejected" "The profile is not valid"
        "The file breaks a rule of profiles; `errors` says which. The profile in force stays."
        "Correct the file; `keyway profile check FILE` tells the same without a server."
    ProfileChanged 409 "profile_changed" "The profile in force has changed meanwhile"
        "Another profile was applied while this call was being worked on."
        "Read the profile in force, and decide again."

    // The server.
    Undecided 503 "undecided" "The server cannot decide right now"
        "The server is loading, or cannot be sure that it knows every change. It does not guess: this is neither yes nor no."
        "Repeat the call after the time in Retry-After."
    NoSigningKey 503 "no_signing_key" "There is no key to sign tokens with"
        "Every signing key was revoked, or none was made since the profile began to issue tokens."
        "Make one: `keyway signing-keys create`."
    StoreUnavailable 503 "store_unavailable" "The database does not answer"
        "The change was not made, because the database cannot be reached or is too slow."
        "Repeat the call after the time in Retry-After, with the same Idempotency-Key."
    OutcomeUnknown 503 "outcome_unknown" "Whether the change was made is not known"
        "The connection to the database broke at the moment of the commit."
        "Look whether the change is there, or repeat the call with the same Idempotency-Key."
    Internal 500 "internal" "Something went wrong in the server"
        "The server met an error of its own. Its log has the cause under the same request id."
        "Repeat the call; if it happens again, report it with the request id."
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_name_belongs_to_one_code_and_is_a_word() {
        let names: HashSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.name()), Some(*code));
            assert!(
                code.name()
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '_'),
                "{code:?}"
            );
        }
        assert_eq!(Code::from_name("valid"), None);
    }

    #[test]
    fn a_code_is_an_error_with_a_title_and_a_whole_page() {
        for code in Code::ALL {
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert!(!code.title().ends_with('.'), "{code:?}");
            let Page { happened, to_do } = code.page();
            assert!(happened.ends_with('.') && to_do.ends_with('.'), "{code:?}");
        }
    }
}
