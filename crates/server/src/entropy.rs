//! The operating system's random source, and the one place that owns it.

use keyway_token::entropy::Entropy;

/// The operating system's CSPRNG.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "start-up makes the one source")]
    #[expect(
        clippy::panic,
        reason = "without randomness no key may be made, and none is"
    )]
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Err(cause) = getrandom::fill(bytes) {
            panic!("the operating system gives no randomness: {cause}");
        }
    }
}
