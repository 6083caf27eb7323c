use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flavor::fs::IoContext;
use flavor::manifest::{self, Choices, Manifest, is_setup_beside};
use flavor::pack::leads_outside;
use flavor::report::{Talk, TerminalReporter};
use serde_json::json;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use crate::cli::{Globals, Init};
use crate::error::Error;
use crate::output;

/// `flavor init`: adds the minimal configuration for packing to a project's manifest.
pub(super) fn run(options: &Init, globals: &Globals) -> Result<ExitCode, Error> {
    let path = if options.manifest.is_dir() {
        options.manifest.join("pyproject.toml")
    } else {
        options.manifest.clone()
    };
    let (before, after) = match std::fs::read_to_string(&path) {
        Ok(text) => {
            let after = in_the_manner_of(&text, &with_table(&path, &text, options)?);
            (text, after)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match &options.command {
            Some(program) => (String::new(), new_manifest(&path, program, options)?),
            // setuptools has its own files; the table goes into a `pyproject.toml` beside them.
            None if is_setup_beside(&path) => (
                String::new(),
                with_table(&path, "", options)?.trim_start().to_owned(),
            ),
            None => {
                return Err(Error::NothingToSetUp {
                    path: directory_of(&path),
                });
            }
        },
        Err(error) => return Err(error).on("read", &path).map_err(Into::into),
    };
    // Checks what a pack would check before anything is written.
    Manifest::of_text(&after, &path, &Choices::default())?;
    if !options.dry_run {
        write(&path, &after)?;
    }
    let next = next(&path);
    if globals.json {
        output::json(&json!({
            "path": output::text(&path),
            "written": !options.dry_run,
            "diff": diff(&path, &before, &after),
            "next": next,
        }))?;
    } else if options.dry_run {
        output::data(&diff(&path, &before, &after))?;
    } else {
        output::path(&path)?;
    }
    let reporter = TerminalReporter::new(if globals.quiet {
        Talk::Quiet
    } else {
        Talk::Normal
    });
    if let Some(module) = options
        .entry_point
        .as_deref()
        .and_then(|entry| nowhere(&directory_of(&path), entry))
    {
        let text = format!("no module `{module}` in `src` or beside the manifest");
        reporter.warn(
            None,
            &text,
            Some("correct `entry_point`, unless the build generates the module"),
        );
    }
    reporter.say(&format!("next: {next}"));
    Ok(ExitCode::SUCCESS)
}

/// Restores the line ends and the byte order mark of the original, which the TOML editing library
/// drops.
fn in_the_manner_of(before: &str, after: &str) -> String {
    const MARK: char = '\u{feff}';
    let ends_in_returns = before.contains('\n') && !before.replace("\r\n", "").contains('\n');
    let after = after.trim_start_matches(MARK).replace("\r\n", "\n");
    let after = if ends_in_returns {
        after.replace('\n', "\r\n")
    } else {
        after
    };
    if before.starts_with(MARK) {
        format!("{MARK}{after}")
    } else {
        after
    }
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.into(),
        _ => ".".into(),
    }
}

/// Replaces the file atomically and keeps its mode.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    // A manifest that is a link stays one.
    let target = path.canonicalize().unwrap_or_else(|_| path.into());
    let directory = directory_of(&target);
    let file = tempfile::NamedTempFile::new_in(&directory).on("create a file in", &directory)?;
    let mode = target.metadata().map(|metadata| metadata.permissions());
    std::fs::write(file.path(), text).on("write", &target)?;
    let mode = mode.unwrap_or_else(|_| std::os::unix::fs::PermissionsExt::from_mode(0o644));
    file.as_file()
        .set_permissions(mode)
        .on("set the mode of", &target)?;
    file.persist(&target)
        .map_err(|error| error.error)
        .on("write", &target)?;
    Ok(())
}

/// The command to run next.
fn next(path: &Path) -> String {
    if path == Path::new("pyproject.toml") {
        "flavor pack".into()
    } else {
        format!("flavor pack --manifest {}", path.display())
    }
}

/// Appends `[tool.flavor]` to a manifest; everything else stays unchanged.
fn with_table(path: &Path, text: &str, options: &Init) -> Result<String, Error> {
    let mut document: DocumentMut = match text.parse() {
        Ok(document) => document,
        // The manifest's parser reports the error with its line.
        Err(_) => {
            return manifest::parse(text, path)
                .map(|_| text.to_owned())
                .map_err(Into::into);
        }
    };
    if document
        .get("tool")
        .and_then(|tool| tool.get("flavor"))
        .is_some()
    {
        let line = text.lines().position(|line| {
            line.contains("tool.flavor") || line.trim_start().starts_with("flavor")
        });
        return Err(Error::AlreadySetUp {
            path: path.into(),
            line: line.map_or(1, |at| at + 1),
        });
    }
    let table = flavor_table(path, &document, options)?;
    let tool = document.entry("tool").or_insert_with(|| {
        let mut tool = Table::new();
        tool.set_implicit(true);
        Item::Table(tool)
    });
    if let Some(tool) = tool.as_table_like_mut() {
        tool.insert("flavor", Item::Table(table));
    }
    Ok(document.to_string())
}

fn flavor_table(path: &Path, document: &DocumentMut, options: &Init) -> Result<Table, Error> {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    if let Some(name) = &options.name {
        table.insert("package_name", value(name));
    }
    if let Some(program) = &options.command {
        let name = options
            .name
            .clone()
            .or_else(|| name_in(document))
            .unwrap_or_else(|| name_of(path));
        run_program(&mut table, path, program, &name)?;
        return Ok(table);
    }
    let script = main_script(document, options);
    let parsed = Manifest::of_text(&document.to_string(), path, &Choices::default());
    let is_computed = parsed.is_ok_and(|(manifest, _)| manifest.project.computes_scripts());
    let is_open = script.is_none() && !is_computed;
    let function = options
        .entry_point
        .clone()
        .or_else(|| is_open.then(|| function_in(&directory_of(path)))?);
    match (function, script) {
        (Some(function), _) => {
            table.insert("entry_point", value(function));
        }
        (None, Some(script)) if table.is_empty() => {
            // An empty table would be puzzling.
            table.decor_mut().set_suffix(format!(
                "\n# The program is the script `{script}`; `entry_point = \"module:function\"` takes another."
            ));
        }
        (None, None) if is_computed && table.is_empty() => {
            table.decor_mut().set_suffix(
                "\n# The program is the script with the project's name, else the first; `entry_point = \"module:function\"` \
                 takes another.",
            );
        }
        // If there is no program, the check that follows reports it.
        _ => {}
    }
    Ok(table)
}

fn name_in(document: &DocumentMut) -> Option<String> {
    document
        .get("project")?
        .get("name")?
        .as_str()
        .map(Into::into)
}

/// The script that is packed by default.
fn main_script(document: &DocumentMut, options: &Init) -> Option<String> {
    let scripts = document.get("project")?.get("scripts")?.as_table_like()?;
    let name = options.name.clone().or_else(|| name_in(document));
    let named = scripts
        .iter()
        .map(|(script, _)| script)
        .find(|script| Some(*script) == name.as_deref());
    named
        .or_else(|| scripts.iter().next().map(|(script, _)| script))
        .map(Into::into)
}

/// The only `main` in the usual places of a project that declares no script.
fn function_in(directory: &Path) -> Option<String> {
    let mut candidates = Vec::new();
    for root in [directory.join("src"), directory.to_path_buf()] {
        for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
            let path = entry.path();
            let Some(name) = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .map(ToOwned::to_owned)
            else {
                continue;
            };
            if path.join("__init__.py").is_file() {
                let modules = ["cli", "__main__", "main"]
                    .map(|module| (path.join(format!("{module}.py")), module));
                let with_main = modules.iter().find(|(file, _)| has_main(file));
                candidates.extend(with_main.map(|(_, module)| format!("{name}.{module}:main")));
            } else if path.extension().is_some_and(|ending| ending == "py")
                && name != "setup"
                && has_main(&path)
            {
                candidates.push(format!("{name}:main"));
            }
        }
    }
    candidates.sort();
    candidates.dedup();
    // With several candidates only the author knows which is meant.
    <[String; 1]>::try_from(candidates)
        .ok()
        .map(|[function]| function)
}

fn has_main(file: &Path) -> bool {
    std::fs::read_to_string(file)
        .is_ok_and(|text| text.lines().any(|line| line.starts_with("def main(")))
}

/// The module of an entry point, if it is not in the usual directories.
fn nowhere(directory: &Path, entry_point: &str) -> Option<String> {
    let module = entry_point.split(':').next().unwrap_or_default().trim();
    let path = module.replace('.', "/");
    let is_in =
        |root: &PathBuf| root.join(&path).is_dir() || root.join(format!("{path}.py")).is_file();
    let roots = [directory.join("src"), directory.to_path_buf()];
    (!roots.iter().any(is_in)).then(|| module.to_owned())
}

/// A manifest for a program that is not Python.
fn new_manifest(path: &Path, program: &Path, options: &Init) -> Result<String, Error> {
    let name = options.name.clone().unwrap_or_else(|| name_of(path));
    let mut document = DocumentMut::new();
    let mut project = Table::new();
    project.insert("name", value(&name));
    project.insert("version", value("0.1.0"));
    document.insert("project", Item::Table(project));
    let mut flavor = Table::new();
    flavor.set_implicit(true);
    run_program(&mut flavor, path, program, &name)?;
    let mut tool = Table::new();
    tool.set_implicit(true);
    tool.insert("flavor", Item::Table(flavor));
    document.insert("tool", Item::Table(tool));
    Ok(document.to_string())
}

/// Makes a file the program of the package.
fn run_program(
    flavor: &mut Table,
    manifest: &Path,
    program: &Path,
    name: &str,
) -> Result<(), Error> {
    let metadata = std::fs::metadata(program).on("examine", program)?;
    if !metadata.is_file() {
        return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory))
            .on("start", program)
            .map_err(Into::into);
    }
    let absolute = |path: &Path| path.canonicalize().on("find", path);
    let (file, directory) = (absolute(program)?, absolute(&directory_of(manifest))?);
    let source = relative(&file, &directory);
    let mut execution = Table::new();
    execution.insert(
        "command",
        value(Array::from_iter([format!("{{workenv}}/bin/{name}")])),
    );
    let mut entry = Table::new();
    entry.insert("name", value("program"));
    entry.insert("source", value(source.to_string_lossy().as_ref()));
    entry.insert("target", value(format!("bin/{name}")));
    entry.insert("permissions", value("0755"));
    if leads_outside(&directory, &file).is_some() {
        entry.insert("follow", value(true));
    }
    let mut entries = ArrayOfTables::new();
    entries.push(entry);
    let mut slots = Table::new();
    slots.set_implicit(true);
    slots.insert("entries", Item::ArrayOfTables(entries));
    flavor.insert("execution", Item::Table(execution));
    flavor.insert("slots", Item::Table(slots));
    Ok(())
}

/// The relative path from a directory to a file, both absolute, so that a manifest can be moved
/// together with its neighbours.
fn relative(file: &Path, directory: &Path) -> PathBuf {
    let common = file
        .ancestors()
        .find(|above| directory.starts_with(above))
        .unwrap_or(Path::new("/"));
    let up = directory
        .strip_prefix(common)
        .map_or(0, |rest| rest.components().count());
    let down = file.strip_prefix(common).unwrap_or(file);
    std::iter::repeat_n(Path::new(".."), up)
        .collect::<PathBuf>()
        .join(down)
}

/// A package name derived from that of the directory.
fn name_of(manifest: &Path) -> String {
    let directory = directory_of(manifest).canonicalize().unwrap_or_default();
    manifest::made_of(&directory.file_name().unwrap_or_default().to_string_lossy())
}

/// The added lines, in the format of `diff -u`.
fn diff(path: &Path, before: &str, after: &str) -> String {
    const CONTEXT: usize = 3;
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old
        .iter()
        .zip(&new)
        .take_while(|(old, new)| old == new)
        .count();
    let rest = old.len().min(new.len()) - same;
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(old, new)| old == new)
        .count();
    let (from, to) = (same.saturating_sub(CONTEXT), (tail - tail.min(CONTEXT)));
    let count = |all: usize| all - from - to;
    let start = |count: usize| if count == 0 { from } else { from + 1 };
    let shown = path.display();
    let mut text = format!(
        "--- {}\n+++ {shown}\n@@ -{},{} +{},{} @@\n",
        if old.is_empty() {
            "/dev/null".into()
        } else {
            shown.to_string()
        },
        start(count(old.len())),
        count(old.len()),
        start(count(new.len())),
        count(new.len()),
    );
    let line = |mark: char, line: &&str| format!("{mark}{line}\n");
    text.extend(old[from..same].iter().map(|content| line(' ', content)));
    text.extend(
        old[same..old.len() - tail]
            .iter()
            .map(|content| line('-', content)),
    );
    text.extend(
        new[same..new.len() - tail]
            .iter()
            .map(|content| line('+', content)),
    );
    text.extend(
        new[new.len() - tail..new.len() - to]
            .iter()
            .map(|content| line(' ', content)),
    );
    text
}
