use std::io::Write;
use std::sync::Arc;

use super::*;

/// What was logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn of(work: impl FnOnce()) -> Vec<String> {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt()
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(lines.finish(), work);
        let text = String::from_utf8(log.0.lock().clone()).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

fn request(id: &str, address: [u8; 4]) -> RequestContext {
    RequestContext {
        id: id.into(),
        address: Some(IpAddr::from(address)),
    }
}

#[test]
fn s_asvs_16_a_flood_is_one_line_a_sweep_and_its_counts_add_up() {
    let refusals = Refusals::default();
    let told = Log::of(|| {
        for number in 0..100_000 {
            let request = request(&format!("req_{number}"), [203, 0, 113, 7]);
            refusals.of_stranger(Code::CredentialInvalid, &request);
        }
        refusals.sweep();
        refusals.sweep();
    });
    let line = |calls: u64, id: &str| {
        format!(
            r#"INFO a management call was refused code="credential_invalid" actor="nobody" organization="none" address="203.0.113.7" calls={calls} request_id="{id}""#
        )
    };
    assert_eq!(told, [line(1, "req_0"), line(99_999, "several")]);
}

#[test]
fn s_asvs_16_more_kinds_than_are_told_apart_are_counted_by_their_code() {
    let refusals = Refusals::default();
    let told = Log::of(|| {
        for number in 0..u16::try_from(KINDS_MAX + 5).unwrap() {
            let [high, low] = number.to_be_bytes();
            refusals.of_stranger(Code::CredentialMissing, &request("r", [10, 0, high, low]));
        }
        refusals.sweep();
    });
    assert_eq!(told.len(), KINDS_MAX + 1);
    let rest = told.last().unwrap();
    assert!(rest.contains(r#"address="unknown" calls=5"#), "{rest}");
}
