//! What the client can read. Everything under `/v1` answers in JSON, lines of it or a problem.

use http::{HeaderMap, header};

/// Of the media type `application`.
const SUBTYPES: [&str; 4] = ["*", "json", "problem+json", "x-ndjson"];

/// Whether an `Accept` leaves something over that the API can answer with; without one, all is.
pub(super) fn takes_json(headers: &HeaderMap) -> bool {
    let mut fields = headers.get_all(header::ACCEPT).iter().peekable();
    if fields.peek().is_none() {
        return true;
    }
    fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .any(is_ours)
}

fn is_ours(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_refused = parts.any(|parameter| {
        let weight = parameter.strip_prefix("q=").map(str::parse::<f32>);
        matches!(weight, Some(Ok(weight)) if weight <= 0.0)
    });
    let is_known = match media_type.split_once('/') {
        Some(("*", "*")) => true,
        Some(("application", subtype)) => SUBTYPES.contains(&subtype),
        _ => false,
    };
    is_known && !is_refused
}
