use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::choices::Choices;
use super::error::{self, Error};
use super::input::Input;
use super::model::Manifest;
use super::table::{Item, Source, Table};
use super::warning::Warning;
use super::{name, project, scripts, settings, setup, slot, target};
use crate::pyproject::MANIFEST;

impl Manifest {
    /// Reads and parses a manifest; of a directory, its `pyproject.toml`.
    pub fn read(path: &Path) -> Result<(Self, Vec<Warning>), Error> {
        Self::read_with(path, &Choices::default())
    }

    /// The same, with what the command line chooses.
    pub fn read_with(path: &Path, choices: &Choices) -> Result<(Self, Vec<Warning>), Error> {
        let path = if path.is_dir() {
            setup::description_in(path).unwrap_or_else(|| path.join(MANIFEST))
        } else {
            path.to_path_buf()
        };
        // setuptools reads its own files.
        let text = if setup::is_description(&path) {
            String::new()
        } else {
            read_text(&path)?
        };
        Self::of_text(&text, &path, choices)
    }

    /// Parses the text of an existing or future manifest at `path`.
    pub fn of_text(
        text: &str,
        path: &Path,
        choices: &Choices,
    ) -> Result<(Self, Vec<Warning>), Error> {
        parse_with(text, path, choices, setup::is_beside(path))
    }
}

/// Checks the text of a manifest. `path` is for messages and the base of relative paths.
pub fn parse(text: &str, path: &Path) -> Result<(Manifest, Vec<Warning>), Error> {
    parse_with(text, path, &Choices::default(), false)
}

fn parse_with(
    text: &str,
    path: &Path,
    choices: &Choices,
    is_described: bool,
) -> Result<(Manifest, Vec<Warning>), Error> {
    let source = Source::new(text, path);
    let document = DeTable::parse(text).map_err(|error| source.syntax_error(&error))?;
    let mut root = Table::root(&source, document.get_ref());
    let mut manifest = Manifest::bare(
        Input::Project,
        path,
        project::parse(&mut root, is_described)?,
    );
    read_tool(&mut root, &mut manifest)?;
    Ok((manifest.completed(choices)?, source.into_warnings()))
}

/// The text of a file, which must be UTF-8.
pub(super) fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(|source| error::unreadable(path, source))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error
            .as_bytes()
            .get(..error.utf8_error().valid_up_to())
            .unwrap_or_default();
        Error::NotUtf8 {
            path: path.to_path_buf(),
            line: before.split(|byte| *byte == b'\n').count(),
        }
    })
}

/// Reads `[tool.flavor]`, and returns `[tool]`.
pub(super) fn read_tool<'a>(
    root: &mut Table<'a>,
    manifest: &mut Manifest,
) -> Result<Option<Table<'a>>, Error> {
    let Some(mut tool) = root.table("tool")? else {
        return Ok(None);
    };
    match tool.table("flavor")? {
        Some(flavor) => read_flavor(flavor, manifest)?,
        // Tables of other tools are ignored, but `[tool.flavour]` is a misspelling of ours.
        None => tool.warn_near("flavor"),
    }
    Ok(Some(tool))
}

fn read_flavor(mut flavor: Table<'_>, manifest: &mut Manifest) -> Result<(), Error> {
    let metadata = flavor.get("metadata");
    let package_name = match (flavor.get("package_name"), flavor.get("name")) {
        (Some(item), _) | (None, Some(item)) => Some(item),
        // FlavorPack keeps the name here.
        (None, None) => metadata
            .as_ref()
            .map(Item::table)
            .transpose()?
            .and_then(|mut table| table.get("package_name")),
    };
    if let Some(item) = package_name {
        manifest.package_name = name::checked(&item, "package name")?;
    }
    if let Some(item) = flavor.get("version") {
        manifest.version = Some(project::version(&item)?);
    }
    manifest.entry_point = flavor
        .get("entry_point")
        .map(|item| project::entry_point(&item))
        .transpose()?
        .or(manifest.entry_point.take());
    if let Some(item) = flavor.get("scripts") {
        manifest.scripts = scripts::parse(&item)?;
    }
    if let Some(table) = flavor.table("python")? {
        manifest.python = settings::python(table, &manifest.project)?;
    }
    if let Some(table) = flavor.table("build")? {
        manifest.build = settings::build(table, &manifest.project)?;
    }
    if let Some(table) = flavor.table("execution")? {
        manifest.execution = settings::execution(table)?;
    }
    if let Some(table) = flavor.table("hooks")? {
        manifest.post_extract = settings::hooks(table)?;
    }
    if let Some(table) = flavor.table("budget")? {
        manifest.budget = settings::budget(table)?;
    }
    if let Some(table) = flavor.table("policy")? {
        manifest.policy = settings::policy(table)?;
    }
    if let Some(table) = flavor.table("target")? {
        manifest.target = target::target(table)?;
    }
    if let Some(item) = metadata {
        for (key, value) in item.table()?.entries() {
            manifest.metadata.insert(key.to_string(), to_json(&value)?);
        }
    }
    if let Some(item) = flavor.get("slots") {
        manifest.slots = slot::parse_all(&item, manifest.is_python())?;
    }
    if let Some(slots) = flavor
        .table("budget")?
        .map(|mut budget| budget.table("slots"))
        .transpose()?
        .flatten()
    {
        let own = if manifest.is_python() {
            &slot::PYTHON_SLOTS[..]
        } else {
            &[]
        };
        slots.warn_but(
            own.iter()
                .copied()
                .chain(manifest.slots.iter().map(|slot| slot.name.as_str())),
        );
    }
    flavor.finish();
    Ok(())
}

/// Converts TOML to JSON: dates become strings, and values that JSON cannot represent are rejected.
fn to_json(item: &Item<'_>) -> Result<serde_json::Value, Error> {
    use serde_json::Value;
    Ok(match item.value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Value::from)
            .map_err(|_| item.bad("a number of 64 bits", number))?,
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| item.bad("a finite number", number))?,
        DeValue::Array(_) => item
            .list("an array")?
            .iter()
            .map(to_json)
            .collect::<Result<_, _>>()?,
        DeValue::Table(_) => {
            let entries = item.table()?.entries();
            let pairs = entries
                .iter()
                .map(|(key, value)| Ok(((*key).to_string(), to_json(value)?)));
            Value::Object(pairs.collect::<Result<_, Error>>()?)
        }
    })
}
