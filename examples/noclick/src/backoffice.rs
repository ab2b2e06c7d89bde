//! What the product's own staff does over HTTP: adds workflows, publishes applications. A published
//! application gets a key of its own, for its workflow alone, that nobody made by hand and no list shows.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{post, put};
use axum::{Json, Router};
use keyway_api::grant::{Grant, PermissionsGrant};
use keyway_api::key::{CreateKey, RevokeKey};
use keyway_api::resource::{PutResource, ResourceQuery};
use keyway_client::change::Terms;
use keyway_client::client::Client;
use keyway_client::error::ClientError;
use keyway_token::digest::Digest;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gate;
use crate::product::Product;

const MANAGED_BY: &str = "publish";

#[derive(Clone, Debug)]
pub struct Backoffice {
    pub client: Client,
    pub product: Arc<Product>,
    pub token: Digest,
}

pub fn routes(backoffice: Backoffice) -> Router {
    let workflow = "/backoffice/{account}/workflows/{id}";
    let published = "/backoffice/{account}/workflows/{id}/published";
    Router::new()
        .route(workflow, put(add))
        .route(published, post(publish).delete(unpublish))
        .with_state(backoffice)
}

#[derive(Debug, Deserialize)]
struct Name {
    name: String,
}

/// What went wrong, for staff.
struct Fault(StatusCode, String);

impl axum::response::IntoResponse for Fault {
    fn into_response(self) -> axum::response::Response {
        (self.0, Json(json!({ "fault": self.1 }))).into_response()
    }
}

impl From<ClientError> for Fault {
    fn from(error: ClientError) -> Self {
        Self(StatusCode::BAD_GATEWAY, error.to_string())
    }
}

impl Backoffice {
    fn only_staff(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let sent = headers
            .get(header::AUTHORIZATION)
            .and_then(|it| it.to_str().ok());
        let token = sent.and_then(|it| it.strip_prefix("Bearer "));
        match token {
            Some(token) if Digest::of(token).same_as(&self.token) => Ok(()),
            _ => Err(Fault(StatusCode::UNAUTHORIZED, "staff only".to_owned())),
        }
    }

    async fn end(&self, key_id: Option<String>) -> Result<(), Fault> {
        if let Some(id) = key_id {
            let (revoke, terms) = (RevokeKey::default(), Terms::default());
            self.client.revoke_key(&id, &revoke, &terms).await?;
        }
        Ok(())
    }
}

fn path_of(id: &str) -> Result<String, Fault> {
    gate::workflow(id).ok_or_else(|| Fault(StatusCode::NOT_FOUND, "no workflow".to_owned()))
}

async fn add(
    State(it): State<Backoffice>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Name>,
) -> Result<StatusCode, Fault> {
    it.only_staff(&headers)?;
    let whose = ResourceQuery {
        organization: Some(account.clone()),
    };
    let told = PutResource {
        name: body.name.clone(),
    };
    let path = path_of(&id)?;
    it.client
        .put_resource(&path, &whose, &told, &Terms::default())
        .await?;
    it.product.add_workflow(&account, &id, &body.name);
    Ok(StatusCode::NO_CONTENT)
}

async fn publish(
    State(it): State<Backoffice>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Fault> {
    it.only_staff(&headers)?;
    let resource = path_of(&id)?;
    if !it.product.has_workflow(&account, &id) {
        return Err(Fault(StatusCode::NOT_FOUND, "no workflow".to_owned()));
    }
    let permissions = ["read", "execute", "write"].map(str::to_owned).to_vec();
    let grant = Grant::Permissions(PermissionsGrant {
        permissions,
        resource,
    });
    let key = CreateKey {
        organization: Some(account.clone()),
        name: format!("Application of {id}"),
        managed_by: Some(MANAGED_BY.to_owned()),
        grants: Some(vec![grant]),
        ..CreateKey::default()
    };
    let made = it.client.create_key(&key, &Terms::default()).await?;
    // The application itself would hold it; this example hands it on to be looked at.
    let answer = json!({"key_id": made.key.id, "raw_key": made.secret.expose()});
    it.end(it.product.published(&account, &id)).await?;
    it.product.publish(&account, &id, Some(made.key.id));
    Ok(Json(answer))
}

async fn unpublish(
    State(it): State<Backoffice>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Fault> {
    it.only_staff(&headers)?;
    // Forgotten only once it is revoked: what fails can be tried again.
    it.end(it.product.published(&account, &id)).await?;
    it.product.publish(&account, &id, None);
    Ok(StatusCode::NO_CONTENT)
}
