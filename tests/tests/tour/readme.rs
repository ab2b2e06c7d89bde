//! The tour of the README, pasted line by line.

use std::fs;
use std::process::Command;

use keyway_tests::tree;

use crate::checkout::{Checkout, KEYWAY};
use crate::terminal::Terminal;

/// The tour's nginx runs by itself, as it does for a person; this ends it if the tour does not.
struct StopsNginx<'a>(&'a Checkout);

impl Drop for StopsNginx<'_> {
    fn drop(&mut self) {
        if let Ok(id) = fs::read_to_string(self.0.folder().join("target/nginx.pid")) {
            let mut kill = Command::new("sh");
            let _stopped = kill.args(["-c", "kill -TERM $0", id.trim()]).status();
        }
    }
}

#[tokio::test]
async fn the_tour_of_the_readme_goes_as_it_says() {
    let checkout = Checkout::make();
    let _stops_nginx = StopsNginx(&checkout);
    let lines = lines_to_paste(&checkout.moved(&tree::text("README.md")));
    let [path, create, nginx, call, revoke, call_again, stop] = lines.as_slice() else {
        panic!("the tour has other lines now: {lines:#?}");
    };
    let server = checkout.start_server().await;
    let mut terminal = Terminal::open(checkout.folder(), &checkout.path_variable());
    terminal.succeed(&server.exports().join("; "));

    terminal.succeed(path);
    let created = terminal.succeed(create);
    assert!(created.contains("shown this once"), "{created}");
    assert!(terminal.succeed("echo $SECRET").starts_with("kw_live_"));
    terminal.succeed(nginx);
    let passed = terminal.succeed(call);
    assert!(passed.contains("HTTP/1.1 200 OK"), "{passed}");
    assert!(passed.contains("hello tour, you may read"), "{passed}");

    let revoked = terminal.succeed(revoke);
    assert!(revoked.contains("revoked"), "{revoked}");
    assert_eq!(call_again, call);
    let refused = terminal.succeed(call_again);
    assert!(refused.contains("HTTP/1.1 401"), "{refused}");
    assert!(
        refused.contains("Keyway-Code: api_key_revoked"),
        "{refused}"
    );
    assert!(!refused.contains("hello"), "{refused}");
    terminal.succeed(stop);
}

/// Its second terminal's lines: those of the code blocks under the steps.
fn lines_to_paste(readme: &str) -> Vec<String> {
    let blocks = readme.split("   ```sh\n").skip(1);
    blocks
        .flat_map(|rest| rest.split("   ```").next().unwrap().lines())
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn the_readme_says_what_it_is_and_names_both_commands_on_the_first_screen() {
    let readme = tree::text("README.md");
    let first_screen: Vec<&str> = readme.lines().take(24).collect();
    let first_screen = first_screen.join("\n");
    for part in [
        "script/server ",
        "script/test ",
        KEYWAY,
        "A tour in five steps",
    ] {
        assert!(first_screen.contains(part), "{part}");
    }
    for step in [
        "1. **Start.**",
        "2. **Create**",
        "4. **Revoke**",
        "5. **Refused**",
    ] {
        assert!(readme.contains(step), "{step}");
    }
}
