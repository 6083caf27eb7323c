//! `pack --json`.

use flavor::diagnostics::Diagnostic;
use flavor::libraries::first_with;
use flavor::manifest::Warning;
use flavor::pack::{Difference, PackReport};
use flavor::report::Recording;
use flavor::stub::LauncherOrigin;
use serde_json::{Value, json};

/// Version of the JSON; increased by incompatible changes.
pub(super) const SCHEMA: u32 = 1;

/// What was made, from what, and how long it took.
pub(super) fn report(
    report: &PackReport,
    recording: &Recording,
    warnings: &[Warning],
    differences: Option<&[Difference]>,
) -> Value {
    json!({
        "schema": SCHEMA,
        "path": report.path.to_string_lossy(),
        "name": report.name,
        "version": report.version,
        "size": report.size,
        "blake3": report.digest.hex(),
        "fresh": report.fresh,
        "verified": report.verified,
        "signer": report.signer.as_str(),
        "glibc_floor": report.needs.glibc,
        "needs": {
            "glibc": report.needs.glibc,
            "glibc_by": report.needs.glibc_by.as_ref().map(|(slot, file)| json!({ "slot": slot, "path": file })),
            "distributions": report.needs.glibc.and_then(first_with),
            "libraries": report.needs.libraries,
        },
        "carried": report.carried.iter().map(|(slot, library)| json!({
            "slot": slot,
            "library": library.name,
            "from": library.from.to_string_lossy(),
            "sha256": library.sha256.hex(),
            "package": library.package.as_ref().map(|package| json!({
                "name": package.name,
                "version": package.version,
                "source": package.source,
                "license": package.license,
            })),
        })).collect::<Vec<_>>(),
        "took_ms": u64::try_from(report.took.0.as_millis()).unwrap_or(u64::MAX),
        "phases": recording.phases,
        "launcher": {
            "size": report.launcher_size,
            "file": match &report.launcher {
                LauncherOrigin::Embedded => None,
                LauncherOrigin::File(path) => Some(path.to_string_lossy()),
            },
        },
        "slots": report.slots,
        "steps": report.steps,
        "beyond_target": report.beyond_target().map(ToString::to_string).collect::<Vec<_>>(),
        "over_budget": report.over_budget().map(ToString::to_string).collect::<Vec<_>>(),
        "resolved": report.subject.as_ref().map(|subject| json!({
            "name": subject.name,
            "version": subject.version,
            "from": subject.from,
            "commit": subject.commit,
            "sha256": subject.sha256,
        })),
        "warnings": warnings.iter().map(|warning| json!({
            "code": warning.code().to_string(),
            "message": warning.to_string(),
            "hint": warning.hint(),
            "file": warning.site().path.to_string_lossy(),
            "line": warning.site().line,
            "column": warning.site().column,
        })).chain(report.findings.iter().map(|finding| json!({
            "code": finding.code().to_string(),
            "message": finding.to_string(),
            "hint": finding.hint(),
            "file": finding.place().map(|place| &place.file),
            "line": finding.place().map(|place| place.line),
        }))).collect::<Vec<_>>(),
        "differences": differences,
    })
}
