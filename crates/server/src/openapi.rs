//! The `OpenAPI` document, put together from the handlers and from what all of them have in common.

use std::collections::BTreeSet;

use keyway_api::code::Code;
use keyway_api::problem::{PROBLEM_JSON, Problem};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, ObjectBuilder, PathItem, Ref, Required, Response, ResponseBuilder, Type,
};
use utoipa::{Modify, OpenApi};

use crate::routes::{
    audit, docs, follow, health, invitations, key_set, keys, management_keys, members, metrics,
    openapi, organizations, portal_sessions, problems, profile, projects, resources, roles,
    sign_in_links, signing_keys, tokens, whoami,
};

const SCHEME: &str = "management_key";
/// Routes that need no credential.
const OPEN: &[&str] = &[
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/problems",
    "/problems/{code}",
    "/.well-known/jwks.json",
    "/v1/tokens",
];

/// Calls that would do something twice if they were repeated without a key. All other changes make
/// things as they are said to be, whoever says it how often; an import streams, and each of its lines is
/// stored once by its digest.
const REPEATABLE: &[&str] = &[
    "/v1/organizations",
    "/v1/projects",
    "/v1/keys",
    "/v1/keys/{id}/rotate",
    "/v1/management-keys",
    "/v1/members",
    "/v1/invitations",
    "/v1/sign-in-links",
    "/v1/portal-sessions",
    "/v1/signing-keys",
];
/// Changes by POST that may name a version.
const VERSIONED: &[&str] = &[
    "/v1/keys/{id}/deactivate",
    "/v1/keys/{id}/activate",
    "/v1/keys/{id}/rotate",
];

/// The whole document.
#[derive(OpenApi)]
#[openapi(
    info(title = "Keyway", description = "API keys for products: made, verified, rotated, revoked."),
    paths(
        organizations::create, organizations::list, organizations::show, organizations::edit,
        organizations::suspend, organizations::resume,
        projects::create, projects::list,
        resources::list, resources::show, resources::put, resources::remove,
        keys::create::create, keys::list::list, keys::verify::verify, keys::verify::verify_batch,
        keys::revoke_batch::revoke_batch, keys::import::import,
        keys::one::show, keys::edit::edit, keys::one::delete, keys::usage::usage,
        keys::one::deactivate, keys::one::activate, keys::revoke::revoke, keys::rotate::rotate,
        members::create,
        members::list,
        members::show,
        members::edit,
        members::remove,
        roles::list,
        invitations::create,
        invitations::list,
        invitations::withdraw,
        sign_in_links::create,
        portal_sessions::create,
        portal_sessions::list,
        portal_sessions::revoke,
        follow::follow, authorize, whoami::whoami, whoami::revoke,
        management_keys::create, management_keys::list, management_keys::show,
        management_keys::revoke,
        tokens::exchange, key_set::show,
        signing_keys::create, signing_keys::list, signing_keys::revoke,
        profile::show, profile::apply, audit::list, audit::verify,
        health::healthz, health::readyz, metrics::metrics, openapi::openapi, docs::docs,
        problems::list, problems::page,
    ),
    components(schemas(Problem)),
    modifiers(&EveryOperation)
)]
#[derive(Debug)]
pub(crate) struct Document;

/// Stands for the route that is answered before the router.
///
/// Forward-auth: any method, the credential in one of the profile's carriers, what is asked in the
/// query alone.
#[utoipa::path(get, path = "/v1/authorize", tag = "authorize",
    params(
        ("permission" = Option<String>, Query, description = "All that are needed, with commas."),
        ("resource" = Option<String>, Query, description = "`*`, `project/ID` or deeper."),
        ("organization" = Option<String>, Query, description = "An id or external id."),
        ("environment" = Option<String>, Query),
        ("proxy" = Option<String>, Query,
            description = "`nginx`: decided cases are 200, 401 and 403 alone."),
    ),
    responses(
        (status = 200, description = "Let it through; the identity is in `Keyway-*` headers."),
        (status = 403, description = "Known, and may not do this; `Keyway-Code` says why."),
    ))]
#[expect(dead_code, reason = "documents a route that is not a handler")]
fn authorize() {}

struct EveryOperation;

impl Modify for EveryOperation {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
        if let Some(components) = &mut document.components {
            let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
            components.add_security_scheme(SCHEME, bearer);
        }
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                complete(path, method, operation);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|it| (method, it)))
}

/// The problems that a route can answer with, by status.
fn complete(path: &str, method: &str, operation: &mut Operation) {
    name_after_path(path, operation);
    let mut statuses = BTreeSet::from([400_u16, 406, 408, 414, 431, 500, 503]);
    if !OPEN.contains(&path) {
        statuses.extend([401, 403]);
        operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(
            SCHEME,
            [],
        )]);
    }
    if path.starts_with("/v1/") {
        statuses.extend([404, 422]);
    }
    if path == "/problems/{code}" {
        statuses.insert(404);
    }
    if path == "/v1/whoami" {
        statuses.insert(429);
    }
    if path == "/v1/tokens" {
        statuses.extend([401, 403, 429]);
    }
    if path == "/.well-known/jwks.json" {
        statuses.insert(404);
    }
    if path == "/v1/follow" {
        statuses.extend([409, 429]);
    }
    let has_body = operation.request_body.is_some();
    if has_body {
        statuses.extend([413, 415]);
    }
    let is_question = path.contains("/verify") || path == "/v1/tokens";
    let is_change = path.starts_with("/v1/") && method != "get" && !is_question;
    if is_change {
        statuses.extend([409, 410, 412, 428, 429]);
    }
    if is_change && path != "/v1/authorize" {
        accept(operation);
    }
    let is_one = path.ends_with("/{id}") || path.ends_with("/{path}") || path == "/v1/profile";
    if method == "get" && is_one {
        parameter(operation, if_none_match());
        let known = Response::new("The caller has this version (`If-None-Match`).");
        operation
            .responses
            .responses
            .entry("304".to_owned())
            .or_insert_with(|| known.into());
    }
    for status in statuses {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_string())
            .or_insert_with(|| problem(status).into());
    }
    if method == "post" && REPEATABLE.contains(&path) {
        parameter(operation, idempotency_key());
    }
    if matches!(method, "put" | "patch" | "delete") || VERSIONED.contains(&path) {
        parameter(operation, if_match(path == "/v1/profile"));
    }
}

/// `keys_list`: handlers mirror the URLs, so many are called the same, and an operation's name must be
/// its own (generated clients make a function of it).
fn name_after_path(path: &str, operation: &mut Operation) {
    let below_version = path.strip_prefix("/v1").unwrap_or(path);
    let noun = below_version.split('/').nth(1).unwrap_or_default();
    let noun = noun.trim_end_matches(".json").replace('-', "_");
    if let Some(verb) = operation.operation_id.take().filter(|verb| *verb != noun) {
        operation.operation_id = Some(format!("{noun}_{verb}"));
    } else {
        operation.operation_id = Some(noun);
    }
}

fn parameter(operation: &mut Operation, parameter: Parameter) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(parameter.into());
}

/// A change whose wait ended first answers 202 with the body that it would have had.
fn accept(operation: &mut Operation) {
    let done = operation
        .responses
        .responses
        .iter()
        .find(|(status, _)| status.starts_with('2'));
    if let Some(done) = done.map(|(_, response)| response.clone()) {
        operation
            .responses
            .responses
            .entry("202".to_owned())
            .or_insert(done);
    }
}

fn problem(status: u16) -> Response {
    let titles: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| code.status() == status)
        .map(|code| code.name())
        .collect();
    ResponseBuilder::new()
        .description(titles.join(", "))
        .content(
            PROBLEM_JSON,
            Content::new(Some(Ref::from_schema_name("Problem"))),
        )
        .build()
}

fn header(name: &str, is_required: bool, description: &str) -> ParameterBuilder {
    let required = if is_required {
        Required::True
    } else {
        Required::False
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
}

fn if_match(is_required: bool) -> Parameter {
    let description = "The `ETag` of the version that is to be changed; another one is 412.";
    let text = ObjectBuilder::new().schema_type(Type::String);
    header("If-Match", is_required, description)
        .schema(Some(text))
        .build()
}

fn if_none_match() -> Parameter {
    let description = "An `ETag` that the caller has; the same one is 304 without a body.";
    let text = ObjectBuilder::new().schema_type(Type::String);
    header("If-None-Match", false, description)
        .schema(Some(text))
        .build()
}

fn idempotency_key() -> Parameter {
    let description = "Repeating a call with the same key repeats its answer, not the change.";
    header("Idempotency-Key", false, description)
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(255)),
        ))
        .build()
}
