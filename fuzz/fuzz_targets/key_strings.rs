//! Key strings: whatever a stranger presents as a key, an operator writes as a template, or a
//! program logs. Beyond "no panic": a template that is taken mints keys that it reads back, and a key
//! in the middle of any text is masked.

#![no_main]

use keyway_token::KEY_BYTES_MAX;
use keyway_token::digest::Digest;
use keyway_token::entropy::Entropy;
use keyway_token::management::is_management_shape;
use keyway_token::redact::Redactor;
use keyway_token::shape::Shape;
use keyway_token::template::Template;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const TEMPLATE: &str = "kw_{env}_{id:12}_{secret:base62:40}{check:6}";
const ENVIRONMENTS: &[&str] = &["live", "test"];
const LEGACY: &str = "old-[0-9a-f]{32}";

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let environments = ENVIRONMENTS.iter().map(|&name| name.to_owned()).collect();
    Shape::new(
        TEMPLATE.parse().unwrap(),
        environments,
        &[LEGACY.to_owned()],
    )
    .unwrap()
});
static REDACTOR: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::new(&[&SHAPE.template().regex(ENVIRONMENTS), LEGACY]).unwrap());

/// Every byte value in turn.
struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
    }
}

fuzz_target!(|text: &str| {
    presented(text);
    written_as_template(text);
    logged(text);
});

fn presented(text: &str) {
    let parsed = SHAPE.parse(text);
    if let Ok(parsed) = parsed {
        assert!(text.is_ascii() && text.len() <= KEY_BYTES_MAX && !is_management_shape(text));
        assert_eq!(parsed.is_legacy, parsed.id.is_none());
        assert_eq!(
            SHAPE.template().display_prefix(text, 0).is_empty(),
            parsed.is_legacy
        );
    }
    if let Ok(digest) = Digest::parse_hex_or_base64(text) {
        assert!(
            Digest::parse_hex_or_base64(&digest.to_hex())
                .unwrap()
                .same_as(&digest)
        );
    }
}

fn written_as_template(text: &str) {
    let Ok(template) = text.parse::<Template>() else {
        return;
    };
    assert_eq!(template.as_str(), text);
    let minted = template.mint("live", None, &mut Counting(9));
    let raw = minted.secret.expose();
    let pattern = format!(r"\A{}\z", template.regex(&["test", "live"]));
    assert!(regex::Regex::new(&pattern).unwrap().is_match(raw));
    let shown = template.display_prefix(raw, 1_000).len() + template.suffix(raw).len();
    assert!(raw.len() - shown >= 112 / 6);
    if let Ok(shape) = Shape::new(template, vec!["live".to_owned()], &[]) {
        assert_eq!(shape.parse(raw).unwrap().id, minted.id.as_deref());
    }
}

fn logged(text: &str) {
    let masked = REDACTOR.redact(text);
    assert_eq!(REDACTOR.redact(&masked), masked);
    let minted = SHAPE.template().mint("test", None, &mut Counting(1));
    let key = minted.secret.expose();
    let around = format!("{text}{key}{text}");
    assert!(!REDACTOR.redact(&around).contains(key));
}
