//! The table of codes: what it shows is what is printed, each of it produced by a test.

use std::path::{Path, PathBuf};

use crate::scene::Test;

/// Where a file of this repository is.
fn repository(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Compares a file under `docs/` with what `flavor` makes of it; with `FLAVOR_UPDATE_DOCS` set when the tests run, writes it.
#[track_caller]
fn made_from(
    made: &str,
    path: &Path,
    part: impl Fn(&str) -> String,
    replaced: impl Fn(&str, &str) -> String,
) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    if part(&text) == made {
        return;
    }
    assert!(
        std::env::var_os("FLAVOR_UPDATE_DOCS").is_some(),
        "{} is not what the program makes: run the tests with FLAVOR_UPDATE_DOCS=1",
        path.display()
    );
    std::fs::write(path, replaced(&text, made)).expect("written");
}

#[test]
fn the_page_of_errors_is_the_table() {
    let run = Test::new().flavor(["explain", "--markdown"]).silent();
    made_from(
        run.stdout(),
        &repository("docs/errors.md"),
        ToOwned::to_owned,
        |_, made| made.to_owned(),
    );
}

#[test]
fn the_reference_of_commands_is_what_they_say_of_themselves() {
    const BEGIN: &str = "<!-- made by `flavor reference` -->\n\n";
    const END: &str = "\n<!-- to here -->\n";
    let cut = |text: &str| {
        let begin = text.find(BEGIN).expect("the beginning") + BEGIN.len();
        (begin, begin + text[begin..].find(END).expect("the end"))
    };
    let run = Test::new().flavor(["reference"]).silent();
    let part = |text: &str| {
        let (begin, end) = cut(text);
        text[begin..end].to_owned()
    };
    let replaced = |text: &str, made: &str| {
        let (begin, end) = cut(text);
        format!("{}{made}{}", &text[..begin], &text[end..])
    };
    made_from(run.stdout(), &repository("docs/cli.md"), part, replaced);
}

/// Every file with tests in it: here, and the modules of tests in the library.
fn sources_of_tests() -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![repository("tests"), repository("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.ends_with("tests/errors.rs") {
                // What is printed here comes from the table.
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && !path.starts_with(repository("src/diagnostics"))
            {
                let text = std::fs::read_to_string(&path).expect("a source");
                let is_test = path.starts_with(repository("tests"))
                    || path.to_string_lossy().contains("/tests");
                let tests = if is_test {
                    Some(&*text)
                } else {
                    text.split_once("\nmod tests {").map(|(_, tests)| tests)
                };
                found.extend(tests.map(ToOwned::to_owned));
            }
        }
    }
    found
}

#[test]
fn every_code_is_produced_by_a_test_and_its_example_is_what_was_printed() {
    let listed = Test::new()
        .flavor(["explain", "--list", "--json"])
        .silent()
        .json();
    let trimmed = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let tests: Vec<String> = sources_of_tests()
        .iter()
        .map(|text| trimmed(text))
        .collect();
    let mut missing = Vec::new();
    for entry in listed["codes"].as_array().expect("the codes") {
        let example = trimmed(entry["example"].as_str().expect("an example"));
        if !tests.iter().any(|text| text.contains(&example)) {
            missing.push(format!("{}: {}", entry["code"], entry["title"]));
        }
    }
    assert!(
        missing.is_empty(),
        "no test prints the examples of these:\n{}",
        missing.join("\n")
    );
}

#[test]
fn no_test_expects_a_code_that_is_not_in_the_table() {
    let listed = Test::new().flavor(["explain", "--list"]).silent();
    for text in sources_of_tests() {
        for (at, _) in text.match_indices("error[FLV") {
            let code: String = text[at + 6..]
                .chars()
                .take_while(|one| *one != ']')
                .collect();
            assert!(
                code.contains('"') || listed.stdout().contains(&code),
                "{code}"
            );
        }
    }
}

#[test]
fn explain_says_what_an_error_means() {
    let t = Test::new();
    snapshot!(t.flavor(["explain", "FLV0207"]).silent(), @"
    exit: 0
    --- stdout
    FLV0207: unknown value

    Operations, lifecycles, extras and groups must be one of a fixed set of names.

    what to do
        Use the name that the hint suggests.

    example
        error[FLV0207]: cannot read the manifest
          pyproject.toml:9:22: `tool.flavor.slots.entries[0].operations[1]` names an unknown operation: zsdt
        hint: did you mean `zstd`?
    ");
    assert_eq!(
        t.flavor(["explain", "flv207"]).silent().stdout(),
        t.flavor(["explain", "0207"]).silent().stdout()
    );
    assert_eq!(
        t.flavor(["explain", "error[flv0207]: cannot read the manifest"])
            .silent()
            .stdout(),
        t.flavor(["explain", "FLV0207:"]).silent().stdout()
    );
    assert_eq!(
        t.flavor(["explain", "FLV0207", "--json"]).silent().json()["code"],
        "FLV0207"
    );
}
