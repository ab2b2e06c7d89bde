//! The wires of other products, each under its profile. A test that proves a requirement of one begins
//! with its id.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod noclick;
mod noukai;
mod noxus;

use keyway_tests::client::Answer;

/// That it is a refusal as several products write them: `{"detail": "…"}`.
fn refuses(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    assert!(body["detail"].is_string(), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    assert_eq!(answer.header("content-type"), "application/json");
}
