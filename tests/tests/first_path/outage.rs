//! When there is no decision, nothing passes, and nobody is told that a key is bad.

use keyway_tests::product::Product;
use keyway_tests::wait;
use serde_json::json;

use crate::gateway::{Gateway, Proxy, Scene};

pub(crate) async fn nothing_passes_while_keyway_is_away(proxy: Proxy) {
    let mut scene = Scene::set(proxy).await;
    let (_, secret) = scene.key(json!({})).await;
    let customer = scene.customer(&secret);
    assert_eq!(customer.get("/").await.status, 200);

    scene.server.kill();
    let refused = customer.get("/").await;
    let expected = match proxy {
        Proxy::Nginx => 503,
        Proxy::Caddy => 502,
    };
    assert_eq!(refused.status, expected, "{}", refused.text());
    assert_eq!(scene.product.arrived().len(), 1);

    scene.server.start_again().await;
    // nginx waits some seconds before it asks a server again that was not there.
    wait::until("the proxy to find Keyway again", async || {
        (customer.get("/").await.status == 200).then_some(())
    })
    .await;
}

/// S-PROXY-05: an undecided case is a 503 at the client. (A stand-in that never decides: the real
/// one can hardly be held in that state.)
pub(crate) async fn what_keyway_cannot_decide_is_neither_yes_nor_no(proxy: Proxy) {
    let undecided = Product::answering(503).await;
    let product = Product::start().await;
    let gateway = Gateway::start(proxy, undecided.authority(), product.authority()).await;
    let customer = keyway_tests::client::Caller::of_anything(gateway.authority());
    let answer = customer.with("anything").get("/").await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    if proxy == Proxy::Nginx {
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_eq!(undecided.arrived().len(), 1);
    assert_eq!(product.arrived().len(), 0);
}

/// The mapping is about the question and not about the product.
pub(crate) async fn an_error_of_the_product_stays_its_own(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    let (_, secret) = scene.key(json!({})).await;
    for status in [401, 403, 500] {
        let product = Product::answering(status).await;
        let keyway = scene.server.authority();
        let gateway = Gateway::start(proxy, keyway, product.authority()).await;
        let customer = keyway_tests::client::Caller::of_anything(gateway.authority());
        let answer = customer.with(&secret).get("/").await;
        assert_eq!(answer.status, status);
        assert_eq!(product.arrived().len(), 1);
    }
}
