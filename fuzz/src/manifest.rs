//! The text of a `pyproject.toml`.

use std::path::Path;

use flavor::diagnostics::Diagnostic;
use flavor::manifest::{Error, MAX_NAME, MAX_OPERATIONS, Manifest, OperationName, Warning, parse};

/// Target `manifest`.
pub fn manifest(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let path = Path::new("project/pyproject.toml");
    let read = parse(text, path);
    assert_eq!(
        shown(&read),
        shown(&parse(text, path)),
        "one text has one meaning"
    );
    match &read {
        Ok((manifest, warnings)) => {
            check(manifest);
            let lines = text.split('\n').count();
            for warning in warnings {
                say(&warning.to_string());
                say(&warning.hint().unwrap_or_default());
                let site = warning.site();
                assert!(
                    (1..=lines).contains(&site.line) && site.column >= 1,
                    "{site:?}"
                );
            }
        }
        Err(error) => {
            say(&error.to_string());
            say(&error.hint().unwrap_or_default());
        }
    }
}

fn shown(read: &Result<(Manifest, Vec<Warning>), Error>) -> String {
    format!("{read:?}")
}

/// What is written to a terminal.
fn say(text: &str) {
    assert!(
        !text.contains(|c: char| c.is_control() && c != '\n'),
        "a control character reaches the terminal: {text:?}"
    );
}

/// What `flavor::manifest` promises of a manifest: names are names, targets stay inside, nothing needs a second look.
fn check(manifest: &Manifest) {
    assert_eq!(manifest.directory, Path::new("project"));
    // The build back end may say the rest.
    if !manifest.awaits_metadata() {
        assert!(
            is_name(&manifest.package_name),
            "{:?}",
            manifest.package_name
        );
        let runs = manifest.execution.command.is_some()
            || manifest.entry_point.is_some()
            || manifest.main_script().is_some();
        let is_open = !manifest.scripts.is_empty();
        assert!(is_open || runs, "there is something to run");
        assert!(
            manifest.is_python() || manifest.execution.command.is_some(),
            "what runs is there"
        );
    }
    let mut names = Vec::new();
    for slot in &manifest.slots {
        assert!(is_name(&slot.name), "{:?}", slot.name);
        assert!(!names.contains(&&slot.name), "{:?} twice", slot.name);
        names.push(&slot.name);
        if let Some(target) = &slot.target {
            let inside = target
                .split('/')
                .all(|part| !matches!(part, "" | "." | ".."))
                || target.is_empty();
            let first = target.split('/').next().unwrap_or_default();
            assert!(
                inside && !target.contains(['\\', ':', '{', '\0']),
                "{target:?}"
            );
            assert!(!first.eq_ignore_ascii_case(".flavor"), "{target:?}");
        }
        if let Some(chain) = &slot.operations {
            assert!((1..=MAX_OPERATIONS).contains(&chain.len()));
            let tar = chain
                .iter()
                .rposition(|operation| operation.name == OperationName::Tar);
            assert!(tar.is_none_or(|at| at == 0), "{chain:?}");
        }
        assert!(slot.permissions.is_none_or(|mode| mode <= 0o777));
        assert!(!slot.source.as_os_str().is_empty());
    }
    for command in manifest
        .post_extract
        .iter()
        .chain(&manifest.execution.command)
    {
        assert!(
            !command.is_empty()
                && !command[0].trim().is_empty()
                && command.iter().all(|word| !word.contains('\0'))
        );
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    text.len() <= MAX_NAME
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(plain)
}
