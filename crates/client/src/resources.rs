//! `/v1/resources`: what the product lets keys reach.

use keyway_api::change::{Done, Effective};
use keyway_api::list::List;
use keyway_api::resource::{PutResource, Resource, ResourceQuery, ResourcesQuery};
use reqwest::{Method, RequestBuilder};

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `PUT /v1/resources/{path}`: tells of a resource, or gives it another name.
    pub async fn put_resource(
        &self,
        path: &str,
        whose: &ResourceQuery,
        resource: &PutResource,
        terms: &Terms,
    ) -> Result<Effective<Resource>, ClientError> {
        let call = self.on_resource(Method::PUT, path, whose).json(resource);
        answer(terms.on(call)).await
    }

    /// `GET /v1/resources`
    pub async fn list_resources(
        &self,
        query: &ResourcesQuery,
    ) -> Result<List<Resource>, ClientError> {
        let call = self.call(Method::GET, &["v1", "resources"]);
        answer(call.query(query)).await
    }

    /// `GET /v1/resources/{path}`
    pub async fn load_resource(
        &self,
        path: &str,
        whose: &ResourceQuery,
    ) -> Result<Resource, ClientError> {
        answer(self.on_resource(Method::GET, path, whose)).await
    }

    /// `DELETE /v1/resources/{path}`
    pub async fn remove_resource(
        &self,
        path: &str,
        whose: &ResourceQuery,
        terms: &Terms,
    ) -> Result<Done, ClientError> {
        answer(terms.on(self.on_resource(Method::DELETE, path, whose))).await
    }

    fn on_resource(&self, method: Method, path: &str, whose: &ResourceQuery) -> RequestBuilder {
        self.call(method, &["v1", "resources", path]).query(whose)
    }
}
