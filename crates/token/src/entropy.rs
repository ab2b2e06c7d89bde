//! Randomness is a parameter, so that a test can state the exact key it expects.

/// A source of random bytes.
///
/// Whoever starts the program hands in the operating system's CSPRNG; a test hands in a sequence.
/// A test's sequence must vary: drawing is by rejection, and a source that repeats one refused byte
/// (`0xff`) for ever is asked for ever.
pub trait Entropy: Send {
    /// Overwrites every byte of `bytes` with a random one.
    fn fill(&mut self, bytes: &mut [u8]);
}
