//! Every block of commands in `docs/book` is run: page by page, from top to bottom, by somebody who has `flavor` and nothing else.

use std::path::Path;

use crate::scene::{FLAVOR, Test};

/// The commands of a page, in order.
fn commands(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book").join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let blocks: Vec<&str> = text.split("\n```bash\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    assert!(!blocks.is_empty(), "{page} has no commands");
    blocks.join("\n")
}

/// Follows pages, each where the one before ended.
fn follow(pages: &[&str]) {
    let mut t = Test::new();
    t.prepend_path(Path::new(FLAVOR).parent().expect("a directory"));
    // A reader has these in the environment, or not at all.
    t.unset("FLAVOR_CACHE_DIR");
    let script = pages.iter().map(|page| commands(page)).collect::<Vec<_>>().join("\n");
    // What a page leaves in /tmp is not for others to find.
    let private = "mount -t tmpfs book /tmp && cd \"$1\" && exec bash -euo pipefail -xc \"$0\"";
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("book-{}-{}", std::process::id(), pages.len()));
    let place = root.join(pages.last().expect("a page"));
    std::fs::create_dir_all(place.join("home")).expect("a directory");
    t.set("HOME", place.join("home"));
    let mut command = t.command("unshare");
    command.args(["--mount", "sh", "-c", private, &script]).arg(&place);
    let run = t.run(&mut command);
    drop(std::process::Command::new("rm").arg("-rf").arg(&place).status());
    run.success();
}

#[test]
fn getting_started() {
    follow(&["getting-started.md"]);
}

#[test]
fn packing_python() {
    follow(&["getting-started.md", "python.md"]);
}

#[test]
fn scripts_wheels_directories() {
    follow(&["inputs.md"]);
}

#[test]
fn slots() {
    follow(&["slots.md"]);
}

#[test]
fn caches() {
    follow(&["getting-started.md", "caches.md"]);
}

#[test]
fn signing_and_trust() {
    follow(&["getting-started.md", "trust.md"]);
}

#[test]
fn speed() {
    follow(&["getting-started.md", "speed.md"]);
}

#[test]
fn troubleshooting() {
    follow(&["getting-started.md", "troubleshooting.md"]);
}

#[test]
fn every_page_is_followed() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book");
    let own = include_str!("book.rs");
    for page in std::fs::read_dir(directory).expect("the book").flatten() {
        let name = page.file_name().to_string_lossy().into_owned();
        // The first page is about getting `flavor`: tests/install/run.
        assert!(
            ["README.md", "installing.md"].contains(&&*name) || own.contains(&format!("\"{name}\"")),
            "nobody follows {name}"
        );
    }
}
