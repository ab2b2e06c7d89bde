//! Keys of every template, minted and read back; and what becomes of keys that somebody mistyped.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot arrange its case has failed"
)]

use keyway_token::KEY_BYTES_MAX;
use keyway_token::base62::draw_id;
use keyway_token::entropy::Entropy;
use keyway_token::management::{MANAGEMENT_PREFIX, is_management_shape, mint_management};
use keyway_token::redact::{REDACTED, Redactor};
use keyway_token::shape::{InvalidShape, Malformed, Parsed, Shape};
use keyway_token::template::Template;
use proptest::prelude::*;

/// The templates that are promised to work, with their environments.
const TEMPLATES: &[(&str, &[&str])] = &[
    (
        "kw_{env}_{id:12}_{secret:base62:40}{check:6}",
        &["live", "test"],
    ),
    ("nk_live_{secret:hex:64}", &[]),
    ("nk_{env}_{id:8}_{secret:base62:32}", &["live", "test"]),
    (
        "sk_{env}_{secret:base62:40}",
        &["production", "sandbox", "sand_box"],
    ),
    ("noxus_{secret:base62:40}", &[]),
    (
        "ab{env}{id:64}{secret:hex:32}_x_{check:6}",
        &["a", "b_", "cc"],
    ),
];

/// A small generator (SplitMix64): the same keys in every run.
struct Sequence(u64);

impl Entropy for Sequence {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = mixed.to_le_bytes()[7];
        }
    }
}

fn shape(template: &str, environments: &[&str], legacy: &[&str]) -> Shape {
    let environments = environments.iter().map(|&name| name.to_owned()).collect();
    let legacy: Vec<String> = legacy.iter().map(|&pattern| pattern.to_owned()).collect();
    Shape::new(template.parse().unwrap(), environments, &legacy).unwrap()
}

fn refusal(template: &str, environments: &[&str], legacy: &[&str]) -> InvalidShape {
    let environments = environments.iter().map(|&name| name.to_owned()).collect();
    let legacy: Vec<String> = legacy.iter().map(|&pattern| pattern.to_owned()).collect();
    Shape::new(template.parse().unwrap(), environments, &legacy).unwrap_err()
}

/// A shape of the table and one of its environments.
fn any_shape() -> impl Strategy<Value = (Shape, String)> {
    (0..TEMPLATES.len(), any::<prop::sample::Index>()).prop_map(|(row, pick)| {
        let (template, environments) = TEMPLATES[row];
        let environment = if environments.is_empty() {
            ""
        } else {
            environments[pick.index(environments.len())]
        };
        (shape(template, environments, &[]), environment.to_owned())
    })
}

proptest! {
    #[test]
    fn a_minted_key_reads_back_as_what_it_was_minted_for(
        (shape, environment) in any_shape(),
        seed: u64,
    ) {
        let template = shape.template();
        let minted = template.mint(&environment, None, &mut Sequence(seed));
        let raw = minted.secret.expose();
        prop_assert_eq!(shape.parse(raw), Ok(Parsed {
            environment: template.has_environment().then_some(environment.as_str()),
            id: minted.id.as_deref(),
            is_legacy: false,
        }));
        prop_assert_eq!(minted.id.as_ref().map(String::len), template.id_len());
        let names: Vec<&str> = shape.environments().iter().map(String::as_str).collect();
        let pattern = regex::Regex::new(&template.regex(&names)).unwrap();
        prop_assert_eq!(pattern.find(raw).map(|found| found.as_str()), Some(raw));
        let redactor = Redactor::new(&[&template.regex(&names)]).unwrap();
        let text = format!("Bearer {raw}, and so on");
        prop_assert_eq!(redactor.redact(&text), format!("Bearer {REDACTED}, and so on"));
        prop_assert!(!is_management_shape(raw));
    }

    #[test]
    fn one_changed_character_breaks_a_key_with_a_checksum(
        seed: u64,
        at: prop::sample::Index,
        to in "[ -~]",
    ) {
        let (template, environments) = TEMPLATES[0];
        let shape = shape(template, environments, &[]);
        let minted = shape.template().mint("live", None, &mut Sequence(seed));
        let mut changed = minted.secret.expose().to_owned();
        let at = at.index(changed.len());
        changed.replace_range(at..=at, &to);
        if changed != minted.secret.expose() {
            prop_assert!(shape.parse(&changed).is_err());
        }
    }

    #[test]
    fn two_neighbours_swapped_break_a_key_with_a_checksum(seed: u64, at: prop::sample::Index) {
        let (template, environments) = TEMPLATES[0];
        let shape = shape(template, environments, &[]);
        let minted = shape.template().mint("test", None, &mut Sequence(seed));
        let mut bytes = minted.secret.expose().as_bytes().to_owned();
        let at = at.index(bytes.len() - 1);
        bytes.swap(at, at + 1);
        let swapped = String::from_utf8(bytes).unwrap();
        if swapped != minted.secret.expose() {
            prop_assert!(shape.parse(&swapped).is_err());
        }
    }

    #[test]
    fn a_cut_or_lengthened_key_never_parses((shape, environment) in any_shape(), seed: u64, cut: prop::sample::Index) {
        let minted = shape.template().mint(&environment, None, &mut Sequence(seed));
        let raw = minted.secret.expose();
        prop_assert!(shape.parse(&raw[..cut.index(raw.len())]).is_err());
        for longer in [format!("{raw}0"), format!("{raw}_"), format!("0{raw}"), format!("{raw}{raw}")] {
            prop_assert!(shape.parse(&longer).is_err());
        }
    }

    #[test]
    fn what_is_shown_is_part_of_the_key_and_not_of_its_hidden_middle(
        (shape, environment) in any_shape(),
        seed: u64,
        extra in 0_usize..100,
    ) {
        let template = shape.template();
        let minted = template.mint(&environment, None, &mut Sequence(seed));
        let raw = minted.secret.expose();
        let shown = template.display_prefix(raw, extra);
        let suffix = template.suffix(raw);
        prop_assert!(raw.starts_with(&shown) && raw.ends_with(&suffix));
        // 112 bits are at least 19 characters.
        prop_assert!(shown.len() + 19 + suffix.len() <= raw.len());
        prop_assert_eq!(format!("{:?}", minted.secret), format!("Secret({}…)", template.display_prefix(raw, 0)));
    }

    #[test]
    fn no_string_makes_anything_panic((shape, _) in any_shape(), raw in ".{0,100}") {
        let _ = shape.parse(&raw);
        drop(raw.parse::<Template>());
        drop(shape.template().display_prefix(&raw, 9));
        drop(shape.template().suffix(&raw));
        let _ = is_management_shape(&raw);
        let _ = keyway_token::digest::Digest::parse_hex_or_base64(&raw);
    }

    #[test]
    fn a_template_that_is_taken_mints_keys_that_it_reads(
        text in "kw(_|[a-z]|\\{env\\}|\\{id:[0-9]{1,2}\\}|\\{secret:(hex|base62):[0-9]{2}\\}){1,4}(\\{check:6\\})?",
        seed: u64,
    ) {
        if let Ok(template) = text.parse::<Template>() {
            let minted = template.mint("live", None, &mut Sequence(seed));
            let shape = Shape::new(template, vec!["live".to_owned()], &[]).unwrap();
            prop_assert!(shape.parse(minted.secret.expose()).is_ok());
        }
    }
}

#[test]
fn the_default_template_mints_exactly_this_key() {
    let template: Template = TEMPLATES[0].0.parse().unwrap();
    let minted = template.mint("live", None, &mut Sequence(1));
    assert_eq!(
        minted.secret.expose(),
        "kw_live_Hunn3W59BdQq_u795HUfIvmGuVSERcuiZlm0Wjy7ZOpOORO0FyMgx0VMKNX"
    );
    assert_eq!(minted.id.as_deref(), Some("Hunn3W59BdQq"));
}

#[test]
fn an_id_that_is_handed_in_is_the_id_of_the_key() {
    let template: Template = TEMPLATES[0].0.parse().unwrap();
    let id = draw_id(12, &mut Sequence(2));
    let minted = template.mint("test", Some(&id), &mut Sequence(3));
    assert!(
        minted
            .secret
            .expose()
            .starts_with(&format!("kw_test_{id}_"))
    );
    assert_eq!(minted.id, Some(id));
}

#[test]
fn a_malformed_key_is_told_what_is_wrong_and_none_of_it_is_repeated() {
    let (template, environments) = TEMPLATES[0];
    let shape = shape(template, environments, &[]);
    let minted = shape.template().mint("live", None, &mut Sequence(4));
    let raw = minted.secret.expose();
    let cases = [
        (String::new(), Malformed::Shape),
        ("a".repeat(KEY_BYTES_MAX), Malformed::Shape),
        ("a".repeat(KEY_BYTES_MAX + 1), Malformed::TooLong),
        ("é".repeat(30), Malformed::Character),
        (format!("{raw} "), Malformed::Character),
        (format!("{raw}\0"), Malformed::Character),
        (raw.replacen("live", "prod", 1), Malformed::Checksum),
        (raw.replacen("kw_", "kv_", 1), Malformed::Shape),
        (raw.to_uppercase(), Malformed::Shape),
    ];
    for (text, wanted) in cases {
        assert_eq!(shape.parse(&text), Err(wanted));
    }
    // A right checksum over an environment that this deployment does not have.
    let elsewhere = shape.template().mint("prod", None, &mut Sequence(4));
    assert_eq!(
        shape.parse(elsewhere.secret.expose()),
        Err(Malformed::Environment)
    );
}

#[test]
fn an_environment_is_the_whole_word_and_not_the_beginning_of_another() {
    let shape = shape("sk_{env}_{secret:hex:32}", &["live", "live_eu"], &[]);
    for environment in ["live", "live_eu"] {
        let minted = shape.template().mint(environment, None, &mut Sequence(5));
        let parsed = shape.parse(minted.secret.expose()).unwrap();
        assert_eq!(parsed.environment, Some(environment));
    }
    let empty = format!("sk__{}", "a".repeat(32));
    assert_eq!(shape.parse(&empty), Err(Malformed::Shape));
}

#[test]
fn a_legacy_key_is_taken_as_a_whole_or_not_at_all() {
    let shape = shape(
        TEMPLATES[0].0,
        &["live"],
        &["old-[0-9]{6}", "v0_[a-f]{4}|v1_[a-f]{4}"],
    );
    let legacy = Ok(Parsed {
        environment: None,
        id: None,
        is_legacy: true,
    });
    for taken in ["old-123456", "v0_abcd", "v1_abcd"] {
        assert_eq!(shape.parse(taken), legacy, "{taken}");
    }
    for refused in [
        "old-1234567",
        "xold-123456",
        "v0_abcdx",
        "xv1_abcd",
        "old-123456\n",
        "",
    ] {
        assert!(shape.parse(refused).is_err(), "{refused:?}");
    }
}

#[test]
fn a_management_key_is_never_a_key_even_where_legacy_allows_everything() {
    let shape = shape(TEMPLATES[0].0, &["live"], &[".*"]);
    let management = mint_management(&mut Sequence(6));
    assert_eq!(shape.parse(management.expose()), Err(Malformed::Shape));
    assert_eq!(shape.parse(""), Err(Malformed::Shape));
    assert!(shape.parse("anything-else").is_ok());
}

#[test]
fn a_shape_that_cannot_work_is_refused() {
    let (default, _) = TEMPLATES[0];
    assert!(matches!(
        refusal(default, &[], &[]),
        InvalidShape::NoEnvironment
    ));
    for odd in ["", "li-ve", "lïve", &"a".repeat(65)] {
        assert!(
            matches!(refusal(default, &[odd], &[]), InvalidShape::Environment(_)),
            "{odd}"
        );
    }
    assert!(matches!(
        refusal(default, &["live", "live"], &[]),
        InvalidShape::RepeatedEnvironment(_)
    ));
    assert!(matches!(
        refusal(default, &["live"], &["a)|(b"]),
        InvalidShape::Legacy(_)
    ));
    assert!(matches!(
        refusal(default, &["live", "mgmt"], &[]),
        InvalidShape::ManagementPrefix
    ));
    let reserved = format!("{MANAGEMENT_PREFIX}{{secret:hex:64}}");
    assert!(matches!(
        refusal(&reserved, &[], &[]),
        InvalidShape::ManagementPrefix
    ));
}
