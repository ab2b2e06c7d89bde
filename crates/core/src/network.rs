//! Address rules of a key: CIDR networks from which it may be used.

use std::net::IpAddr;

use ipnet::IpNet;

/// Most rules on one key.
pub const IP_RULES_MAX: usize = 64;

/// Networks from which a key may be used; none means any address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpRules(Box<[IpNet]>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIpRules {
    #[error(
        "a rule is an address or a network such as 203.0.113.0/24 or 2001:db8::/32, without bits behind its prefix"
    )]
    Rule { position: usize },
    #[error("a key has at most {IP_RULES_MAX} address rules")]
    TooMany,
}

impl IpRules {
    pub fn parse<S: AsRef<str>>(rules: &[S]) -> Result<Self, InvalidIpRules> {
        if rules.len() > IP_RULES_MAX {
            return Err(InvalidIpRules::TooMany);
        }
        let mut networks = Vec::with_capacity(rules.len());
        for (position, rule) in rules.iter().enumerate() {
            networks.push(network(rule.as_ref()).ok_or(InvalidIpRules::Rule { position })?);
        }
        Ok(Self(networks.into()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }

    /// Whether a call from `address` is inside the rules. Unknown is outside every rule.
    pub fn allow(&self, address: Option<IpAddr>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        // An IPv4 client of a dual-stack listener arrives as ::ffff:a.b.c.d.
        let Some(address) = address.map(|address| address.to_canonical()) else {
            return false;
        };
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(rule: &str) -> Option<IpNet> {
    if let Ok(address) = rule.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    let network: IpNet = rule.parse().ok()?;
    // 10.0.0.1/8 is more likely a slip than a wish for all of 10/8.
    (network.addr() == network.network()).then_some(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_allow_only_what_they_name() {
        let rules = IpRules::parse(&["203.0.113.0/24", "2001:db8::1"]).unwrap();
        let allows = |address: &str| rules.allow(Some(address.parse().unwrap()));
        assert!(allows("203.0.113.9") && allows("::ffff:203.0.113.9") && allows("2001:db8::1"));
        assert!(!allows("203.0.114.1") && !allows("2001:db8::2"));
        assert!(!rules.allow(None));
        assert!(IpRules::default().allow(None));
    }

    #[test]
    fn a_rule_with_bits_behind_its_prefix_is_refused() {
        for raw in [
            "10.0.0.1/8",
            "10.0.0.0/33",
            "host",
            "",
            "10.0.0",
            "0x0a.0.0.1",
        ] {
            assert_eq!(
                IpRules::parse(&[raw]),
                Err(InvalidIpRules::Rule { position: 0 }),
                "{raw}"
            );
        }
        assert_eq!(
            IpRules::parse(&["::1"; IP_RULES_MAX + 1]),
            Err(InvalidIpRules::TooMany)
        );
    }
}
