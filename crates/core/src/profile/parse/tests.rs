use super::*;
use crate::profile::DefaultGrants;

const KEYWAY: &str = include_str!("../../../../../profiles/keyway.toml");
const NOCLICK: &str = include_str!("../../../../../profiles/noclick.toml");
const NOUKAI: &str = include_str!("../../../../../profiles/noukai.toml");

/// A closed catalogue and one of everything that a profile may hold.
const SMALL: &str = r#"
name = "small"
title = "Small"
carriers = ["header:X-Small-Key", "bearer"]

[key]
template = "sm_{env}_{secret:base62:22}"
environments = ["prod", "dev"]
legacy = ["old-[0-9]{6}"]
display_secret_chars = 3
project = "optional"

[permissions]
catalogue = ["read", "orders.write"]

[roles.reader]
permissions = ["read"]

[roles.writer]
permissions = ["orders.*", "read"]
contains = ["reader"]

[grants]
choosable = true
default = [{ role = "reader", resource = "*" }, { permissions = ["read"], resource = "project/a" }]

[limits]
active_keys_per_project = 1
rate_limit = "100/1m"
retry_after = "30s"
keys_per_organization = 2

[expiry]
editable = true

[revocation]
lease = "4s"

[codes.key_limit_reached]
code = "TooMany"
status = 499
"#;

/// The fault of the small profile with one piece replaced.
fn fault_of(piece: &str, by: &str) -> String {
    assert_eq!(SMALL.matches(piece).count(), 1, "{piece}");
    let changed = SMALL.replace(piece, by);
    Profile::parse(&changed).unwrap_err().to_string()
}

fn words(profile: &Profile, role: &str) -> Vec<String> {
    profile.roles.words(&role.parse().unwrap())
}

#[test]
fn a_profile_is_read_whole() {
    let profile = Profile::parse(SMALL).unwrap();
    assert_eq!((&*profile.name, &*profile.title), ("small", "Small"));
    assert!(!profile.is_default);
    assert_eq!(profile.key.template.as_str(), "sm_{env}_{secret:base62:22}");
    assert_eq!(profile.key.environments, ["prod", "dev"]);
    assert_eq!(profile.key.legacy, ["old-[0-9]{6}"]);
    assert_eq!(profile.key.display_secret_chars, 3);
    assert_eq!(profile.key.project, ProjectRule::Optional);
    let has = |word: &str| profile.permissions.contains(&word.parse().unwrap());
    assert!(has("read") && has("orders.write") && !has("orders.read"));
    assert_eq!(words(&profile, "writer"), ["orders.*", "read"]);
    assert!(profile.grants.is_choosable);
    let DefaultGrants::These(grants) = &profile.grants.default else {
        panic!("{:?}", profile.grants.default);
    };
    let places: Vec<&str> = grants
        .as_slice()
        .iter()
        .map(|it| it.resource.as_str())
        .collect();
    assert_eq!(places, ["*", "project/a"]);
    assert_eq!(profile.limits.active_keys_per_project, Some(1));
    assert_eq!(profile.limits.keys_per_organization, Some(2));
    assert_eq!(profile.limits.rate_limit, Some("100/1m".parse().unwrap()));
    assert_eq!(profile.limits.retry_after, Span::from_secs(30));
    let header = Carrier::Header("x-small-key".to_owned());
    assert_eq!(profile.carriers, [header, Carrier::Bearer]);
    let renamed = RenamedCode {
        code: "TooMany".to_owned(),
        status: 499,
    };
    assert_eq!(profile.codes.get("key_limit_reached"), Some(&renamed));
    assert_eq!(profile.lease, LEASE_MIN);
}

#[test]
fn the_default_profile_is_open_and_grants_nothing_by_itself() {
    let profile = Profile::parse(KEYWAY).unwrap();
    assert_eq!((&*profile.name, profile.is_default), ("keyway", true));
    assert_eq!(
        profile.key.template.as_str(),
        "kw_{env}_{id:12}_{secret:base62:40}{check:6}"
    );
    assert_eq!(profile.key.environments, ["live", "test"]);
    assert_eq!(profile.key.project, ProjectRule::Optional);
    assert_eq!(profile.permissions, Catalogue::Open);
    let api_key = Carrier::Header("x-api-key".to_owned());
    assert_eq!(profile.carriers, [Carrier::Bearer, api_key]);
    let names: Vec<&str> = profile
        .roles
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["admin", "developer", "owner", "viewer"]);
    assert_eq!(words(&profile, "admin"), ["*"]);
    assert_eq!(words(&profile, "viewer"), ["read", "*.read"]);
    assert_eq!(profile.grants.default, DefaultGrants::Nothing);
    assert!(profile.grants.is_choosable && profile.expiry.is_editable);
    assert_eq!(profile.limits.active_keys_per_project, None);
    assert_eq!(profile.lease, Span::from_secs(30));
    assert!(profile.codes.is_empty());
}

#[test]
fn the_noclick_profile_gives_a_key_to_its_owner_with_three_permissions_and_no_project() {
    let profile = Profile::parse(NOCLICK).unwrap();
    assert_eq!((&*profile.name, profile.is_default), ("noclick", false));
    assert_eq!(profile.dialect.as_deref(), Some("noclick"));
    assert_eq!(profile.key.template.as_str(), "nk_live_{secret:hex:64}");
    assert_eq!(profile.key.environments, ["live"]);
    assert_eq!(profile.key.project, ProjectRule::Never);
    assert_eq!(profile.key.display_secret_chars, 4);
    assert!(!profile.key.has_suffix);
    let permissions = ["read", "execute", "write"].map(|it| it.parse().unwrap());
    assert_eq!(profile.permissions, Catalogue::Words(permissions.to_vec()));
    assert_eq!(words(&profile, "owner"), ["read", "execute", "write"]);
    assert_eq!(profile.grants.default, DefaultGrants::Inherit);
    assert!(profile.grants.members_inherit);
    assert_eq!(profile.limits.active_keys_per_project, None);
}

#[test]
fn the_noukai_profile_gives_a_key_its_project_and_ten_to_a_project() {
    let profile = Profile::parse(NOUKAI).unwrap();
    assert_eq!((&*profile.name, profile.is_default), ("noukai", false));
    assert_eq!(
        profile.key.template.as_str(),
        "nk_{env}_{id:8}_{secret:base62:32}"
    );
    assert_eq!(profile.key.environments, ["live", "test"]);
    assert_eq!(profile.key.project, ProjectRule::Required);
    assert_eq!(profile.carriers, [Carrier::Bearer]);
    assert_eq!(profile.grants.default, DefaultGrants::AllOfOwn);
    assert!(!profile.grants.is_choosable && !profile.expiry.is_editable);
    assert_eq!(profile.limits.active_keys_per_project, Some(10));
    assert_eq!(profile.lease, Span::from_secs(20));
    let renamed: Vec<(&str, &str, u16)> = profile
        .codes
        .iter()
        .map(|(name, to)| (&**name, &*to.code, to.status))
        .collect();
    assert_eq!(
        renamed,
        [
            ("api_key_expired", "API_KEY_EXPIRED", 401),
            ("api_key_inactive", "API_KEY_INVALID", 401),
            ("api_key_invalid", "API_KEY_INVALID", 401),
            ("api_key_malformed", "API_KEY_INVALID", 401),
            ("api_key_missing", "AUTH_REQUIRED", 401),
            ("api_key_revoked", "API_KEY_REVOKED", 401),
            ("insufficient_permissions", "ROLE_FORBIDDEN", 403),
            ("invalid_request", "INVALID_REQUEST", 422),
            ("key_limit_reached", "KEY_LIMIT_REACHED", 429),
            ("out_of_scope", "PROJECT_FORBIDDEN", 403),
        ]
    );
}

/// A piece of the small profile, what stands in its place, and how the fault begins.
const FAULTS: &[(&str, &str, &str)] = &[
    ("name = \"small\"", "name = \"a/b\"", "name: "),
    ("title = \"Small\"", "title = \"\"", "title: "),
    (
        "[\"header:X-Small-Key\", \"bearer\"]",
        "[]",
        "carriers: name at least one carrier",
    ),
    ("\"bearer\"", "\"cookie\"", "carriers: a carrier is"),
    ("\"bearer\"", "\"header:Cookie\"", "carriers: a carrier is"),
    ("\"bearer\"", "\"header:\"", "carriers: a carrier is"),
    ("\"bearer\"", "\"header:a b\"", "carriers: a carrier is"),
    (
        "\"bearer\"",
        "\"header:x-small-key\"",
        "carriers: header:x-small-key is listed twice",
    ),
    ("sm_{env}", "s{env}", "key.template: a template begins with"),
    (
        "sm_{env}",
        "kw_mgmt_{env}",
        "key.template: keys of this template could begin",
    ),
    (
        "[\"prod\", \"dev\"]",
        "[]",
        "key.environments: name at least one",
    ),
    ("\"dev\"", "\"Dev\"", "key.environments: an environment is"),
    ("\"dev\"", "\"\"", "key.environments: an environment is"),
    (
        "\"dev\"",
        "\"abcdefghijklmnopq\"",
        "key.environments: an environment is",
    ),
    (
        "\"dev\"",
        "\"prod\"",
        "key.environments: the environment `prod` is listed twice",
    ),
    (
        "old-[0-9]{6}",
        "old-[0-9",
        "key.legacy: the pattern `old-[0-9`",
    ),
    (
        "\"optional\"",
        "\"maybe\"",
        "key.project: is \"never\", \"optional\", \"required\" or",
    ),
    (
        "\"orders.write\"",
        "\"Orders\"",
        "permissions.catalogue: a permission is",
    ),
    (
        "[\"read\", \"orders.write\"]",
        "\"closed\"",
        "permissions.catalogue: is \"open\"",
    ),
    (
        "[\"orders.*\", \"read\"]",
        "[\"o*\"]",
        "roles.writer: a permission is",
    ),
    (
        "[\"orders.*\", \"read\"]",
        "[\"wrong\"]",
        "roles.writer: wrong is not in",
    ),
    (
        "[\"reader\"]",
        "[\"nobody\"]",
        "roles.writer: contains no role nobody",
    ),
    (
        "[\"reader\"]",
        "[\"writer\"]",
        "roles.writer: contains writer, which contains",
    ),
    (
        "role = \"reader\"",
        "role = \"nobody\"",
        "grants.default: there is no role nobody",
    ),
    (
        "{ permissions = [\"read\"]",
        "{ permissions = [\"x\"]",
        "grants.default: x is not",
    ),
    ("\"project/a\"", "\"a\"", "grants.default: a resource is"),
    (
        "role = \"reader\",",
        "role = \"reader\", permissions = [],",
        "grants.default: a grant has either",
    ),
    (
        "rate_limit = \"100/1m\"",
        "rate_limit = \"0/1m\"",
        "limits.rate_limit: a limit is",
    ),
    (
        "retry_after = \"30s\"",
        "retry_after = \"2h\"",
        "limits.retry_after: a wait is",
    ),
    (
        "active_keys_per_project = 1",
        "active_keys_per_project = 0",
        "limits.active_keys",
    ),
    (
        "lease = \"4s\"",
        "lease = \"3s\"",
        "revocation.lease: a lease is from 4s to 5m",
    ),
    (
        "lease = \"4s\"",
        "lease = \"301s\"",
        "revocation.lease: a lease is from 4s to 5m",
    ),
    (
        "lease = \"4s\"",
        "lease = \"soon\"",
        "revocation.lease: a span is",
    ),
    (
        "codes.key_limit_reached",
        "codes.KeyLimit",
        "codes.KeyLimit: a code that is",
    ),
    (
        "\"TooMany\"",
        "\"Too many\"",
        "codes.key_limit_reached: a code is",
    ),
    (
        "status = 499",
        "status = 500",
        "codes.key_limit_reached: a status is",
    ),
    (
        "status = 499",
        "status = 399",
        "codes.key_limit_reached: a status is",
    ),
];

#[test]
fn each_fault_names_its_key() {
    for (piece, by, wanted) in FAULTS {
        let fault = fault_of(piece, by);
        assert!(fault.starts_with(wanted), "{by}: {fault}");
    }
}

#[test]
fn an_unknown_or_missing_key_is_an_error_in_every_table() {
    let tables = [
        ("title = \"Small\"", ""),
        ("display_secret_chars = 3", "key"),
        ("catalogue = ", "permissions"),
        ("contains = [\"reader\"]", "roles.writer"),
        ("choosable = true", "grants"),
        ("active_keys_per_project = 1", "limits"),
        ("editable = true", "expiry"),
        ("lease = \"4s\"", "revocation"),
        ("status = 499", "codes.key_limit_reached"),
    ];
    for (line, table) in tables {
        let fault = fault_of(line, &format!("misspelt = 1\n{line}"));
        assert!(
            fault.contains("unknown field `misspelt`"),
            "{table}: {fault}"
        );
    }
    let fault = fault_of("[expiry]", "[unheard_of]\n[expiry]");
    assert!(fault.contains("unknown field `unheard_of`"), "{fault}");
    for key in [
        "carriers = ",
        "template = ",
        "catalogue = ",
        "choosable = ",
        "lease = ",
    ] {
        let line = SMALL.lines().find(|line| line.starts_with(key)).unwrap();
        let fault = fault_of(line, "");
        let name = key.trim_end_matches(" = ");
        assert!(
            fault.contains(&format!("missing field `{name}`")),
            "{fault}"
        );
    }
}

#[test]
fn a_value_of_another_kind_is_told_by_line_and_by_what_belongs_there() {
    let cases = [
        (
            "[\"read\", \"orders.write\"]",
            "7",
            "permissions.catalogue is \"open\" or a list",
        ),
        (
            "role = \"reader\"",
            "roles = \"reader\"",
            "grants.default is \"nothing\",",
        ),
        (
            "editable = true",
            "editable = \"yes\"",
            "expected a boolean",
        ),
        (
            "display_secret_chars = 3",
            "display_secret_chars = -1",
            "expected usize",
        ),
        ("status = 499", "status = 70000", "expected u16"),
    ];
    for (piece, by, wanted) in cases {
        let fault = fault_of(piece, by);
        assert!(fault.contains(wanted), "{fault}");
        assert!(fault.starts_with("TOML parse error at line"), "{fault}");
    }
}

/// S-ASVS-07: a plain SHA-256 is enough only for what nobody can guess.
#[test]
fn a_template_that_draws_too_little_is_refused_with_its_bits() {
    let table = [
        ("base62:18", Some(107)),
        ("base62:19", Some(113)),
        ("base62:21", Some(125)),
        ("base62:22", None),
        ("hex:28", Some(112)),
        ("hex:31", Some(124)),
        ("hex:32", None),
    ];
    for (secret, weak) in table {
        let changed = SMALL.replace("base62:22", secret);
        let refused = Profile::parse(&changed).err().map(|it| it.to_string());
        let wanted =
            weak.map(|bits| format!("key.template: the secret has {bits} bits and needs 128"));
        assert_eq!(refused, wanted, "{secret}");
    }
}

#[test]
fn whatever_a_profile_shows_of_a_secret_112_bits_stay_hidden() {
    struct Zeros;
    impl keyway_token::entropy::Entropy for Zeros {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }
    let greedy = SMALL.replace("display_secret_chars = 3", "display_secret_chars = 22");
    let key = Profile::parse(&greedy).unwrap().key;
    let minted = key.template.mint("prod", None, &mut Zeros);
    let raw = minted.secret.expose();
    let shown = key
        .template
        .display_prefix(raw, key.display_secret_chars)
        .len()
        + key.template.suffix(raw).len();
    let hidden_millibits = (raw.len() - shown) * 5_954;
    assert!(hidden_millibits >= 112_000, "{hidden_millibits}");
}

#[test]
fn a_profile_that_is_too_large_is_not_read() {
    let large = format!("{SMALL}#{}", "x".repeat(PROFILE_BYTES_MAX));
    assert_eq!(
        Profile::parse(&large).unwrap_err(),
        InvalidProfile::TooLarge
    );
}

#[test]
fn a_role_says_what_is_done_with_keys_of_ones_own() {
    let with = |words: &str| {
        let own = format!("[roles.reader]\nmanage_own = {words}");
        Profile::parse(&SMALL.replace("[roles.reader]", &own)).map_err(|error| error.to_string())
    };
    let profile = with("[\"keys.read\"]").unwrap();
    for role in ["reader", "writer"] {
        let role = role.parse().unwrap();
        let own = |permission| profile.roles.manage_own(&role, permission);
        assert!(own(ManagementPermission::KeysRead) && !own(ManagementPermission::KeysCreate));
        assert!(!profile.roles.manage(&role, ManagementPermission::KeysRead));
    }
    for word in ["*", "*.read", "members.read", "keys.raed"] {
        assert_eq!(
            with(&format!("[\"{word}\"]")).unwrap_err(),
            format!("roles.reader: {word} is nothing that is done with one's own keys")
        );
    }
}
