//! The routes that `/openapi.json` names.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use keyway_tests::server::Server;

/// Who may call these is everybody: they hold nothing of anybody.
pub(crate) const PUBLIC: &[&str] = &[
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/problems",
    "/problems/{code}",
    "/v1/tokens",
    "/.well-known/jwks.json",
];
const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Path, and its methods. The document says what it says to whoever asks.
pub(crate) async fn documented(server: &Server) -> BTreeMap<String, BTreeSet<String>> {
    let document = server.nobody().get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"].as_str().map(|it| &it[..3]), Some("3.1"));
    let paths = document["paths"].as_object().unwrap().iter();
    let routes: BTreeMap<_, _> = paths
        .map(|(path, operations)| {
            let operations = operations.as_object().unwrap();
            let methods = METHODS.iter().map(Method::to_string);
            let methods = methods.filter(|method| operations.contains_key(&method.to_lowercase()));
            (path.clone(), methods.collect())
        })
        .collect();
    assert!(routes.len() > 20, "{routes:?}");
    routes
}
