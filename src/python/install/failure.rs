use std::path::Path;
use std::process::Output;

use super::error::Error;
use super::index::Index;
use super::request::InstallRequest;
use super::tool::Tool;
use crate::python::child::LEFT_OUT;
use crate::python::command::redact;
use crate::python::core_metadata::normalised;

/// The maximum number of lines of an installer's output that are shown.
const SHOWN: usize = 7;
/// Longer lines are truncated.
const WIDTH: usize = 220;

/// Phrases of pip before the name of the requirement that it cannot satisfy, and of uv.
const NAMING: &[(&str, &[char])] = &[
    ("Failed to download `", &['`']),
    ("No matching distribution found for ", &['\n', ' ', ';']),
    ("satisfies the requirement ", &['\n', ' ', ';']),
    ("Because there is no version of ", &['\n', ' ']),
    ("Because there are no versions of ", &['\n', ' ']),
    ("No solution found when resolving: `", &['`']),
    ("Because ", &['\n', ' ']),
];

/// Dependencies that could not be resolved, fetched or built.
pub(super) fn unresolved(
    tool: Tool,
    output: &Output,
    request: &InstallRequest,
    index: &Index,
) -> Error {
    let text = text(output);
    let (installer, said) = (tool.name(), noted(meaningful(&text), &text));
    if let Some(line) = text
        .lines()
        .find(|line| NO_ROOM.iter().any(|mark| line.contains(mark)))
    {
        return Error::NoRoom {
            installer,
            said: vec![shortened(line)],
        };
    }
    let is_unreachable = !index.closed() && UNREACHABLE.iter().any(|mark| text.contains(mark));
    Error::Unresolved {
        requirement: requirement(&text, &request.requirements)
            .map(|requirement| redact(&requirement)),
        installer,
        said,
        offline: index.closed(),
        unreachable: index
            .url
            .as_deref()
            .filter(|_| is_unreachable)
            .map(|url| redact(url).into()),
    }
}

/// Phrases of the system that installers repeat.
const NO_ROOM: &[&str] = &["No space left on device", "Disk quota exceeded"];
/// Phrases of uv and pip for an unreachable index.
const UNREACHABLE: &[&str] = &[
    "error sending request for url",
    "tcp connect error",
    "dns error",
    "Failed to establish a new connection",
    "connection broken by",
];

/// A project that could not be built. `copy` is the directory of the build, which is replaced by
/// the project's in messages.
pub(super) fn not_built(output: &Output, project: &Path, copy: &Path) -> Error {
    let text = text(output).replace(&*copy.to_string_lossy(), &project.to_string_lossy());
    Error::NotBuilt {
        project: project.to_path_buf(),
        said: noted(last_words(&text), &text),
    }
}

/// The lines of an installer's output that describe the failure.
pub(super) fn meaningful_of(output: &Output) -> Vec<String> {
    meaningful(&text(output))
}

/// Includes the line that says how much output was omitted.
fn noted(mut said: Vec<String>, text: &str) -> Vec<String> {
    for line in text
        .lines()
        .filter(|line| line.starts_with('[') && line.ends_with(LEFT_OUT))
    {
        if !said.iter().any(|one| one == line) {
            said.push(line.to_owned());
        }
    }
    said
}

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    redact(&String::from_utf8_lossy(&both))
}

/// The failing requirement, as the user wrote it if it is one of the user's.
fn requirement(text: &str, requirements: &[String]) -> Option<String> {
    let named = NAMING.iter().find_map(|(before, ends)| {
        let rest = &text[text.find(before)? + before.len()..];
        let name = rest[..rest.find(*ends).unwrap_or(rest.len())].trim_end_matches(['.', ',', ':']);
        // uv also begins a sentence with "Because you require …", "Because only …".
        (!name.is_empty() && !matches!(name, "you" | "only" | "all" | "the" | "only:"))
            .then(|| name.to_owned())
    });
    let name_of = |one: &str| -> Option<String> {
        let name = one
            .trim()
            .split(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)))
            .next()?;
        Some(normalised(name)).filter(|name| !name.is_empty())
    };
    let own = |name: &str| {
        requirements
            .iter()
            .find(|one| name_of(one) == name_of(name))
            .cloned()
    };
    let mentioned = || {
        let words: Vec<Option<String>> = text.split_whitespace().map(name_of).collect();
        requirements
            .iter()
            .find(|one| words.contains(&name_of(one)))
            .cloned()
    };
    match named {
        Some(named) => own(&named).or(Some(named)),
        None => mentioned(),
    }
}

/// The lines that describe the failure: pip's `ERROR:` lines, uv's from its `error:` or `×` on,
/// else the last ones.
fn meaningful(text: &str) -> Vec<String> {
    let noise = |line: &str| {
        let line = line.trim();
        line.is_empty()
            || [
                "[notice]",
                "Looking in",
                "note: This",
                "[end of output]",
                "WARNING: Retrying",
            ]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let lines: Vec<&str> = text.lines().filter(|line| !noise(line)).collect();
    let errors: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| line.trim_start().starts_with("ERROR:"))
        .collect();
    let from_error = lines
        .iter()
        .position(|line| line.starts_with("error:") || line.trim_start().starts_with('×'));
    let hashes = lines
        .iter()
        .position(|line| line.contains("DO NOT MATCH THE HASHES"));
    let chosen: Vec<&str> = if let Some(at) = hashes {
        lines[at..].to_vec()
    } else if errors
        .iter()
        .any(|line| line.trim_start() == "ERROR: Exception:")
    {
        // pip itself failed; a traceback follows, which ends with the cause.
        lines.last().copied().into_iter().collect()
    } else if !errors.is_empty() {
        errors
    } else if let Some(at) = from_error {
        let rest = &lines[at..];
        // The cause of a build failure is at the end, a resolver's explanation at the beginning.
        if rest.len() > SHOWN && text.contains("[stderr]") {
            let mut ends = vec![rest[0]];
            ends.extend(&rest[rest.len() - (SHOWN - 1)..]);
            ends
        } else {
            rest.to_vec()
        }
    } else {
        lines[lines.len().saturating_sub(SHOWN)..].to_vec()
    };
    // pip mentions only in passing why it found no versions at all.
    let broken = text
        .lines()
        .rev()
        .find_map(|line| line.split_once("connection broken by "))
        .map(|(_, cause)| cause);
    let mut said: Vec<String> = broken
        .map(|cause| shortened(&format!("no connection: {cause}")))
        .into_iter()
        .collect();
    for line in chosen {
        let line = shortened(line);
        if !said.contains(&line) {
            said.push(line);
        }
    }
    said.truncate(SHOWN);
    said
}

/// The error of a failed back end: its exception's message and the following lines, else as for any
/// failure.
fn last_words(text: &str) -> Vec<String> {
    let is_exception = |line: &str| {
        let name = line.trim_start().split(':').next().unwrap_or_default();
        line.contains(": ")
            && (name.ends_with("Error") || name.ends_with("Exception") || name == "error")
            && !line.contains("subprocess-exited-with-error")
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "._".contains(c))
    };
    let ends = |line: &str| {
        let line = line.trim_start();
        ["error: Failed", "[end of output]", "ERROR", "×", "note:"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let Some(at) = lines
        .iter()
        .rposition(|line| is_exception(line) && !ends(line))
    else {
        return meaningful(text);
    };
    lines[at..]
        .iter()
        .take_while(|line| !ends(line))
        .take(SHOWN)
        .map(|line| shortened(line.trim_start()))
        .collect()
}

/// One line without its mark, control characters and most of a long list of versions.
fn shortened(line: &str) -> String {
    let line = line.trim_end();
    // uv's indentation is part of its diagram; pip's comes from quoted output.
    let line = line
        .trim_start()
        .strip_prefix("ERROR: ")
        .or_else(|| line.strip_prefix("error: "))
        .unwrap_or(line);
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    let line = match line.split_once("(from versions: ") {
        Some((before, versions)) => {
            let versions: Vec<&str> = versions.trim_end_matches(')').split(", ").collect();
            let last = &versions[versions.len().saturating_sub(5)..];
            let more = if last.len() < versions.len() {
                "…, "
            } else {
                ""
            };
            format!("{before}(from versions: {more}{})", last.join(", "))
        }
        None => line,
    };
    line.chars().take(WIDTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_words_name_the_requirement() {
        let text = "Looking in links: /w\nERROR: Could not find a version that satisfies the requirement nope>=9 (from versions: none)\nERROR: No matching distribution found for nope>=9\n";
        assert_eq!(
            requirement(text, &["click".to_owned(), "Nope >= 9".to_owned()]).as_deref(),
            Some("Nope >= 9")
        );
        assert_eq!(meaningful(text).len(), 2);
        assert!(!meaningful(text)[0].contains("ERROR"));
    }

    #[test]
    fn when_pip_itself_gives_up_the_cause_is_what_it_says_last() {
        let text = "Looking in links: /w\nERROR: Exception:\nTraceback (most recent call last):\n  File \"x\", line 1\nFileNotFoundError: [Errno 2] No such file or directory: '/nodir/x.whl'\n";
        assert_eq!(
            meaningful(text),
            ["FileNotFoundError: [Errno 2] No such file or directory: '/nodir/x.whl'"]
        );
    }

    #[test]
    fn uvs_words_name_the_requirement() {
        let text = "  × No solution found when resolving dependencies:\n  ╰─▶ Because nope was not found in the package registry and you require\n      nope>=9, we can conclude that your requirements are unsatisfiable.\n";
        assert_eq!(
            requirement(text, &["nope>=9".to_owned()]).as_deref(),
            Some("nope>=9")
        );
        assert_eq!(meaningful(text).len(), 3);
        let text = "  × No solution found when resolving dependencies:\n  ╰─▶ Because only click<=8.3 is available and you require click>=99\n";
        assert_eq!(
            requirement(text, &["rich".to_owned(), "click>=99".to_owned()]).as_deref(),
            Some("click>=99")
        );
    }

    #[test]
    fn a_back_ends_last_words_are_its_exception() {
        let text = "Traceback:\n  File \"x\", line 1\n    raise ValueError(m)\nValueError: no files to ship\n\nSay which\nerror: Failed to build `/x`\n  cause: exit\n";
        assert_eq!(
            last_words(text),
            ["ValueError: no files to ship", "Say which"]
        );
    }

    #[test]
    fn no_more_lines_than_can_be_read() {
        let text = (0..100)
            .map(|number| format!("line {number}"))
            .collect::<Vec<_>>()
            .join("\n");
        let said = meaningful(&text);
        assert_eq!(said.len(), SHOWN);
        assert_eq!(said.last().map(String::as_str), Some("line 99"));
    }
}
