//! Profile files. Beyond "no panic": a profile that is taken can be put to work, its template
//! and environments make a shape that reads what it mints.

#![no_main]

use keyway_core::profile::Profile;
use keyway_token::entropy::Entropy;
use keyway_token::shape::Shape;
use libfuzzer_sys::fuzz_target;

struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
    }
}

fuzz_target!(|text: &str| {
    let Ok(profile) = Profile::parse(text) else {
        return;
    };
    let key = profile.key;
    let environment = key.environments.first().unwrap().clone();
    let minted = key.template.mint(&environment, None, &mut Counting(3));
    let shape = Shape::new(key.template, key.environments, &key.legacy).unwrap();
    assert!(shape.parse(minted.secret.expose()).is_ok());
});
