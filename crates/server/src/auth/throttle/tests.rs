use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_core::time::Timestamp;

use super::*;

/// Stands still until it is set.
#[derive(Debug, Default)]
struct Standing(AtomicU32);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn elapsed_seconds(&self) -> f64 {
        self.0.load(Ordering::Relaxed).into()
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_network_that_knocked_too_often_waits_for_the_next_minute_and_others_do_not() {
    let (throttle, clock) = (Throttle::default(), Standing::default());
    let one = Some(address("203.0.113.1"));
    let other = Some(address("203.0.113.2"));
    clock.0.store(100, Ordering::Relaxed);
    for _ in 0..NETWORK_KNOCKS_MAX {
        throttle.knock(one, &clock).unwrap();
    }
    clock.0.store(159, Ordering::Relaxed);
    let refused = throttle.knock(one, &clock).unwrap_err();
    assert_eq!(refused.code(), Code::TooManyRequests);
    throttle.knock(other, &clock).unwrap();
    throttle.knock(None, &clock).unwrap();
    clock.0.store(160, Ordering::Relaxed);
    throttle.knock(one, &clock).unwrap();
}

#[test]
fn addresses_of_one_ipv6_customer_are_one_network() {
    let (throttle, clock) = (Throttle::default(), Standing::default());
    for host in 0..NETWORK_KNOCKS_MAX {
        let own = address(&format!("2001:db8:0:1::{host:x}"));
        throttle.knock(Some(own), &clock).unwrap();
    }
    assert!(
        throttle
            .knock(Some(address("2001:db8:0:1:ffff::")), &clock)
            .is_err()
    );
    throttle
        .knock(Some(address("2001:db8:0:2::")), &clock)
        .unwrap();
}

#[test]
fn all_networks_together_have_a_limit_and_what_is_remembered_has_one() {
    let (throttle, clock) = (Throttle::default(), Standing::default());
    for number in 0..2 * KNOCKS_MAX {
        let stranger = Some(Ipv4Addr::from_bits(number).into());
        let knocked = throttle.knock(stranger, &clock);
        assert_eq!(knocked.is_ok(), number < KNOCKS_MAX, "{number}");
    }
    let remembered = throttle.0.lock().by_network.len();
    assert_eq!(remembered, KNOCKS_MAX as usize);
}
