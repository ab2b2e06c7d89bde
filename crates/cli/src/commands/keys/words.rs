//! Keys for people.

use keyway_api::key::{ChangedKey, Key};
use keyway_api::usage::Usage;

use crate::fields::{grants_text, metadata_text, rate_limit_text};
use crate::output::{moment, perhaps, sheet, table};

pub(crate) fn key(key: &Key) -> String {
    sheet([
        ("id", key.id.clone()),
        ("name", key.name.clone()),
        ("description", key.description.clone().unwrap_or_default()),
        ("status", key.status.as_str().to_owned()),
        ("organization", key.organization.clone()),
        ("project", key.project.clone().unwrap_or_default()),
        ("environment", key.environment.clone()),
        ("owner", key.owner.clone().unwrap_or_default()),
        ("managed by", key.managed_by.clone().unwrap_or_default()),
        ("secret", hidden(key)),
        ("grants", grants_text(&key.grants)),
        ("IP rules", key.ip_rules.join("\n")),
        ("rate limit", rate_limit_text(key.rate_limit.as_ref())),
        ("metadata", metadata_text(&key.metadata)),
        ("created", by(Some(key.created_at), Some(&key.created_by))),
        ("expires at", perhaps(key.expires_at)),
        ("revoked", by(key.revoked_at, key.revoked_by.as_deref())),
        ("reason", key.revoked_reason.clone().unwrap_or_default()),
        (
            "reason code",
            key.revoked_reason_code.clone().unwrap_or_default(),
        ),
        ("successor", key.successor.clone().unwrap_or_default()),
        ("version", key.version.to_string()),
    ])
}

pub(crate) fn changed(changed: &ChangedKey) -> String {
    key(&changed.key)
}

/// How a secret begins and ends.
pub(crate) fn hidden(key: &Key) -> String {
    format!("{}…{}", key.display_prefix, key.suffix)
}

fn by(at: Option<jiff::Timestamp>, who: Option<&str>) -> String {
    match (at, who) {
        (Some(at), Some(who)) => format!("{} by {who}", moment(at)),
        (at, _) => perhaps(at),
    }
}

pub(crate) fn usage(usage: &Usage) -> String {
    let refusal = usage.last_refusal.as_ref().map(|refusal| {
        let from = refusal.address.as_deref().unwrap_or("an unknown address");
        format!("{}: {} from {from}", moment(refusal.at), refusal.reason)
    });
    let never = || "never".to_owned();
    let last = sheet([
        ("last used", usage.last_used_at.map_or_else(never, moment)),
        ("last refused", refusal.unwrap_or_else(never)),
    ]);
    if usage.hours.is_empty() {
        return last;
    }
    let rows = usage.hours.iter().map(|hour| {
        let refused: Vec<String> = hour
            .refused
            .iter()
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect();
        [
            moment(hour.hour),
            hour.allowed.to_string(),
            refused.join(", "),
        ]
    });
    format!("{last}\n\n{}", table(["HOUR", "ALLOWED", "REFUSED"], rows))
}
