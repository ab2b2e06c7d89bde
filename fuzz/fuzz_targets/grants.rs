//! What a grant is made of: resource paths, permissions and address rules, one to a line.
//! Beyond "no panic": what is taken is written back as it was read, and covering is an order.

#![no_main]

use keyway_core::network::IpRules;
use keyway_core::permission::{Permission, PermissionPattern};
use keyway_core::resource::Resource;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines: Vec<&str> = text.split('\n').collect();
    covering_is_an_order(&lines);
    for line in &lines {
        if let Ok(permission) = line.parse::<Permission>() {
            assert_eq!(permission.as_str(), *line);
            let pattern: PermissionPattern = line.parse().unwrap();
            assert!(pattern.matches(&permission));
        }
        if let Ok(pattern) = line.parse::<PermissionPattern>() {
            assert_eq!(pattern.to_string(), *line);
        }
    }
    if let Ok(rules) = IpRules::parse(&lines) {
        assert_eq!(rules.networks().len(), lines.len());
        assert!(!rules.allow(None));
    }
});

fn covering_is_an_order(lines: &[&str]) {
    let resources: Vec<Resource> = lines
        .iter()
        .take(8)
        .filter_map(|line| line.parse().ok())
        .collect();
    for one in &resources {
        assert!(one.covers(one) && Resource::All.covers(one));
        assert_eq!(one.as_str().parse::<Resource>().as_ref(), Ok(one));
        for other in resources.iter().filter(|other| *other != one) {
            assert!(!(one.covers(other) && other.covers(one)));
            if one.covers(other) {
                assert!(*one == Resource::All || other.as_str().starts_with(one.as_str()));
            }
        }
    }
}
