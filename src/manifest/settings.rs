use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use super::command;
use super::error::Error;
use super::name::normalized;
use super::placeholder;
use super::project::{self, Project};
use super::requirement;
use super::slim::Slim;
use super::suggest::closest;
use super::table::{Item, Table};
use crate::report::Bytes;
use crate::target::{COMMON_PLATFORMS, is_platform, platforms, usual_spelling};

/// `[tool.flavor.python]`: which interpreter, and which parts of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Python {
    /// Whether the table exists.
    pub declared: bool,
    /// Explicitly whether to package an interpreter.
    pub enabled: Option<bool>,
    /// `3.12` or `3.12.4`; satisfies `requires-python`.
    pub version: Option<String>,
    /// Path or name of an interpreter, as written.
    pub executable: Option<String>,
    /// Parts of the standard library to include that are omitted by default: `tkinter`, `idlelib`,
    /// `test`.
    pub include: Vec<String>,
    /// Options for the interpreter: `-X utf8`, one word each.
    pub flags: Vec<String>,
}

/// `[tool.flavor.build]`: what goes into the package and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// Normalized names; each is defined in the file, unless the back end computes them.
    pub extras: Vec<String>,
    /// Normalized names; each is defined in the file.
    pub groups: Vec<String>,
    /// Patterns as in `.gitignore`.
    pub exclude: Vec<String>,
    /// Patterns for files to include although they are ignored.
    pub include: Vec<String>,
    /// Valid PEP 508 requirements in addition to the project's own.
    pub dependencies: Vec<String>,
    /// Entries of `dependencies` that are paths to projects, relative to the manifest.
    pub local_dependencies: Vec<PathBuf>,
    pub strip: Option<bool>,
    /// Kinds of files that are left out of the dependencies.
    pub slim: Vec<Slim>,
    /// 0 to 9, mapped to each slot's codec.
    pub compress: Option<u8>,
    /// Directories or URLs of wheels, as written.
    pub find_links: Vec<String>,
    /// May contain a password: never printed.
    pub index_url: Option<String>,
    /// May contain passwords: never printed.
    pub extra_index_urls: Vec<String>,
    pub offline: Option<bool>,
    /// Normalized names of distributions that may be missing from the package or have a version
    /// that does not meet a requirement, and of modules that may be missing.
    pub unmet: Vec<String>,
    /// Commands that run before anything is read.
    pub pre_build: Vec<Vec<String>>,
    /// Commands that run after the package was written.
    pub post_build: Vec<Vec<String>>,
}

/// `[tool.flavor.execution]`: how the program is started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    /// Program and arguments, placeholders unexpanded; not empty if present.
    pub command: Option<Vec<String>>,
    /// Precede the user's arguments.
    pub args: Vec<String>,
    /// Set for the program, placeholders unexpanded, after everything in `runtime_env`.
    pub env: Vec<(String, String)>,
    pub runtime_env: RuntimeEnv,
    /// Whether the package's commands come first on the program's `PATH`.
    pub path: bool,
}

/// `[tool.flavor.execution.runtime.env]`: changes to the caller's environment, in the order unset,
/// map, set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuntimeEnv {
    /// Names or patterns with `*` and `?`.
    pub unset: Vec<String>,
    /// Names or patterns exempt from `unset`.
    pub pass: Vec<String>,
    /// Literal values.
    pub set: Vec<(String, String)>,
    /// Old name, new name.
    pub map: Vec<(String, String)>,
}

/// `[tool.flavor.budget]`: maximum sizes in bytes, checked by `pack --check-budget`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// Of the package file.
    pub total: Option<u64>,
    /// Of the launcher.
    pub launcher: Option<u64>,
    /// Of a slot as stored.
    pub slots: BTreeMap<String, u64>,
}

/// `[tool.flavor.policy]`: conditions under which the package refuses to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// `linux_amd64` and the like; empty allows all.
    pub platforms: Vec<String>,
    pub refuse_root: bool,
    pub max_age_days: Option<u64>,
    /// Variables that must be set.
    pub require_env: Vec<String>,
}

pub(super) fn python(mut table: Table<'_>, project: &Project) -> Result<Python, Error> {
    let version = match table.get("version") {
        Some(item) => Some(python_version(&item, project.requires_python.as_deref())?),
        None => None,
    };
    let (executable, path) = (table.text("executable")?, table.text("path")?);
    let python = Python {
        declared: true,
        enabled: table.flag("enabled")?,
        version,
        executable: executable.or(path),
        include: table.texts("include")?,
        flags: flags(&table.items("flags")?)?,
    };
    table.finish();
    Ok(python)
}

/// A version of two or three numbers that satisfies `requires-python`.
fn python_version(item: &Item<'_>, requires: Option<&str>) -> Result<String, Error> {
    let text = item.text()?.trim();
    let numbers: Vec<u64> = text
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect();
    let (2 | 3, Ok(version)) = (numbers.len(), Version::from_str(text)) else {
        return Err(item.bad("a Python version such as \"3.12\"", text));
    };
    if let Some(requires) = requires {
        // The specifier was checked with the project; `3.12` matches any of its patch releases.
        let allowed =
            VersionSpecifiers::from_str(requires).is_ok_and(|specifiers| match numbers[..] {
                [major, minor] => {
                    (0..100).any(|patch| specifiers.contains(&Version::new([major, minor, patch])))
                }
                _ => specifiers.contains(&version),
            });
        if !allowed {
            let (version, requires) = (text.to_string(), requires.to_string());
            return Err(Error::PythonRefused {
                at: item.at(),
                version,
                requires,
            });
        }
    }
    Ok(text.to_string())
}

fn flags(items: &[Item<'_>]) -> Result<Vec<String>, Error> {
    items
        .iter()
        .map(|item| item.filled().map(str::to_string))
        .collect()
}

pub(super) fn build(mut table: Table<'_>, project: &Project) -> Result<Build, Error> {
    let extras = if project.awaits("optional-dependencies") {
        table
            .texts("extras")?
            .iter()
            .map(|extra| normalized(extra))
            .collect()
    } else {
        selection(
            &table.items("extras")?,
            "extra",
            &project.optional_dependencies,
        )?
    };
    let (mut dependencies, mut local_dependencies) = (Vec::new(), Vec::new());
    for item in table.items("dependencies")? {
        let text = item.filled()?;
        if is_path(text) {
            local_dependencies.push(PathBuf::from(text));
        } else {
            dependencies.push(requirement::parse(&item)?);
        }
    }
    let build = Build {
        extras,
        groups: selection(
            &table.items("groups")?,
            "dependency group",
            &project.dependency_groups,
        )?,
        exclude: table.texts("exclude")?,
        include: table.texts("include")?,
        dependencies,
        local_dependencies,
        strip: table.flag("strip")?,
        slim: table
            .get("slim")
            .map(|item| slim(&item))
            .transpose()?
            .unwrap_or_default(),
        compress: table
            .get("compress")
            .map(|item| small(&item, 9, "0 to 9"))
            .transpose()?,
        find_links: one_or_many(&mut table, "find_links")?,
        index_url: table.text("index_url")?,
        extra_index_urls: one_or_many(&mut table, "extra_index_urls")?,
        offline: table.flag("offline")?,
        unmet: table
            .texts("unmet")?
            .iter()
            .map(|name| normalized(name))
            .collect(),
        pre_build: commands(&mut table, "pre_build")?,
        post_build: commands(&mut table, "post_build")?,
    };
    table.finish();
    Ok(build)
}

/// `true` for the safe kinds, or a list of names.
fn slim(item: &Item<'_>) -> Result<Vec<Slim>, Error> {
    if item.value.is_bool() {
        return Ok(if item.flag()? {
            Slim::SAFE.to_vec()
        } else {
            Vec::new()
        });
    }
    let mut found = Vec::new();
    for item in item.list("`true`, `false` or an array of strings")? {
        let word = item.text()?;
        let expected = || format!("one of {}", Slim::ALL.map(Slim::name).join(", "));
        found.push(word.parse().map_err(|_| item.bad(expected(), word))?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// FlavorPack writes projects of the same repository as paths; no requirement begins like one.
fn is_path(text: &str) -> bool {
    text.starts_with(['.', '/']) || (text.contains('/') && !text.contains('@'))
}

fn selection(
    items: &[Item<'_>],
    what: &'static str,
    known: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<String>, Error> {
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        let name = normalized(item.text()?);
        if !known.contains_key(&name) {
            return Err(project::unknown(item, what, item.text()?, known.keys()));
        }
        names.push(name);
    }
    Ok(names)
}

fn one_or_many(table: &mut Table<'_>, name: &'static str) -> Result<Vec<String>, Error> {
    match table.get(name) {
        Some(item) if item.value.is_str() => Ok(vec![item.filled()?.to_string()]),
        Some(item) => flags(&item.list("an array of strings")?),
        None => Ok(Vec::new()),
    }
}

fn small(item: &Item<'_>, max: u8, range: &'static str) -> Result<u8, Error> {
    let number = item.number()?;
    u8::try_from(number)
        .ok()
        .filter(|number| *number <= max)
        .ok_or_else(|| item.bad(range, &number))
}

pub(super) fn execution(mut table: Table<'_>) -> Result<Execution, Error> {
    let mut execution = Execution {
        command: table
            .get("command")
            .map(|item| command::parse(&item))
            .transpose()?,
        args: table
            .items("args")?
            .iter()
            .map(argument)
            .collect::<Result<_, _>>()?,
        env: variables(&mut table, "env")?,
        runtime_env: RuntimeEnv::default(),
        path: table.flag("path")?.unwrap_or_default(),
    };
    if let Some(mut runtime) = table.table("runtime")? {
        if let Some(mut env) = runtime.table("env")? {
            execution.runtime_env = RuntimeEnv {
                unset: names(&env.items("unset")?)?,
                pass: names(&env.items("pass")?)?,
                set: variables(&mut env, "set")?,
                map: renames(&mut env)?,
            };
            env.finish();
        }
        runtime.finish();
    }
    table.finish();
    Ok(execution)
}

fn argument(item: &Item<'_>) -> Result<String, Error> {
    let text = item.text()?;
    placeholder::check(item, text);
    Ok(text.to_string())
}

/// `[tool.flavor.hooks]`.
pub(super) fn hooks(mut table: Table<'_>) -> Result<Vec<Vec<String>>, Error> {
    let commands = commands(&mut table, "post_extract")?;
    table.finish();
    Ok(commands)
}

/// A command, or a list of commands; each a line or a list of words.
fn commands(table: &mut Table<'_>, name: &'static str) -> Result<Vec<Vec<String>>, Error> {
    match table.get(name) {
        Some(item) if item.value.is_str() => Ok(vec![command::parse(&item)?]),
        Some(item) => item
            .list("a list of commands")?
            .iter()
            .map(command::parse)
            .collect(),
        None => Ok(Vec::new()),
    }
}

fn names(items: &[Item<'_>]) -> Result<Vec<String>, Error> {
    items
        .iter()
        .map(|item| variable(item, item.text()?))
        .collect()
}

fn renames(env: &mut Table<'_>) -> Result<Vec<(String, String)>, Error> {
    let Some(table) = env.table("map")? else {
        return Ok(Vec::new());
    };
    table
        .entries()
        .iter()
        .map(|(old, item)| Ok((variable(item, old)?, variable(item, item.text()?)?)))
        .collect()
}

fn variables(table: &mut Table<'_>, name: &'static str) -> Result<Vec<(String, String)>, Error> {
    let Some(table) = table.table(name)? else {
        return Ok(Vec::new());
    };
    let pair = |(name, item): &(&str, Item<'_>)| {
        let value = item.scalar()?;
        if value.contains('\0') {
            return Err(item.bad("a value without NUL characters", "a NUL character"));
        }
        placeholder::check_value(item, &value);
        Ok((variable(item, name)?, value))
    };
    table.entries().iter().map(pair).collect()
}

/// A name that is empty or contains `=` or NUL can be neither set nor looked up.
fn variable(item: &Item<'_>, name: &str) -> Result<String, Error> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(item.bad("the name of an environment variable", &format!("{name:?}")));
    }
    Ok(name.to_string())
}

pub(super) fn budget(mut table: Table<'_>) -> Result<Budget, Error> {
    let mut budget = Budget {
        total: table.get("total").map(|item| size(&item)).transpose()?,
        launcher: table.get("launcher").map(|item| size(&item)).transpose()?,
        slots: BTreeMap::new(),
    };
    if let Some(slots) = table.table("slots")? {
        for (slot, item) in slots.entries() {
            budget.slots.insert(slot.to_string(), size(&item)?);
        }
    }
    table.finish();
    Ok(budget)
}

/// Bytes: a number, or text with a decimal (`60MB`) or binary (`60MiB`) unit.
fn size(item: &Item<'_>) -> Result<u64, Error> {
    if !item.value.is_str() {
        return item.number();
    }
    let text = item.text()?;
    Bytes::parse(text)
        .map(|size| size.0)
        .ok_or_else(|| item.bad("a size such as \"60MB\" or \"512KiB\"", text.trim()))
}

/// A known platform, such as `linux_amd64`.
fn platform(item: &Item<'_>) -> Result<String, Error> {
    let word = item.filled()?;
    if is_platform(word) {
        return Ok(word.to_string());
    }
    let all: Vec<String> = platforms().collect();
    Err(Error::UnknownWord {
        at: item.at(),
        what: "platform",
        word: word.to_string(),
        suggestion: closest(&usual_spelling(word), all.iter().map(String::as_str))
            .map(str::to_string),
        known: COMMON_PLATFORMS.map(str::to_string).into(),
    })
}

pub(super) fn policy(mut table: Table<'_>) -> Result<Policy, Error> {
    let policy = Policy {
        platforms: table
            .items("platforms")?
            .iter()
            .map(platform)
            .collect::<Result<_, _>>()?,
        refuse_root: table.flag("refuse_root")?.unwrap_or_default(),
        max_age_days: table
            .get("max_age_days")
            .map(|item| item.number())
            .transpose()?,
        require_env: names(&table.items("require_env")?)?,
    };
    table.finish();
    Ok(policy)
}
