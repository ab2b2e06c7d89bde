//! Free ports, each for one test alone.
//!
//! They lie below those that the kernel gives to outgoing connections: asking it for one (port 0) and
//! closing it again would let a client of another test take it before we do. A port is reserved by a
//! name that only one process can hold, since it may be seconds until a program listens on it.

use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;
/// Apart from each other, so that tests in processes of their own seldom meet.
const STRIDE: u32 = 97;

static DRAWN: AtomicU32 = AtomicU32::new(0);
/// Held until this process ends, as are the ports.
static RESERVED: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());

pub fn free() -> u16 {
    for _ in 0..COUNT {
        let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(STRIDE).wrapping_add(drawn) % COUNT;
        let port = u16::try_from(FIRST + place).unwrap();
        let Some(reserved) = reserve(port) else {
            continue;
        };
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            RESERVED.lock().unwrap().push(reserved);
            return port;
        }
    }
    panic!("no port is free");
}

/// None: another test has it. (The name is no file; the kernel forgets it with the process.)
fn reserve(port: u16) -> Option<UnixListener> {
    let name = SocketAddr::from_abstract_name(format!("keyway-tests-port-{port}")).unwrap();
    UnixListener::bind_addr(&name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let first = free();
        assert_ne!(first, free());
        assert!(reserve(first).is_none());
    }
}
