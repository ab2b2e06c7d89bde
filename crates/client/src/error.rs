//! Why a call brought no answer.

use keyway_api::code::Code;
use keyway_api::problem::Problem;

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server refused, and says why.
    #[error("{}", words(.0))]
    Problem(Box<Problem>),
    /// No answer arrived, or only a part of one.
    #[error("the server at {url} cannot be reached")]
    Unreachable {
        /// Where the call went.
        url: String,
        /// What happened on the way.
        #[source]
        cause: reqwest::Error,
    },
    /// Something answered, but not in the words of this API.
    #[error("the answer with status {status} is not one of Keyway's")]
    Foreign {
        /// The status of the answer.
        status: u16,
    },
    /// The request could not be made.
    #[error("the request cannot be sent")]
    Request(#[source] reqwest::Error),
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The address is not that of a server.
    #[error("{url:?} is not an http or https address")]
    Url {
        /// What was given.
        url: String,
    },
    /// A credential is printable ASCII.
    #[error("the management key holds characters that no key has")]
    Token,
    /// The system's certificates cannot be read.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The HTTP client itself.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
}

impl ClientError {
    /// The code of a refusal, where this version knows it.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Code::from_name(&problem.code),
            Self::Unreachable { .. } | Self::Foreign { .. } | Self::Request(_) => None,
        }
    }

    /// The HTTP status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            Self::Foreign { status } => Some(*status),
            Self::Unreachable { .. } | Self::Request(_) => None,
        }
    }

    /// Sorts an error of the HTTP client; an address in its text would only repeat ours.
    pub(crate) fn from_http(cause: reqwest::Error) -> Self {
        if cause.is_builder() {
            return Self::Request(cause.without_url());
        }
        let url = cause.url().map(|url| url.origin().ascii_serialization());
        Self::Unreachable {
            url: url.unwrap_or_default(),
            cause: cause.without_url(),
        }
    }
}

fn words(problem: &Problem) -> String {
    match &problem.detail {
        Some(detail) => format!("{}: {detail}", problem.title),
        None => problem.title.clone(),
    }
}
