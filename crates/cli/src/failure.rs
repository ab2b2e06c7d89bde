//! How a command ends badly: `error:` says what happened, `hint:` what to do, the exit code tells
//! programs which kind it is.

use keyway_api::code::Code;
use keyway_api::problem::{FieldProblem, Problem};
use keyway_client::error::{BuildError, ClientError};
use keyway_server::config::error::{ConfigError, ProfileFault};
use keyway_server::serve::ServeError;
use keyway_server::serve::listener::ListenError;

/// What stands at the end of `keyway --help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; `verify`: the key is let through
  1  failed, or an answer that means no: a refused key, a refused import line, a broken audit log
  2  the command line, or the configuration of `serve` and `dev`, is wrong
  3  not authorized: no management key, one that is not accepted, or one that may not do this
  4  there is no such thing
  5  a conflict: it exists already, has changed meanwhile, or is in no state for this
  6  undecided or unavailable: repeat later";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    NotAuthorized = 3,
    NotFound = 4,
    Conflict = 5,
    Unavailable = 6,
}

#[derive(Debug)]
pub(crate) struct Failure {
    /// None when the data on stdout says it already.
    pub(crate) what: Option<String>,
    pub(crate) hint: Option<String>,
    pub(crate) exit: Exit,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            what: Some(what.into()),
            hint: None,
            exit,
        }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// The answer was no, and was printed as data.
    pub(crate) fn silent() -> Self {
        Self {
            what: None,
            hint: None,
            exit: Exit::Failed,
        }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The lines for stderr.
    pub(crate) fn text(&self) -> String {
        let what = self.what.iter().map(|what| format!("error: {what}\n"));
        let hint = self.hint.iter().map(|hint| format!("hint: {hint}\n"));
        what.chain(hint).collect()
    }
}

impl From<std::io::Error> for Failure {
    fn from(cause: std::io::Error) -> Self {
        Self::new(Exit::Failed, cause.to_string())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let what = with_causes(&error);
        match error {
            BuildError::Url { .. } => Self::usage(what)
                .hint("give it as --url or KEYWAY_URL, for example http://127.0.0.1:7878"),
            BuildError::Token => Self::usage(what).hint("check KEYWAY_TOKEN for stray characters"),
            BuildError::Tls(_) => Self::new(Exit::Failed, what)
                .hint("SSL_CERT_FILE names a file of certificates to trust"),
            BuildError::Http(_) => Self::new(Exit::Failed, what),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => Self::from_problem(&problem),
            ClientError::Unreachable { .. } => Self::new(Exit::Unavailable, with_causes(&error))
                .hint("is the server running, and is --url or KEYWAY_URL its address?"),
            ClientError::Foreign { .. } => Self::new(Exit::Failed, error.to_string())
                .hint("is --url or KEYWAY_URL the address of a Keyway server?"),
            ClientError::Request(_) => Self::new(Exit::Failed, with_causes(&error)),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self {
            hint: error.hint(),
            ..Self::usage(error.to_string())
        }
    }
}

impl From<ProfileFault> for Failure {
    fn from(fault: ProfileFault) -> Self {
        Self::new(Exit::Failed, fault.to_string())
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let failure = Self::new(Exit::Failed, with_causes(&error));
        match error {
            ServeError::Listen(ListenError::Bind { .. }) => {
                failure.hint("--listen or KEYWAY_LISTEN chooses another address")
            }
            ServeError::Listen(ListenError::Pem { .. } | ListenError::Tls(_)) => {
                failure.hint("--tls-cert and --tls-key name files in PEM that belong together")
            }
            ServeError::Open(_) => {
                failure.hint("`keyway config check` shows which database is meant, and who says so")
            }
            _ => failure,
        }
    }
}

impl Failure {
    fn from_problem(problem: &Problem) -> Self {
        let exit = match problem.status {
            401 | 403 => Exit::NotAuthorized,
            404 => Exit::NotFound,
            409 | 412 | 428 => Exit::Conflict,
            408 | 429 | 502..=504 => Exit::Unavailable,
            _ => Exit::Failed,
        };
        let title = match &problem.detail {
            Some(detail) => format!("{}: {detail}", problem.title),
            None => problem.title.clone(),
        };
        let code = match &problem.request_id {
            Some(id) => format!("  code: {}, request: {id}", problem.code),
            None => format!("  code: {}", problem.code),
        };
        let mut lines = vec![title];
        lines.extend(fields_in_words(&problem.errors));
        lines.push(code);
        let hint = Code::from_name(&problem.code).map(|code| code.page().to_do.to_owned());
        Self {
            what: Some(lines.join("\n")),
            hint,
            exit,
        }
    }
}

/// Wrong fields, a line each.
pub(crate) fn fields_in_words(fields: &[FieldProblem]) -> impl Iterator<Item = String> {
    fields
        .iter()
        .map(|field| format!("  {}: {}", field.pointer, field.detail))
}

/// An error and what is behind it, on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut words = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_words = cause.to_string();
        // A transparent error says the same as what is behind it.
        if words.last() != Some(&cause_words) {
            words.push(cause_words);
        }
        next = cause.source();
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_becomes_words_a_hint_and_an_exit_code() {
        let mut problem = Problem::new(Code::KeyNotFound);
        problem.request_id = Some("r1".to_owned());
        let failure = Failure::from(ClientError::Problem(Box::new(problem)));
        assert_eq!(failure.exit, Exit::NotFound);
        assert_eq!(
            failure.text(),
            "error: There is no such key\n  code: key_not_found, request: r1\n\
             hint: Check the id. The audit log still knows deleted keys.\n"
        );
    }

    #[test]
    fn every_kind_of_status_has_its_exit_code() {
        let exits = [
            (Code::CredentialMissing, Exit::NotAuthorized),
            (Code::PermissionDenied, Exit::NotAuthorized),
            (Code::KeyLimitReached, Exit::Conflict),
            (Code::PreconditionFailed, Exit::Conflict),
            (Code::Undecided, Exit::Unavailable),
            (Code::InvalidRequest, Exit::Failed),
        ];
        for (code, exit) in exits {
            assert_eq!(
                Failure::from_problem(&Problem::new(code)).exit,
                exit,
                "{code:?}"
            );
        }
    }
}
