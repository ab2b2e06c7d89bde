//! `GET /docs`: the API for people, made from the `OpenAPI` document and served by the binary alone.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderValue, header};
use serde_json::{Map, Value};

use super::openapi::JSON;

const STYLE: &str = include_str!("docs/docs.css");

/// The API for people.
#[utoipa::path(get, path = "/docs", tag = "server",
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn docs() -> Response {
    static BODY: LazyLock<String> = LazyLock::new(body);
    page("API", &BODY)
}

/// A page of our own: no script, no request to anywhere else.
pub(crate) fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{} – Keyway</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>",
        escape(title)
    );
    let mut response = Html(html).into_response();
    let policy = &*POLICY;
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    response
}

/// Lets in the one style by its hash, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(STYLE.as_bytes());
    let hash = base64::prelude::BASE64_STANDARD.encode(hash);
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'");
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn body() -> String {
    let document: Value = serde_json::from_slice(&JSON).unwrap_or_default();
    let mut html = String::from(
        "<h1>Keyway API</h1><p>The machine-readable form is <a href=\"/openapi.json\">\
         /openapi.json</a>; every refusal has one of the <a href=\"/problems\">problem codes</a>. \
         Calls carry a management key as <code>Authorization: Bearer kw_mgmt_…</code>.</p>",
    );
    for (path, item) in object(&document, "paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                push_operation(&mut html, method, path, operation);
            }
        }
    }
    html.push_str("<h1>Shapes</h1>");
    let schemas = document.get("components").map(|it| object(it, "schemas"));
    for (name, schema) in schemas.into_iter().flatten() {
        push_schema(&mut html, name, schema);
    }
    html
}

fn object<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value
        .get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Writing to a String cannot fail.
macro_rules! push {
    ($html:expr, $($part:tt)*) => { let _written = write!($html, $($part)*); };
}

fn push_operation(html: &mut String, method: &str, path: &str, operation: &Value) {
    let method = method.to_uppercase();
    push!(html, "<h2><code>{method} {}</code></h2>", escape(path));
    push!(
        html,
        "<p>{} {}</p>",
        escape(text(operation, "summary")),
        escape(text(operation, "description"))
    );
    if let Some(body) = operation.get("requestBody") {
        push!(html, "<p>Body: {}</p>", content(body));
    }
    let parameters = operation.get("parameters").and_then(Value::as_array);
    if let Some(parameters) = parameters.filter(|it| !it.is_empty()) {
        html.push_str("<table><thead><tr><th>Parameter<th>Where<th>Meaning</tr></thead>");
        for it in parameters {
            let (name, place) = (escape(text(it, "name")), escape(text(it, "in")));
            let meaning = escape(text(it, "description"));
            push!(
                html,
                "<tr><td><code>{name}</code><td>{place}<td>{meaning}</tr>"
            );
        }
        html.push_str("</table>");
    }
    html.push_str("<table><thead><tr><th>Status<th>Answer</tr></thead>");
    for (status, response) in object(operation, "responses") {
        let shape = content(response);
        let words = escape(text(response, "description"));
        push!(html, "<tr><td>{status}<td>{words} {shape}</tr>");
    }
    html.push_str("</table>");
}

/// Links to the shapes of a body.
fn content(body: &Value) -> String {
    let mut links = String::new();
    for (media_type, it) in object(body, "content") {
        let name = it.get("schema").map(shape).unwrap_or_default();
        push!(links, "{name} <small>{}</small> ", escape(media_type));
    }
    links
}

fn shape(schema: &Value) -> String {
    if let Some(name) = text(schema, "$ref")
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
    {
        let name = escape(name);
        return format!("<a href=\"#{name}\"><code>{name}</code></a>");
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", shape(items));
    }
    for any in ["oneOf", "anyOf", "allOf"] {
        if let Some(members) = schema.get(any).and_then(Value::as_array) {
            return members.iter().map(shape).collect::<Vec<_>>().join(" or ");
        }
    }
    match schema.get("type") {
        Some(Value::String(one)) => escape(one),
        Some(Value::Array(many)) => many
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        _ => String::new(),
    }
}

fn push_schema(html: &mut String, name: &str, schema: &Value) {
    let name = escape(name);
    push!(html, "<h2 id=\"{name}\"><code>{name}</code></h2>");
    push!(html, "<p>{}</p>", escape(text(schema, "description")));
    let words: Vec<&str> = schema
        .get("enum")
        .and_then(Value::as_array)
        .map(|words| words.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if !words.is_empty() {
        push!(html, "<p><code>{}</code></p>", escape(&words.join(" | ")));
    }
    let mut fields = object(schema, "properties").peekable();
    if fields.peek().is_none() {
        push!(html, "<p>{}</p>", shape(schema));
        return;
    }
    html.push_str("<table><thead><tr><th>Field<th>Type<th>Meaning</tr></thead>");
    for (field, it) in fields {
        let (field, meaning) = (escape(field), escape(text(it, "description")));
        push!(
            html,
            "<tr><td><code>{field}</code><td>{}<td>{meaning}</tr>",
            shape(it)
        );
    }
    html.push_str("</table>");
}
