use crate::diagnostics::Diagnostic;
use std::path::Path;

use super::*;

mod messages;

/// A minimal accepted project.
const PROJECT: &str =
    "[project]\nname = \"hello\"\nversion = \"1.0\"\nscripts.hello = \"hello.cli:main\"\n";
/// The same without Python.
const TOOL: &str = "[project]\nname = \"tool\"\nversion = \"1.0\"\n[tool.flavor.execution]\ncommand = \"{workenv}/bin/tool -v\"\n";

/// Follows [`PROJECT`]: every table that flavor reads.
const FLAVOR: &str = r#"
optional-dependencies.web = ["flask"]
[dependency-groups]
ops = ["psutil"]
[tool.flavor]
package_name = "greeter"
entry_point = "hello.cli:main"
[tool.flavor.python]
version = "3.12"
include = ["tkinter"]
flags = ["-X", "utf8"]
[tool.flavor.build]
extras = ["Web"]
groups = ["ops"]
exclude = ["tests/"]
dependencies = ["../shared-lib", "tomli-w"]
compress = 9
strip = true
find-links = ".cache/pip"
[tool.flavor.execution]
args = ["--fast"]
env = { GREETING = "{workenv}/x" }
runtime.env = { unset = ["PYTHON*"], pass = ["PATH"], map = { A = "B" }, set = { PORT = 80, DEBUG = false } }
[tool.flavor.budget]
total = "60MB"
slots = { app = "512KiB" }
[tool.flavor.policy]
refuse_root = true
[tool.flavor.metadata]
team = { name = "core", size = 3 }
released = 2026-01-02
"#;

/// Every standard table.
const STANDARD: &str = r#"
[build-system]
requires = ["setuptools"]
[project]
name = "my-app"
dynamic = ["version"]
requires-python = ">=3.11"
license = "MIT"
dependencies = ["click>=8", "rich; python_version > '3'", "x @ https://example.org/x-1-py3-none-any.whl"]
optional-dependencies = { Fast_JSON = ["orjson"] }
scripts = { zeta = "a.b:c", my_app = "m:main.run [x]" }
gui-scripts = { win = "w:main" }
[dependency-groups]
base = ["pytest"]
Dev_All = [{ include-group = "base" }, "ruff", "pytest"]
"#;

fn try_parse(text: &str) -> Result<(Manifest, Vec<Warning>), Error> {
    parse(text, Path::new("pyproject.toml"))
}

fn accept(text: &str) -> Manifest {
    let (manifest, warnings) = try_parse(text).expect("a good manifest");
    assert_eq!(warnings, []);
    manifest
}

/// [`PROJECT`] and more.
fn with(more: &str) -> Manifest {
    accept(&format!("{PROJECT}{more}"))
}

/// The message and the hint, as shown.
fn refusal(text: &str) -> String {
    let error = try_parse(text).expect_err("a bad manifest");
    error.hint().map_or_else(
        || error.to_string(),
        |hint| format!("{error}\nhint: {hint}"),
    )
}

fn refused(more: &str) -> String {
    refusal(&format!("{PROJECT}{more}"))
}

fn warned(more: &str) -> String {
    let (_, warnings) = try_parse(&format!("{PROJECT}{more}")).expect("a good manifest");
    let lines = warnings.iter().map(|w| {
        w.hint()
            .map_or_else(|| w.to_string(), |hint| format!("{w}\nhint: {hint}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A slot with `more` keys; its table is on line 5, its third key on line 8.
fn slot_text(more: &str) -> String {
    format!("[[tool.flavor.slots]]\nname = \"data\"\nsource = \"data/\"\n{more}")
}

fn slot(more: &str) -> Slot {
    with(&slot_text(more)).slots.remove(0)
}

/// Operations as `tar zstd:19`.
fn chain(operations: &str) -> String {
    let operations = slot(&format!("operations = {operations}"))
        .operations
        .expect("operations were given");
    let words = operations.iter().map(|operation| {
        let extreme = if operation.extreme { "e" } else { "" };
        operation.level.map_or_else(
            || operation.name.as_str().to_string(),
            |level| format!("{}:{level}{extreme}", operation.name.as_str()),
        )
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_script_is_enough_without_any_flavor_table() {
    let manifest = accept(PROJECT);
    assert_eq!(manifest.package_name, "hello");
    assert_eq!(manifest.version.as_deref(), Some("1.0"));
    assert_eq!(manifest.directory, Path::new("."));
    assert_eq!(
        manifest.main_script().map(|(name, _)| name.as_str()),
        Some("hello")
    );
    assert!(manifest.is_python());
}

#[test]
fn the_standard_tables_are_read() {
    let manifest = accept(STANDARD);
    let project = &manifest.project;
    assert_eq!(project.version, None);
    assert_eq!(project.dependencies.len(), 3);
    assert_eq!(project.optional_dependencies["fast-json"], ["orjson"]);
    assert_eq!(project.dependency_groups["dev-all"], ["pytest", "ruff"]);
    let scripts: Vec<_> = project
        .scripts
        .iter()
        .map(|(name, entry)| format!("{name}={entry}"))
        .collect();
    assert_eq!(scripts, ["zeta=a.b:c", "my_app=m:main.run", "win=w:main"]);
    assert!(project.has_back_end);
    assert_eq!(
        manifest.main_script().map(|(name, _)| name.as_str()),
        Some("my_app")
    );
}

#[test]
fn the_flavor_tables_are_read() {
    let manifest = with(FLAVOR);
    assert_eq!(manifest.package_name, "greeter");
    assert_eq!(
        manifest
            .entry_point
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some("hello.cli:main")
    );
    assert_eq!(manifest.build.extras, ["web"]);
    assert_eq!(manifest.build.dependencies, ["tomli-w"]);
    assert_eq!(
        manifest.build.local_dependencies,
        [Path::new("../shared-lib")]
    );
    assert_eq!(manifest.build.find_links, [".cache/pip"]);
    assert_eq!(
        (manifest.build.compress, manifest.build.strip),
        (Some(9), Some(true))
    );
    let env = &manifest.execution.runtime_env;
    assert_eq!(
        env.set,
        [
            ("PORT".into(), "80".into()),
            ("DEBUG".into(), "false".into())
        ]
    );
    assert_eq!(env.map, [("A".into(), "B".into())]);
    assert_eq!(manifest.budget.total, Some(60_000_000));
    assert_eq!(manifest.budget.slots["app"], 512 * 1024);
    assert!(manifest.policy.refuse_root);
    let metadata = serde_json::Value::Object(manifest.metadata);
    assert_eq!(
        metadata.to_string(),
        r#"{"released":"2026-01-02","team":{"name":"core","size":3}}"#
    );
}

#[test]
fn a_command_alone_makes_a_package_without_python() {
    let manifest = accept(TOOL);
    assert_eq!(
        manifest.execution.command.as_deref(),
        Some(&["{workenv}/bin/tool".to_string(), "-v".into()][..])
    );
    assert!(!manifest.is_python());
    assert!(accept(&format!("{TOOL}[tool.flavor.python]\n")).is_python());
    assert!(
        !with("[tool.flavor]\nexecution.command = \"x\"\npython.enabled = false\n").is_python()
    );
}

#[test]
fn both_slot_tables_of_the_guides_are_read() {
    let text = "[[tool.flavor.slots.entries]]\nname = \"python-runtime\"\nsource = \"venv/\"\n\
                [[tool.flavor.slots.entries]]\nid = \"data\"\nsource = \"d\"\n";
    let slots = with(text).slots;
    assert_eq!(
        slots
            .iter()
            .map(|slot| (slot.name.as_str(), slot.line))
            .collect::<Vec<_>>(),
        [("python-runtime", 5), ("data", 8)]
    );
    assert_eq!(slot("id = \"data\"").name, "data");
    assert_eq!(slot("").operations, None);
    assert_eq!(slot("").lifecycle, Lifecycle::Eager);
}

#[test]
fn every_spelling_of_a_chain_means_the_same() {
    for (text, want) in [
        (r#"["tar", "zstd"]"#, "tar zstd"),
        (r#"["tar", "zstd:19"]"#, "tar zstd:19"),
        (r#"["TAR.XZ:9e"]"#, "tar xz:9e"),
        (r#""tar.gz""#, "tar gzip"),
        (r#""tar.zst:3""#, "tar zstd:3"),
        (r#""tgz""#, "tar gzip"),
        (r#""tar|gzip:0""#, "tar gzip:0"),
        (r#""raw""#, "raw"),
        (r#"["raw"]"#, "raw"),
        (r#""none""#, "raw"),
        (r#""""#, "raw"),
        ("[]", "raw"),
    ] {
        assert_eq!(chain(text), want, "{text}");
    }
}

#[test]
fn a_target_is_reduced_to_its_relative_path() {
    for (text, want) in [
        ("data", "data"),
        ("{workenv}/data/", "data"),
        ("{workenv}", ""),
        ("./a//b/.", "a/b"),
        (".config/flavor", ".config/flavor"),
    ] {
        assert_eq!(
            slot(&format!("target = \"{text}\"")).target.as_deref(),
            Some(want),
            "{text}"
        );
    }
}

#[test]
fn a_short_version_stands_for_its_patch_releases() {
    let python = |requires: &str, version: &str| {
        try_parse(&format!(
            "{PROJECT}requires-python = \"{requires}\"\n[tool.flavor.python]\nversion = \"{version}\""
        ))
    };
    assert!(python(">=3.12.4", "3.12").is_ok());
    assert!(python(">=3.12.4", "3.12.3").is_err());
    assert!(python("<3.12", "3.12").is_err());
}

#[test]
fn unknown_keys_of_others_are_none_of_our_business() {
    with("unheard-of = 1\n[tool.black]\nline-length = 100\n");
}

#[test]
fn control_characters_are_not_repeated() {
    assert!(!refused("[tool.flavor]\npackage_name = \"\\u001b[2J\"").contains('\u{1b}'));
    assert!(!warned("[tool.flavor]\n\"\\u001b[2J\" = 1").contains('\u{1b}'));
}

#[test]
fn a_byte_order_mark_and_foreign_line_ends_do_no_harm() {
    let text = format!("\u{feff}{}", PROJECT.replace('\n', "\r\n"));
    assert_eq!(accept(&text).package_name, "hello");
    let slot = slot_text("operations = \"zsdt\"").replace('\n', "\r\n");
    let error = try_parse(&format!("{text}{slot}")).expect_err("an unknown operation");
    assert!(
        error.to_string().starts_with("pyproject.toml:8:14: "),
        "{error}"
    );
}

#[test]
fn read_tells_a_missing_file_from_a_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    let error = Manifest::read(dir.path()).expect_err("an empty directory");
    assert!(
        matches!(&error, Error::NotFound { path } if *path == dir.path().join("pyproject.toml")),
        "{error}"
    );
    assert!(error.hint().is_some_and(|hint| hint.contains("--manifest")));
    std::fs::write(dir.path().join("pyproject.toml"), PROJECT).expect("a file");
    let (manifest, _) = Manifest::read(dir.path()).expect("a good manifest");
    assert_eq!(manifest.directory, dir.path());
    std::fs::write(
        dir.path().join("pyproject.toml"),
        b"[project]\nname = \"\xff\"\n",
    )
    .expect("a file");
    assert!(matches!(
        Manifest::read(dir.path()),
        Err(Error::NotUtf8 { line: 2, .. })
    ));
}

#[test]
fn the_examples_are_good_manifests() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    // Absent from the published crate.
    let Ok(entries) = std::fs::read_dir(examples) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if !path.is_dir() {
            continue;
        }
        let (_, warnings) = Manifest::read(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(warnings, [], "{}", path.display());
    }
}

/// Every table that flavor reads, and a slot with every key.
fn everything() -> String {
    let slot = slot_text(
        "operations = \"tar.zst:3\"\ntarget = \"{workenv}/a\"\npermissions = \"755\"\nlifecycle = \"lazy\"\n\
         purpose = \"data\"\n",
    );
    format!("{PROJECT}requires-python = \">=3.11\"\n{FLAVOR}{slot}")
}

#[test]
fn the_mutated_texts_are_good_when_whole() {
    accept(STANDARD);
    accept(&everything());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(at in 0..2000_usize, cut in 0..9_usize, junk in "[ -~\\PC\n]{0,6}") {
        let full = if at % 2 == 0 { STANDARD.to_string() } else { everything() };
        let mut chars: Vec<char> = full.chars().collect();
        let at = at.min(chars.len());
        let end = at.saturating_add(cut).min(chars.len());
        chars.splice(at..end, junk.chars());
        let text: String = chars.into_iter().collect();
        if let Err(error) = try_parse(&text) {
            let _ = (error.to_string(), error.hint());
        }
    }

    #[test]
    fn no_requirement_makes_the_parser_panic(
        requirement in "[a-z]{0,3}[-._]?( ?\\[[a-b,_ -]{0,4}\\]?)?[@<>=!~;(),#. 0-9a-z'+*-]{0,16}",
        specifier in "[<>=!~]{0,3}[0-9a-z.*+!, -]{0,12}",
    ) {
        for key in [format!("dependencies = [\"{requirement}\"]"), format!("requires-python = \"{specifier}\"")] {
            let text = format!("{PROJECT}{key}\n[tool.flavor.python]\nversion = \"3.12\"\n");
            if let Err(error) = try_parse(&text) {
                let _ = (error.to_string(), error.hint());
            }
        }
    }
}
