//! Issuers of tokens, and the provider of sign-ins.

use super::*;

const ISSUER: &str =
    "[[jwt.issuer]]\nissuer = \"joe\"\naudience = \"us\"\norganizations = [\"*\"]\n";

fn issuer(more: &str) -> Start {
    let start = Start::default().variable("JWT_SECRET", "word");
    start.file(&format!("{ISSUER}{more}\n"))
}

#[test]
fn the_samples_issuer_can_be_used_once_its_signs_are_taken_away() {
    let text = DEFAULTS
        .replace("# [[jwt.issuer]]", "[[jwt.issuer]]")
        .replace("#   ", "");
    let start = Start::default().variable("SUPABASE_JWT_SECRET", "word");
    let config = start.file(&text).config().unwrap();
    let [issuer] = config.jwt_issuers.as_slice() else {
        panic!("{:?}", config.jwt_issuers);
    };
    assert_eq!(issuer.issuer, "https://PROJECT.supabase.co/auth/v1");
    assert_eq!(issuer.audience, "authenticated");
    assert_eq!(issuer.secret.as_ref().unwrap().expose(), "word");
    assert!(issuer.jwks_url.is_some());
    assert_eq!(issuer.member_claim, "email");
    let claim = issuer.organization_claim.as_deref();
    assert_eq!(claim, Some("/app_metadata/organization"));
    let named = Organizations::Named(vec!["org_acme".parse().unwrap()]);
    assert_eq!(issuer.organizations, named);
}

#[test]
fn an_issuer_is_listed_without_its_secret() {
    let settings = issuer("secret_variable = \"JWT_SECRET\"")
        .settings()
        .unwrap();
    let list = settings.list();
    let found = list.iter().find(|it| it.name == "jwt.issuer").unwrap();
    assert_eq!(found.value, "joe");
    assert!(found.origin.ends_with("keyway.toml:1"), "{}", found.origin);
    assert!(!format!("{list:?}{settings:?}").contains("word"));
}

#[test]
fn an_issuers_secret_may_lie_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "a word\n").unwrap();
    let line = format!("secret_file = \"{}\"", path.display());
    let config = issuer(&line).config().unwrap();
    let secret = config.jwt_issuers[0].secret.as_ref().unwrap();
    assert_eq!(secret.expose(), "a word");
    std::fs::write(&path, "\n").unwrap();
    assert!(issuer(&line).config().is_err());
    std::fs::remove_file(&path).unwrap();
    assert!(issuer(&line).config().is_err());
}

#[test]
fn an_issuer_that_lacks_something_or_says_it_twice_is_refused() {
    let keys = "jwks_url = \"https://id.example/keys\"";
    let without = |field: &str| {
        let lines = ISSUER.lines().filter(|line| !line.starts_with(field));
        let lines: Vec<&str> = lines.chain([keys]).collect();
        Start::default().file(&lines.join("\n")).refusal()
    };
    assert_eq!(
        without("issuer"),
        "jwt.issuer.issuer (from keyway.toml:1): expected what the tokens have as `iss`, \
         and no other table has"
    );
    assert_eq!(
        without("audience"),
        "jwt.issuer.audience (from keyway.toml:1): expected what the tokens have in `aud`"
    );
    for (more, field) in [
        ("", "jwks_url"),
        ("jwks_url = \"http://id.example/keys\"", "jwks_url"),
        ("jwks_url = 1", "jwks_url"),
        ("secret_variable = \"UNSET\"", "secret_variable"),
        (
            "secret_file = \"a\"\nsecret_variable = \"JWT_SECRET\"",
            "secret_file",
        ),
        (&format!("{keys}\n{ISSUER}{keys}"), "issuer"),
    ] {
        let refusal = issuer(more).refusal();
        let begin = format!("jwt.issuer.{field} (from keyway.toml:");
        assert!(refusal.starts_with(&begin), "{more}: {refusal}");
        assert!(!refusal.contains("word"), "{refusal}");
    }
    let unknown = issuer("secret = \"word\"").refusal();
    assert_eq!(
        unknown,
        "keyway.toml:5: there is no key `jwt.issuer.secret`"
    );
    let no_table = Start::default().file("jwt.issuer = [1]\n").refusal();
    assert_eq!(no_table, "keyway.toml:1: there is no key `jwt.issuer`");
}

fn oidc() -> Start {
    Start::default()
        .variable("KEYWAY_OIDC_ISSUER", "https://id.example/tenant/")
        .variable("KEYWAY_OIDC_CLIENT_ID", "keyway")
}

#[test]
fn a_provider_is_told_by_the_environment_or_the_file() {
    let told = oidc().config().unwrap().oidc.unwrap();
    assert_eq!(told.issuer, "https://id.example/tenant/");
    assert_eq!(told.client_id, "keyway");
    assert!(told.client_secret.is_none());
    assert_eq!(told.scopes, ["openid", "email"]);
    assert_eq!(told.label, "Continue with single sign-on");
    let file = "[oidc]\nscopes = [\"openid\", \"profile\"]\nclient_secret = \"word\"\n";
    let told = oidc().file(file).config().unwrap().oidc.unwrap();
    assert_eq!(told.scopes, ["openid", "profile"]);
    assert_eq!(told.client_secret.unwrap().expose(), "word");
    assert!(Start::default().config().unwrap().oidc.is_none());
}

#[test]
fn a_provider_that_lacks_something_or_has_it_twice_is_refused() {
    let half = Start::default().variable("KEYWAY_OIDC_CLIENT_SECRET", "word");
    assert_eq!(
        half.refusal(),
        "oidc.client_secret (from KEYWAY_OIDC_CLIENT_SECRET) is given and oidc.issuer is not"
    );
    let twice = oidc()
        .variable("KEYWAY_OIDC_CLIENT_SECRET", "word")
        .variable("KEYWAY_OIDC_CLIENT_SECRET_FILE", "secret");
    assert_eq!(
        twice.refusal(),
        "oidc.client_secret (from KEYWAY_OIDC_CLIENT_SECRET) and oidc.client_secret_file \
         (from KEYWAY_OIDC_CLIENT_SECRET_FILE) are both given"
    );
    let nowhere = oidc().variable("KEYWAY_OIDC_CLIENT_SECRET_FILE", "no/such/file");
    assert!(nowhere.config().is_err());
    for (variable, value) in [
        ("KEYWAY_OIDC_ISSUER", "http://id.example"),
        ("KEYWAY_OIDC_ISSUER", "https://id.example/?a=b"),
        ("KEYWAY_OIDC_SCOPES", "email"),
        ("KEYWAY_OIDC_SCOPES", "openid,e mail"),
    ] {
        let refusal = oidc().variable(variable, value).refusal();
        assert!(
            refusal.contains(&format!("(from {variable}): expected")),
            "{refusal}"
        );
    }
}
