//! Who the client is, behind proxies. `X-Forwarded-For` is believed only from a trusted peer, and
//! only up to the first hop from the right that is not trusted itself: everything left of it was
//! written by the client (S-PROXY-03).

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// None when the chain cannot be read: unknown is outside of every address rule.
pub(crate) fn client_address(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if trusted.is_empty() || !is_trusted(peer) {
        return Some(peer);
    }
    let mut client = peer;
    // Several fields are one list, in their order.
    for field in headers.get_all(FORWARDED_FOR).iter().rev() {
        for hop in field.to_str().ok()?.rsplit(',') {
            client = parse_hop(hop.trim())?;
            if !is_trusted(client) {
                return Some(client);
            }
        }
    }
    Some(client)
}

/// An address, which some proxies write with a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bracketed = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bracketed
        .unwrap_or(hop)
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|it| it.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, chain: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for field in chain {
            headers.append(FORWARDED_FOR, field.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        client_address(peer.parse().unwrap(), &headers, &trusted).map(|it| it.to_string())
    }

    #[test]
    fn an_untrusted_peer_is_the_client_whatever_it_claims() {
        assert_eq!(
            seen("203.0.113.1", &["198.51.100.7"]).as_deref(),
            Some("203.0.113.1")
        );
    }

    #[test]
    fn the_client_is_the_first_hop_from_the_right_that_is_not_trusted() {
        let client = |chain: &[&str]| seen("10.0.0.1", chain);
        assert_eq!(client(&["198.51.100.7"]).as_deref(), Some("198.51.100.7"));
        assert_eq!(
            client(&["1.1.1.1, 198.51.100.7, 10.2.3.4"]).as_deref(),
            Some("198.51.100.7")
        );
        assert_eq!(
            client(&["1.1.1.1", "198.51.100.7"]).as_deref(),
            Some("198.51.100.7")
        );
        assert_eq!(
            client(&["[2001:db8::1]:443"]).as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(client(&["198.51.100.7:9"]).as_deref(), Some("198.51.100.7"));
        assert_eq!(
            client(&["::ffff:198.51.100.7"]).as_deref(),
            Some("198.51.100.7")
        );
        assert_eq!(client(&["10.9.9.9"]).as_deref(), Some("10.9.9.9"));
        assert_eq!(client(&[]).as_deref(), Some("10.0.0.1"));
        assert_eq!(
            seen("fd00::1", &["2001:db8::2"]).as_deref(),
            Some("2001:db8::2")
        );
    }

    #[test]
    fn a_chain_that_cannot_be_read_is_an_unknown_client() {
        assert_eq!(seen("10.0.0.1", &["unknown"]), None);
        assert_eq!(seen("10.0.0.1", &["198.51.100.7, "]), None);
        assert_eq!(seen("10.0.0.1", &["_hidden, 10.0.0.2"]), None);
    }
}
