//! The shape of a deployment's keys: the first thing that a presented string meets.
//!
//! Most bad strings end here, without a digest and without a look-up. A string that fits the template
//! is walked by hand and allocates nothing. Only if it does not fit are the legacy patterns tried,
//! which a deployment has when it imported keys of another form.

use regex::Regex;

use crate::KEY_BYTES_MAX;
use crate::management::MANAGEMENT_PREFIX;
use crate::redact::{InvalidPattern, compile};
use crate::template::{ENVIRONMENT_BYTES_MAX, Template};

/// A template, the environments its keys may name, and the legacy patterns.
#[derive(Debug, Clone)]
pub struct Shape {
    template: Template,
    environments: Vec<String>,
    legacy: Option<Regex>,
}

/// What a well-formed string says about itself. Unverified: anybody can write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parsed<'r> {
    /// The environment, where the template has one.
    pub environment: Option<&'r str>,
    /// The key's id, where the template has one.
    pub id: Option<&'r str>,
    /// Whether a legacy pattern matched and not the template.
    pub is_legacy: bool,
}

/// Why a string cannot be a key of this deployment. Never holds any of the string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than [`KEY_BYTES_MAX`].
    #[error("the key is longer than {KEY_BYTES_MAX} bytes")]
    TooLong,
    /// Holds something else than visible ASCII characters.
    #[error("the key holds a character that no key has")]
    Character,
    /// Neither the template nor a legacy pattern fits.
    #[error("the key does not have the form of a key here")]
    Shape,
    /// Names an environment that this deployment does not have.
    #[error("the key names an environment that is not known here")]
    Environment,
    /// The form is right and the checksum is not: usually a typing error.
    #[error("the checksum of the key is wrong")]
    Checksum,
}

/// Why a template, environments and legacy patterns do not make a shape.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InvalidShape {
    /// The template has `{env}` and there is no environment to put there.
    #[error("the template has {{env}}, so at least one environment is needed")]
    NoEnvironment,
    /// An environment that cannot stand in a key.
    #[error("the environment `{0}` is not 1 to {ENVIRONMENT_BYTES_MAX} characters of [A-Za-z0-9_]")]
    Environment(String),
    /// An environment twice.
    #[error("the environment `{0}` is listed twice")]
    RepeatedEnvironment(String),
    /// A key could begin like a management key.
    #[error("keys of this template could begin with {MANAGEMENT_PREFIX}, which is reserved")]
    ManagementPrefix,
    /// A legacy pattern that cannot be compiled.
    #[error(transparent)]
    Legacy(#[from] InvalidPattern),
}

impl Shape {
    /// Puts a shape together. Legacy patterns are regular expressions over the whole string.
    pub fn new(
        template: Template,
        environments: Vec<String>,
        legacy: &[String],
    ) -> Result<Self, InvalidShape> {
        if template.has_environment() && environments.is_empty() {
            return Err(InvalidShape::NoEnvironment);
        }
        let mut seen: Vec<&str> = Vec::with_capacity(environments.len());
        for environment in &environments {
            if !is_environment(environment) {
                return Err(InvalidShape::Environment(environment.clone()));
            }
            if seen.contains(&environment.as_str()) {
                return Err(InvalidShape::RepeatedEnvironment(environment.clone()));
            }
            if template
                .literal_start(environment)
                .starts_with(MANAGEMENT_PREFIX)
            {
                return Err(InvalidShape::ManagementPrefix);
            }
            seen.push(environment);
        }
        if template.literal_start("").starts_with(MANAGEMENT_PREFIX) {
            return Err(InvalidShape::ManagementPrefix);
        }
        let legacy = compile_legacy(legacy)?;
        Ok(Self {
            template,
            environments,
            legacy,
        })
    }

    /// The template that new keys follow.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The environments that a key may name, in the profile's order.
    pub fn environments(&self) -> &[String] {
        &self.environments
    }

    /// Reads a string that somebody presented as a key. No look-up, no allocation.
    pub fn parse<'r>(&self, unverified: &'r str) -> Result<Parsed<'r>, Malformed> {
        if unverified.len() > KEY_BYTES_MAX {
            return Err(Malformed::TooLong);
        }
        if !unverified
            .bytes()
            .fold(true, |all, byte| all & byte.is_ascii_graphic())
        {
            return Err(Malformed::Character);
        }
        let refusal = match self.parse_template(unverified) {
            Ok(parsed) => return Ok(parsed),
            Err(refusal) => refusal,
        };
        match &self.legacy {
            Some(legacy)
                if !unverified.is_empty()
                    && !unverified.starts_with(MANAGEMENT_PREFIX)
                    && legacy.is_match(unverified) =>
            {
                Ok(Parsed {
                    environment: None,
                    id: None,
                    is_legacy: true,
                })
            }
            _ => Err(refusal),
        }
    }

    fn parse_template<'r>(&self, unverified: &'r str) -> Result<Parsed<'r>, Malformed> {
        let fields = self.template.read(unverified)?;
        if let Some(named) = fields.environment
            && !self.environments.iter().any(|known| known == named)
        {
            return Err(Malformed::Environment);
        }
        Ok(Parsed {
            environment: fields.environment,
            id: fields.id,
            is_legacy: false,
        })
    }
}

fn is_environment(text: &str) -> bool {
    (1..=ENVIRONMENT_BYTES_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One expression for all patterns, anchored at both ends.
fn compile_legacy(patterns: &[String]) -> Result<Option<Regex>, InvalidPattern> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut any = String::from(r"\A(?:");
    for (position, pattern) in patterns.iter().enumerate() {
        // Each on its own first: `a)|(b` compiles between brackets and then escapes its anchor.
        compile(pattern, pattern)?;
        any.push_str(if position == 0 { "(?:" } else { "|(?:" });
        any.push_str(pattern);
        any.push(')');
    }
    any.push_str(r")\z");
    compile(&any, &any).map(Some)
}
