//! `/v1/resources`: what a product lets keys reach. It tells their names, so that people choose by name
//! and a wrong path is noticed; a grant may name any path, told or not.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::{Done, Effective};
use keyway_api::code::Code;
use keyway_api::list::List;
use keyway_api::resource::{
    ChangeResourceQuery, PutResource, Resource as Wire, ResourceQuery, ResourcesQuery,
};
use keyway_core::id::OrganizationId;
use keyway_core::registered_resource::RegisteredResource;
use keyway_core::resource::ResourcePath;
use keyway_core::time::Timestamp;
use keyway_store::resources::ResourceFilter;

use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::{ResourcesDelete, ResourcesPut, ResourcesRead};
use crate::request::body::Json;
use crate::request::conditional::{IfMatch, IfNoneMatch, tagged, version_tag};
use crate::request::fields::Faults;
use crate::request::query::Query;
use crate::routes::path::PathId;

const PATH: &str = "/v1/resources";
const PATH_FAULT: &str =
    "a resource lies inside a project: project/ID/ and one segment or more, none of them strange";

/// Tells of a resource, or gives it another name.
#[utoipa::path(put, path = "/v1/resources/{path}", tag = "resources",
    params(("path" = String, Path, example = "project/alpha/workflow/wf_9"), ChangeResourceQuery),
    request_body = PutResource,
    responses((status = 200, body = Effective<Wire>), (status = 201, body = Effective<Wire>)))]
pub(crate) async fn put(
    State(app): State<AppState>,
    permit: Permit<ResourcesPut>,
    path: Result<Path<String>, PathRejection>,
    Query(query): Query<ChangeResourceQuery>,
    IfMatch(expected): IfMatch,
    Json(body): Json<PutResource>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let organization = permit.organization_in_query(&app, query.organization.as_deref())?;
    let now = app.clock.now();
    let path = path.map(|Path(path)| path).unwrap_or_default();
    let told = read(organization, &path, &body, now)?;
    let done = app
        .store
        .put_resource(&permit.call(), told, expected, now)
        .await;
    let settled = app.settle(done, patience).await?;
    let tag = version_tag(settled.value.resource.version);
    let status = if settled.value.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let answer = settled.answer(status, |it, at| {
        wire::effective(wire::resource(&it.resource), at)
    });
    Ok(tagged(answer, &tag))
}

fn read(
    organization: OrganizationId,
    path: &str,
    body: &PutResource,
    now: Timestamp,
) -> Result<RegisteredResource, Problem> {
    let mut faults = Faults::default();
    let name = faults.parse("/name", Some(&body.name));
    let path = path.parse().ok().filter(ResourcePath::is_inside_project);
    let path = faults.take("path", path.ok_or(PATH_FAULT));
    let told = name.zip(path).map(|(name, path)| RegisteredResource {
        organization,
        path,
        name,
        created_at: now,
        removed_at: None,
        version: 1,
    });
    faults.done(told)
}

/// Lists resources, newest first.
#[utoipa::path(get, path = "/v1/resources", tag = "resources", params(ResourcesQuery),
    responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<ResourcesRead>,
    RawQuery(raw): RawQuery,
    Query(query): Query<ResourcesQuery>,
) -> Result<Response, Problem> {
    let organization = permit.named_organization(&app, query.organization.as_deref())?;
    let mut faults = Faults::default();
    let within = faults.parse::<ResourcePath>("prefix", query.prefix.as_deref());
    let within = match query.prefix {
        None => None,
        Some(_) => Some(faults.done(within)?),
    };
    let filter = (permit.caller().scope(), &query.organization, &query.prefix);
    let listing = Listing {
        app: &app,
        path: PATH,
        filter: &filter,
    };
    let limit = paging::limit(query.limit)?;
    let cursor = listing.open(query.cursor.as_deref())?;
    let filter = ResourceFilter {
        organization: organization.as_ref(),
        within: within.as_ref(),
    };
    let page = app
        .store
        .list_resources(permit.reach(), filter, cursor.as_ref(), limit)
        .await?;
    Ok(listing.answer(page, raw.as_deref(), |it| wire::resource(&it)))
}

/// Shows one resource.
#[utoipa::path(get, path = "/v1/resources/{path}", tag = "resources",
    params(("path" = String, Path), ResourceQuery), responses((status = 200, body = Wire)))]
pub(crate) async fn show(
    State(app): State<AppState>,
    permit: Permit<ResourcesRead>,
    PathId(path): PathId<ResourcePath>,
    Query(query): Query<ResourceQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let organization = permit.organization_in_query(&app, query.organization.as_deref())?;
    let found = app
        .store
        .find_resource(permit.reach(), &organization, &path)
        .await?;
    let found = found.ok_or_else(|| Problem::new(Code::ResourceNotFound))?;
    Ok(if_none_match.answer(&version_tag(found.version), &wire::resource(&found)))
}

/// Takes a resource back. Keys that reach its path reach it still.
#[utoipa::path(delete, path = "/v1/resources/{path}", tag = "resources",
    params(("path" = String, Path), ChangeResourceQuery), responses((status = 200, body = Done)))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    permit: Permit<ResourcesDelete>,
    PathId(path): PathId<ResourcePath>,
    Query(query): Query<ChangeResourceQuery>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let organization = permit.organization_in_query(&app, query.organization.as_deref())?;
    let done = app
        .store
        .remove_resource(
            &permit.call(),
            &organization,
            &path,
            expected,
            app.clock.now(),
        )
        .await;
    let settled = app.settle(done, patience).await?;
    Ok(
        settled.answer(StatusCode::OK, |_, effective_everywhere_at| Done {
            effective_everywhere_at,
        }),
    )
}
