//! Every block of commands in `docs/book` is run: page by page, from top to bottom, by somebody who has `flavor` and nothing else.

use std::path::Path;

use crate::scene::{FLAVOR, Test};

/// The commands of a page, in order.
fn commands(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/book")
        .join(page);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let blocks: Vec<&str> = text
        .split("\n```bash\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .collect();
    assert!(!blocks.is_empty(), "{page} has no commands");
    blocks.join("\n")
}

/// What is to be typed in the blocks of a document outside the book. Where a block has prompts, the other lines are what
/// the commands say.
fn typed(document: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let blocks = text
        .split("\n```console\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next());
    let commands: Vec<&str> = blocks
        .flat_map(|block| {
            let has_prompts = block.starts_with("$ ");
            block.lines().filter_map(move |line| {
                if has_prompts {
                    line.strip_prefix("$ ")
                } else {
                    Some(line)
                }
            })
        })
        .collect();
    assert!(!commands.is_empty(), "{document} has no commands");
    commands.join("\n")
}

/// Follows pages, each where the one before ended.
fn follow(pages: &[&str]) {
    let script = pages
        .iter()
        .map(|page| commands(page))
        .collect::<Vec<_>>()
        .join("\n");
    run(
        &script,
        &format!("{}-{}", pages.len(), pages.last().expect("a page")),
    );
}

/// Runs a script in an empty directory of its own.
fn run(script: &str, name: &str) {
    let mut t = Test::new();
    t.prepend_path(Path::new(FLAVOR).parent().expect("a directory"));
    // A reader has these in the environment, or not at all.
    t.unset("FLAVOR_CACHE_DIR");
    // What a page leaves in /tmp is not for others to find.
    let private = "mount -t tmpfs book /tmp && cd \"$1\" && exec bash -euo pipefail -xc \"$0\"";
    let place =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("book-{}-{name}", std::process::id()));
    std::fs::create_dir_all(place.join("home")).expect("a directory");
    t.set("HOME", place.join("home"));
    let mut command = t.command("unshare");
    command
        .args(["--mount", "sh", "-c", private, script])
        .arg(&place);
    let run = t.run(&mut command);
    drop(
        std::process::Command::new("rm")
            .arg("-rf")
            .arg(&place)
            .status(),
    );
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
    // In the order of the book: another key has signed before.
    follow(&["getting-started.md", "trust.md", "troubleshooting.md"]);
}

#[test]
fn the_tour_of_the_readme() {
    let tour = typed("README.md");
    let (building, tour) = tour
        .split_once("\nflavor pack ")
        .expect("the tour begins with a pack");
    assert_eq!(
        building.lines().count(),
        2,
        "what is before the tour is for a checkout: {building}"
    );
    // The project says hello with a script beside it, and was packed before.
    let before = "flavor pack --quiet\ncp dist/hello.psp old.psp\necho 'print(1)' > script.py";
    run(
        &format!(
            "{}\n{before}\nflavor pack {tour}",
            commands("getting-started.md")
        ),
        "tour",
    );
}

#[test]
fn the_page_about_size() {
    let before = "flavor pack --quiet\ncp dist/hello.psp hello.psp\ncp hello.psp old.psp";
    run(
        &format!(
            "{}\n{before}\n{}",
            commands("getting-started.md"),
            typed("docs/size.md")
        ),
        "size",
    );
}

#[test]
fn the_examples_of_commands() {
    let commands_typed = typed("docs/cli.md");
    let (init, rest) = commands_typed.split_once('\n').expect("two commands");
    assert!(init.starts_with("flavor init --command run.sh"), "{init}");
    let before = "flavor pack --quiet\necho >> src/hello/cli.py";
    let there = "mkdir other\ncd other\nprintf '#!/bin/sh\\n' > run.sh\nchmod +x run.sh";
    run(
        &format!(
            "{}\n{before}\n{rest}\n{there}\n{init}",
            commands("getting-started.md")
        ),
        "commands",
    );
}

#[test]
fn every_page_is_followed() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book");
    let own = include_str!("book.rs");
    for page in std::fs::read_dir(directory).expect("the book").flatten() {
        let name = page.file_name().to_string_lossy().into_owned();
        // The first page is about getting `flavor`: tests/install/run.
        assert!(
            ["README.md", "installing.md"].contains(&&*name)
                || own.contains(&format!("\"{name}\"")),
            "nobody follows {name}"
        );
    }
}
