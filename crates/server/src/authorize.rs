//! `/v1/authorize`: forward-auth for proxies. What is asked stands in the query, which the proxy's
//! configuration writes; of the request's headers only the credential and, from trusted proxies, the
//! client's address count. Any method gives the same answer and no body is ever read (S-PROXY-01, -02).
//!
//! Plain hyper, before the router: this is the call that is made for each request of a product.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use keyway_api::code::Code;
use keyway_core::decide::{Ask, Reason, Verdict};
use keyway_core::management::Reach;
use keyway_core::permission::Permission;
use keyway_index::verify::Found;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::answer::problem::{Problem, finish};
use crate::app::App;
use crate::profile_in_force::ProfileInForce;
use crate::quota;
use crate::request::context::RequestContext;
use crate::request::credential::{
    CHALLENGE_INVALID, CHALLENGE_MISSING, CHALLENGE_UNREADABLE, Carried, key_credential,
};
use crate::request::fields::Faults;
use crate::request::query;
use crate::verify::{Words, missing_of, product_code, read_ask, status_of};

pub(crate) const PATH: &str = "/v1/authorize";

const CODE: HeaderName = HeaderName::from_static("keyway-code");
const MESSAGE: HeaderName = HeaderName::from_static("keyway-message");
const KEY_ID: HeaderName = HeaderName::from_static("keyway-key-id");
const KEY_NAME: HeaderName = HeaderName::from_static("keyway-key-name");
const ORGANIZATION: HeaderName = HeaderName::from_static("keyway-organization");
const PROJECT: HeaderName = HeaderName::from_static("keyway-project");
const ENVIRONMENT: HeaderName = HeaderName::from_static("keyway-environment");
const OWNER: HeaderName = HeaderName::from_static("keyway-owner");
const PERMISSIONS: HeaderName = HeaderName::from_static("keyway-permissions");

/// Longest list of permissions in a header, in bytes. Proxies and products read a few KiB of headers.
const PERMISSIONS_BYTES_MAX: usize = 4_096;
/// Stands for a longer list. No permission is written like this, so whoever looks for one finds none; a
/// list that was cut would look whole.
const OMITTED: &str = "!omitted";

/// Everything that could be read in two ways in a header, beside what is no visible ASCII.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'%')
    .add(b'"')
    .add(b',')
    .add(b';')
    .add(b'\\');

/// Which statuses the proxy understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Any,
    /// 200, 401 and 403; everything else would become 500 (S-PROXY-05).
    Nginx,
}

/// Whom a refusal is shaped for.
struct Caller<'a> {
    request: &'a RequestContext,
    profile: &'a ProfileInForce,
    mode: Mode,
}

/// Answers one call, or gives the problem that the edge shapes. `fits`: whether its head does.
pub(crate) fn authorize<B>(
    app: &App,
    context: &RequestContext,
    request: &Request<B>,
    fits: Result<(), Problem>,
) -> Result<Response<Bytes>, Problem> {
    let profile = app.profile_in_force()?;
    let query = request.uri().query().unwrap_or_default();
    let caller = Caller {
        request: context,
        profile: &profile,
        mode: Mode::of(query),
    };
    let ask = match fits.and_then(|()| read_query(query)) {
        Ok(ask) => Ask {
            ip: context.address,
            ..ask
        },
        Err(problem) => return Ok(unreadable(app, &caller, &problem)),
    };
    let unverified = match key_credential(request.headers(), &profile.profile.carriers) {
        Carried::One(unverified) => unverified,
        Carried::Several => return Ok(several(app, &caller)),
        Carried::Nothing | Carried::Unusable => {
            app.telemetry.refused(Reason::Missing.code());
            return Ok(refused(app, &caller, Reason::Missing));
        }
    };
    let answer = app.verify(unverified, &Reach::All, &ask, identity);
    match (answer.verdict, answer.key) {
        (Verdict::Undecided(cause), _) => Err(cause.into()),
        (Verdict::Allow(()), Some(identity)) => {
            let mut response = Response::new(Bytes::new());
            *response.headers_mut() = identity;
            if let Some(quota) = &answer.quota {
                quota::insert_headers(response.headers_mut(), quota);
            }
            Ok(response)
        }
        (Verdict::Allow(()), None) => Err(Problem::undecided()),
        (Verdict::Deny(reason), _) => Ok(refused(app, &caller, reason)),
    }
}

impl Mode {
    /// Read before anything else: a query that cannot be read is answered in this mode too.
    fn of(query: &str) -> Self {
        if query.split('&').any(|pair| pair == "proxy=nginx") {
            Self::Nginx
        } else {
            Self::Any
        }
    }
}

fn read_query(query: &str) -> Result<Ask, Problem> {
    let mut permissions = Vec::new();
    let mut words = [None, None, None];
    for (name, value) in query::pairs(query)? {
        match name.as_str() {
            // Several are one parameter with commas: a repeated one is a second reader's other value.
            "permission" => permissions.extend(value.split(',').map(|it| it.trim().to_owned())),
            "resource" => words[0] = Some(value),
            "organization" => words[1] = Some(value),
            "environment" => words[2] = Some(value),
            "proxy" if value == "nginx" => {}
            "proxy" => {
                return Err(Problem::field(
                    "proxy",
                    "nginx is the only proxy with a mode",
                ));
            }
            _ => return Err(Problem::field(name, "this route has no such parameter")),
        }
    }
    let mut faults = Faults::default();
    let words = Words {
        permissions: &permissions,
        resource: words[0].as_deref(),
        organization: words[1].as_deref(),
        environment: words[2].as_deref(),
        ip: None,
    };
    let ask = read_ask(&mut faults, "", words);
    faults.done(Some(ask))
}

/// All identity headers, empty ones too: one that the client forged must not survive (S-PROXY-13).
fn identity(found: &Found<'_>) -> HeaderMap {
    // With the edge's own: growing on the way would hash every header again.
    let mut headers = HeaderMap::with_capacity(16);
    let texts = found.texts();
    headers.insert(KEY_ID, value(texts.id));
    headers.insert(KEY_NAME, value(texts.name));
    headers.insert(ORGANIZATION, value(found.organization().id.as_str()));
    headers.insert(PROJECT, value(found.project().unwrap_or_default()));
    headers.insert(ENVIRONMENT, value(found.environment()));
    headers.insert(OWNER, value(texts.owner().unwrap_or_default()));
    headers.insert(PERMISSIONS, permissions(&found.permissions()));
    headers
}

fn permissions(words: &[String]) -> HeaderValue {
    let list = words.join(",");
    if list.len() > PERMISSIONS_BYTES_MAX {
        return HeaderValue::from_static(OMITTED);
    }
    HeaderValue::from_str(&list).unwrap_or(HeaderValue::from_static(""))
}

/// Percent-encoded UTF-8.
fn value(text: &str) -> HeaderValue {
    let encoded = Cow::from(utf8_percent_encode(text, ENCODED));
    HeaderValue::from_str(&encoded).unwrap_or(HeaderValue::from_static(""))
}

/// A refused key: the whole problem as body for proxies that hand it on, code and message in headers
/// for those that drop it, both in the product's words.
fn refused(app: &App, it: &Caller<'_>, reason: Reason) -> Response<Bytes> {
    let profile = &it.profile.profile;
    let code = Code::from_name(reason.code()).unwrap_or(Code::ApiKeyInvalid);
    let challenge = challenge(&reason, status_of(&reason, profile));
    let product_code = product_code(&reason, profile).to_owned();
    let quota = reason.quota();
    let mut problem = match &quota {
        Some(quota) => quota::problem(quota, profile),
        None => Problem::new(code),
    };
    let missing = missing_of(reason);
    if !missing.is_empty() {
        problem = problem.detail(format!("it needs {}", missing.join(", ")));
    }
    let mut response = shaped(app, it, &problem, &product_code, challenge);
    if let Some(quota) = &quota {
        quota::insert_headers(response.headers_mut(), quota);
    }
    response
}

fn several(app: &App, it: &Caller<'_>) -> Response<Bytes> {
    unreadable(app, it, &Problem::new(Code::DuplicateCredentials))
}

/// A call that could be read in two ways, or not at all: nothing was looked up.
fn unreadable(app: &App, it: &Caller<'_>, problem: &Problem) -> Response<Bytes> {
    app.telemetry.problem(problem.code());
    let name = problem.code().name();
    let renamed = it.profile.profile.codes.get(name);
    let product_code = renamed.map_or(name, |it| &it.code);
    let challenge =
        (problem.code().status() == 400).then_some(HeaderValue::from_static(CHALLENGE_UNREADABLE));
    shaped(app, it, problem, product_code, challenge)
}

fn shaped(
    app: &App,
    it: &Caller<'_>,
    problem: &Problem,
    product_code: &str,
    challenge: Option<HeaderValue>,
) -> Response<Bytes> {
    let in_force = Some(it.profile);
    let mut response = finish(problem, &it.request.id, PATH, &app.public_url, in_force);
    if it.mode == Mode::Nginx {
        *response.status_mut() = match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST => StatusCode::UNAUTHORIZED,
            _ => StatusCode::FORBIDDEN,
        };
    }
    let headers = response.headers_mut();
    headers.insert(CODE, value(product_code));
    headers.insert(MESSAGE, HeaderValue::from_static(problem.code().title()));
    if let Some(challenge) = challenge {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// S-BEARER-02, -03, -05.
fn challenge(reason: &Reason, status: u16) -> Option<HeaderValue> {
    match reason {
        Reason::Missing => Some(HeaderValue::from_static(CHALLENGE_MISSING)),
        Reason::InsufficientPermissions { missing } => {
            let missing: Vec<&str> = missing.iter().map(Permission::as_str).collect();
            let scope = missing.join(" ");
            let text =
                format!(r#"Bearer realm="keyway", error="insufficient_scope", scope="{scope}""#);
            HeaderValue::from_str(&text).ok()
        }
        _ if status == 401 => Some(HeaderValue::from_static(CHALLENGE_INVALID)),
        _ => None,
    }
}
