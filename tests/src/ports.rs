//! Free ports.
//!
//! They lie below those that the kernel gives to outgoing connections. Asking the kernel for one
//! (port 0) and closing it again would let a client of another test take it before we do.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;
/// Apart from each other, so that tests in processes of their own seldom meet.
const STRIDE: u32 = 97;

static DRAWN: AtomicU32 = AtomicU32::new(0);

pub fn free() -> u16 {
    for _ in 0..COUNT {
        let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(STRIDE).wrapping_add(drawn) % COUNT;
        let port = u16::try_from(FIRST + place).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}
