//! `[[jwt.issuer]]`: whose signed tokens stand for members.
//!
//! It is the one table of the file that may stand several times, so it has neither options nor variables. Its secret has no place in the file:
//! the file names another one, or a variable.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use keyway_core::id::OrganizationId;
use keyway_token::secret::Secret;

use super::error::ConfigError;
use super::key::{Kind, Origin};
use super::layer::{Given, Value};
use super::remote_url::RemoteUrl;
use super::secret;

pub(crate) const TABLE: &str = "jwt.issuer";
/// The claim that names the member where no other is configured.
const MEMBER_CLAIM: &str = "email";
/// Stands for every organization.
const ALL: &str = "*";

/// An issuer whose tokens stand for members.
#[derive(Debug)]
pub struct JwtIssuer {
    /// `issuer`: exactly what its tokens have as `iss`. No default.
    pub issuer: String,
    /// `audience`: what its tokens have in `aud`. No default.
    pub audience: String,
    /// By `secret_file` or `secret_variable`: what HS256 is verified with. Default: no HS256.
    pub secret: Option<Secret>,
    /// `jwks_url`: where its public keys are. Default: no RS256, ES256 and `EdDSA`.
    pub jwks_url: Option<RemoteUrl>,
    /// `member_claim`: the claim with a member's e-mail address. Default `email`.
    pub member_claim: String,
    /// `organization_claim`: the claim with an organization's id or `external_id`. Default: the only
    /// one of which the person is a member.
    pub organization_claim: Option<String>,
    /// `organizations`: where the issuer's word counts. No default.
    pub organizations: Organizations,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Organizations {
    /// `*`
    All,
    Named(Vec<OrganizationId>),
}

macro_rules! fields {
    ($($field:ident $name:literal $kind:ident $expected:literal)*) => {
        /// A key of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field {
            $($field),*
        }

        impl Field {
            const ALL: &'static [Self] = &[$(Self::$field),*];

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name),*
                }
            }

            pub(crate) fn kind(self) -> Kind {
                match self {
                    $(Self::$field => Kind::$kind),*
                }
            }

            /// The second half of a sentence that begins with "expected".
            pub(crate) fn expected(self) -> &'static str {
                match self {
                    $(Self::$field => $expected),*
                }
            }
        }
    };
}

fields! {
    Issuer "issuer" Text "what the tokens have as `iss`, and no other table has"
    Audience "audience" Text "what the tokens have in `aud`"
    SecretFile "secret_file" Text "the path of a file, and no `secret_variable` beside it"
    SecretVariable "secret_variable" Text "the name of a variable that is set"
    JwksUrl "jwks_url" Text
        "an https address; it may only be missing where `secret_file` or `secret_variable` is not"
    MemberClaim "member_claim" Text "a claim's name, or a JSON pointer"
    OrganizationClaim "organization_claim" Text "a claim's name, or a JSON pointer"
    Organizations "organizations" List "a list of organizations' ids, or [\"*\"]"
}

impl Field {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

/// One table of the file, before it becomes a type.
#[derive(Clone, Debug)]
pub(crate) struct IssuerTable {
    pub(crate) origin: Origin,
    pub(crate) fields: BTreeMap<Field, Given>,
}

impl IssuerTable {
    /// The issuer's name, for people.
    pub(crate) fn title(&self) -> String {
        self.text(Field::Issuer).unwrap_or_default().to_owned()
    }

    /// With the secret that it names.
    pub(crate) fn parse(
        &self,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<JwtIssuer, ConfigError> {
        let secret = self.secret(variable)?;
        let jwks_url = match self.text(Field::JwksUrl) {
            Some(text) => Some(text.parse().map_err(|_| self.fault(Field::JwksUrl))?),
            None if secret.is_none() => return Err(self.fault(Field::JwksUrl)),
            None => None,
        };
        let member_claim = self.text(Field::MemberClaim).unwrap_or(MEMBER_CLAIM);
        Ok(JwtIssuer {
            issuer: self.required(Field::Issuer)?,
            audience: self.required(Field::Audience)?,
            secret,
            jwks_url,
            member_claim: member_claim.to_owned(),
            organization_claim: self.text(Field::OrganizationClaim).map(str::to_owned),
            organizations: self.organizations()?,
        })
    }

    fn secret(
        &self,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Secret>, ConfigError> {
        let (file, named) = (
            self.text(Field::SecretFile),
            self.text(Field::SecretVariable),
        );
        match (file, named) {
            (None, None) => Ok(None),
            (Some(path), None) => secret::read_file(Path::new(path)).map(Some),
            (None, Some(name)) => {
                let text = variable(name).and_then(|it| it.into_string().ok());
                let text = text.filter(|it| !it.is_empty());
                let text = text.ok_or_else(|| self.fault(Field::SecretVariable))?;
                Ok(Some(Secret::new(text)))
            }
            (Some(_), Some(_)) => Err(self.fault(Field::SecretFile)),
        }
    }

    fn organizations(&self) -> Result<Organizations, ConfigError> {
        let fault = || self.fault(Field::Organizations);
        let Some(Value::List(words)) = self.fields.get(&Field::Organizations).map(|it| &it.value)
        else {
            return Err(fault());
        };
        match words.as_slice() {
            [] => Err(fault()),
            [only] if only == ALL => Ok(Organizations::All),
            ids => {
                let ids = ids.iter().map(|id| id.parse().map_err(|_| fault()));
                ids.collect::<Result<_, _>>().map(Organizations::Named)
            }
        }
    }

    fn required(&self, field: Field) -> Result<String, ConfigError> {
        let text = self.text(field).ok_or_else(|| self.fault(field))?;
        Ok(text.to_owned())
    }

    fn text(&self, field: Field) -> Option<&str> {
        match self.fields.get(&field).map(|given| &given.value) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(crate) fn fault(&self, field: Field) -> ConfigError {
        let given = self.fields.get(&field);
        ConfigError::IssuerField {
            field,
            origin: given.map_or(&self.origin, |it| &it.origin).clone(),
        }
    }
}
