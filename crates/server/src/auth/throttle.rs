//! How often strangers may knock at a door that is open to them: from one network, and in total
//! (S-LIMIT-14). A minute begins with the first knock in it and forgets the one before, so that never
//! more networks are remembered than knocks are allowed.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderValue, header};
use keyway_api::code::Code;
use parking_lot::Mutex;

use crate::answer::problem::Problem;
use crate::clock::Clock;

/// Most knocks from one network in a minute.
const NETWORK_KNOCKS_MAX: u32 = 300;
/// Most knocks from everywhere in a minute.
const KNOCKS_MAX: u32 = 6_000;
const MINUTE_SECONDS: f64 = 60.0;
/// What one customer of an Internet provider gets of IPv6.
const IPV6_NETWORK_BITS: u32 = 64;

#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    /// By the clock that only goes forward: setting the time lets nobody in.
    began_at: f64,
    knocks: u32,
    /// None are all whose address is unknown.
    by_network: HashMap<Option<IpAddr>, u32>,
}

impl Throttle {
    /// Counts a knock, or refuses it: then it costs nothing and nothing is looked up.
    pub(crate) fn knock(&self, address: Option<IpAddr>, clock: &dyn Clock) -> Result<(), Problem> {
        let now = clock.elapsed_seconds();
        let mut minute = self.0.lock();
        if now >= minute.began_at + MINUTE_SECONDS {
            *minute = Minute {
                began_at: now,
                ..Minute::default()
            };
        }
        if minute.count(address.map(network)) {
            return Ok(());
        }
        let wait = (minute.began_at + MINUTE_SECONDS - now).ceil();
        let problem = Problem::new(Code::TooManyRequests);
        match HeaderValue::from_str(&wait.to_string()) {
            Ok(wait) => Err(problem.header(header::RETRY_AFTER, wait)),
            Err(_) => Err(problem),
        }
    }
}

impl Minute {
    fn count(&mut self, network: Option<IpAddr>) -> bool {
        if self.knocks >= KNOCKS_MAX {
            return false;
        }
        let of_network = self.by_network.entry(network).or_default();
        if *of_network >= NETWORK_KNOCKS_MAX {
            return false;
        }
        *of_network += 1;
        self.knocks += 1;
        true
    }
}

/// Where one customer of a provider comes from.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(it) => {
            let host = u128::MAX >> IPV6_NETWORK_BITS;
            Ipv6Addr::from_bits(it.to_bits() & !host).into()
        }
    }
}

#[cfg(test)]
mod tests;
