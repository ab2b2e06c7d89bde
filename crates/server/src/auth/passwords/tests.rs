use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn passwords() -> Passwords {
    Passwords::new(&mut Zeros)
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_micros(secs * 1_000_000)
}

/// A try for `person` from an address of its own.
fn tries(it: &Passwords, person: &str, from: IpAddr) -> bool {
    it.count_try(Tried::Address(person), Some(from), at(0))
        .is_ok()
}

fn v4(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(number).into()
}

#[test]
fn a_person_is_tried_ten_times_from_anywhere_and_then_after_the_window() {
    let passwords = passwords();
    for number in 0..FREE_TRIES {
        assert!(tries(&passwords, "mara@example.com", v4(number)));
    }
    assert!(!tries(&passwords, "mara@example.com", v4(99)));
    assert!(tries(&passwords, "eli@example.com", v4(99)));
    let later = at(15 * 60);
    let again = passwords.count_try(Tried::Address("mara@example.com"), Some(v4(99)), later);
    assert_eq!(again, Ok(()));
}

#[test]
fn a_network_without_tries_uses_up_nobody_elses() {
    let passwords = passwords();
    let one_customer =
        |host: u32| IpAddr::from(Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(host)));
    for host in 0..FREE_TRIES {
        assert!(tries(
            &passwords,
            &format!("{host}@example.com"),
            one_customer(host)
        ));
    }
    for host in FREE_TRIES..3 * FREE_TRIES {
        assert!(!tries(&passwords, "mara@example.com", one_customer(host)));
    }
    assert!(tries(&passwords, "mara@example.com", v4(1)));
}

#[test]
fn what_is_remembered_has_a_bound_and_fails_closed() {
    let passwords = passwords();
    let pairs = u32::try_from(REMEMBERED_MAX / 2).unwrap();
    for number in 0..pairs {
        assert!(tries(
            &passwords,
            &format!("{number}@example.com"),
            v4(number)
        ));
    }
    assert!(!tries(&passwords, "late@example.com", v4(pairs)));
    assert!(tries(&passwords, "0@example.com", v4(0)));
    assert_eq!(passwords.tries.lock().len(), REMEMBERED_MAX);
    let late = passwords.count_try(
        Tried::Address("late@example.com"),
        Some(v4(pairs)),
        at(15 * 60),
    );
    assert_eq!(late, Ok(()));
    assert_eq!(passwords.tries.lock().len(), 2);
}
