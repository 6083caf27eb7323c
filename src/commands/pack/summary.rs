//! The summary at the end of `pack`.

use std::path::Path;

use flavor::libraries::first_with;
use flavor::pack::{Needs, PackReport, Step};
use flavor::python::install::Subject;
use flavor::report::{Bytes, counted};
use flavor::stub::LauncherOrigin;

/// For every step whether its result was reused, or else why not.
pub(super) fn explain(report: &PackReport) -> Vec<String> {
    let mut lines = Vec::new();
    let mut steps: Vec<&Step> = report.steps.iter().collect();
    // Steps run in parallel; the output has a fixed order.
    steps.sort_by_key(|step| step.layer);
    for step in steps {
        match &step.because {
            None => lines.push(format!(
                "explain: {} reused, {}",
                step.name,
                Bytes(step.bytes)
            )),
            Some(because) => {
                lines.push(format!(
                    "explain: {} made, {}",
                    step.name,
                    Bytes(step.bytes)
                ));
                lines.extend(because.iter().map(|line| format!("explain:     {line}")));
            }
        }
    }
    for (slot, library) in &report.carried {
        let package = library.package.as_ref().map_or(String::new(), |package| {
            format!(" ({} {})", package.name, package.version)
        });
        let (name, from, digest) = (&library.name, library.from.display(), library.sha256.hex());
        lines.push(format!(
            "explain: slot {slot} carries {name} from {from}{package}, sha256 {digest}"
        ));
    }
    let package = if report.fresh {
        "nothing to write"
    } else {
        "written"
    };
    lines.push(format!(
        "explain: package {package}, {}",
        Bytes(report.size)
    ));
    lines
}

/// What a requirement resolved to, and its origin.
pub(super) fn resolved(subject: &Subject) -> String {
    let Subject {
        name,
        version,
        from,
        commit,
        ..
    } = subject;
    let commit = commit
        .as_ref()
        .map(|commit| format!(", commit {}", &commit[..12.min(commit.len())]))
        .unwrap_or_default();
    format!("resolved {name} {version} from {from}{commit}")
}

/// The announcement of a new signing key, which must not be lost.
pub(super) fn key_made(directory: &Path) -> String {
    format!(
        "made your signing key in {}: keep it, it is the identity of your packages",
        directory.display()
    )
}

/// The summary, one line each.
pub(super) fn summary(report: &PackReport) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(directory) = &report.key_made_in {
        lines.push(key_made(directory));
    }
    for slot in &report.slots {
        let (plain, stored) = (Bytes(slot.plain_size), Bytes(slot.stored_size));
        let files = counted(slot.files, "file", "files");
        lines.push(format!(
            "{:>12}  {plain} → {stored}, {files}, {}",
            slot.name, slot.operations
        ));
    }
    if let Some((before, after)) = report.launcher_stripped {
        lines.push(format!(
            "    stripped  launcher {} → {}",
            Bytes(before),
            Bytes(after)
        ));
        let files = report.stripped;
        lines.push(format!(
            "    stripped  {} {} → {}",
            counted(files.files, "native file", "native files"),
            Bytes(files.before),
            Bytes(files.after)
        ));
    }
    if let Some(slimmed) = &report.slimmed {
        for group in &slimmed.kinds {
            lines.push(format!(
                "    left out  {}: {}, {}, which saves {}",
                group.kind,
                counted(group.files, "file", "files"),
                Bytes(group.size),
                Bytes(group.stored)
            ));
        }
        if slimmed.kinds.is_empty() {
            lines.push("    left out  nothing: the dependencies have no such files".into());
        }
        let modules = counted(slimmed.imported, "module", "modules");
        lines.push(format!("    imported  {modules}, as with all files"));
    }
    if let LauncherOrigin::File(path) = &report.launcher {
        lines.push(format!("    launcher  {}", path.display()));
    }
    lines.push(needs(&report.needs));
    lines.push(format!(
        "packed {} {}: {}, signed by {}, in {}",
        report.name,
        report.version,
        Bytes(report.size),
        report.signer.short(),
        report.took
    ));
    lines.push(format!(
        "{}, digest {}",
        reuse(&report.steps),
        report.digest.hex()
    ));
    // A bare name would be looked up on PATH.
    let here = if report.path.components().count() == 1 {
        "./"
    } else {
        ""
    };
    lines.push(format!("next: {here}{} --help", report.path.display()));
    lines
}

/// Requirements on the target machine: `needs glibc 2.34 and libGL.so.1: Ubuntu 22.04, …`.
fn needs(needs: &Needs) -> String {
    let glibc = needs.glibc.map(|floor| format!("glibc {floor}"));
    let mut all: Vec<String> = glibc
        .into_iter()
        .chain(needs.libraries.iter().cloned())
        .collect();
    let Some(last) = all.pop() else {
        return "runs on any Linux".into();
    };
    let what = if all.is_empty() {
        last
    } else {
        format!("{} and {last}", all.join(", "))
    };
    match needs.glibc.map(first_with) {
        None => format!("needs {what}"),
        Some(Some(first)) => format!("needs {what}: {first} or later"),
        Some(None) => {
            format!("needs {what}, which no release of Ubuntu, Debian or RHEL known here has")
        }
    }
}

/// The share of steps that was reused from the build cache.
fn reuse(steps: &[Step]) -> String {
    let reused: Vec<&Step> = steps.iter().filter(|step| step.reused).collect();
    let bytes: u64 = reused.iter().map(|step| step.bytes).sum();
    let percent = (reused.len() * 100).checked_div(steps.len()).unwrap_or(0);
    format!(
        "build cache: {} of {} reused ({percent} %), {}",
        reused.len(),
        counted(steps.len(), "step", "steps"),
        Bytes(bytes)
    )
}
