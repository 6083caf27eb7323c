//! `flavor helpers`: the available launchers.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flavor::fs::names_in;
use flavor::report::Bytes;
use flavor::stub::Stub;
use serde_json::{Value, json};

use super::self_test;
use crate::cli::{HelperPath, Helpers};
use crate::error::Error;
use crate::output;

/// The name of the embedded launcher.
const EMBEDDED: &str = "flavor";

/// A launcher for packages.
struct Helper {
    name: String,
    /// `None` for the embedded one.
    path: Option<PathBuf>,
}

pub(super) fn run(command: &Helpers, as_json: bool) -> Result<ExitCode, Error> {
    match command {
        Helpers::List => list(as_json),
        Helpers::Info(options) => info(options, as_json),
        Helpers::Test(options) => test(options, as_json),
    }
}

fn list(as_json: bool) -> Result<ExitCode, Error> {
    let helpers: Vec<(Helper, Stub)> = at_hand()
        .into_iter()
        .filter_map(|helper| {
            Some((helper.read().ok()?, helper)).map(|(stub, helper)| (helper, stub))
        })
        .collect();
    if as_json {
        let each: Vec<Value> = helpers
            .iter()
            .map(|(helper, stub)| to_json(helper, stub))
            .collect();
        output::json(&json!({ "helpers": each }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let widest = helpers
        .iter()
        .map(|(helper, _)| helper.name.len())
        .max()
        .unwrap_or(0);
    let lines = helpers.iter().map(|(helper, stub)| {
        let (family, size) = (
            stub.family.name(),
            Bytes(stub.bytes.len() as u64).to_string(),
        );
        format!(
            "{:<widest$}  {family:<10}  {size:>8}  {}\n",
            helper.name,
            helper.place()
        )
    });
    output::data(&lines.collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

fn info(options: &HelperPath, as_json: bool) -> Result<ExitCode, Error> {
    let helper = chosen(options)?;
    let stub = helper.read()?;
    let outcome = self_test::run(helper.path.as_deref());
    if as_json {
        let mut value = to_json(&helper, &stub);
        value["runs"] = json!(matches!(outcome, Ok(None)));
        output::json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let runs = match outcome {
        Ok(None) => "yes".into(),
        Ok(Some(instead)) => format!("no: {instead}"),
        Err(error) => format!("no: {error}"),
    };
    output::data(&format!(
        "name     {}\nplace    {}\ntool     {}\nversion  {}\ntarget   {}\nsize     {}\nsha256   {}\nruns     {}\n",
        helper.name,
        helper.place(),
        stub.family.name(),
        stub.version().unwrap_or_else(|| "not told".into()),
        stub.target.name(),
        Bytes(stub.bytes.len() as u64),
        stub.sha256(),
        flavor::report::printable(&runs),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Exits with 1 if the package does not work.
fn test(options: &HelperPath, as_json: bool) -> Result<ExitCode, Error> {
    let helper = chosen(options)?;
    helper.read()?;
    let instead = self_test::run(helper.path.as_deref())?;
    if as_json {
        output::json(
            &json!({ "name": helper.name, "path": helper.path.as_deref().map(output::text), "works": instead.is_none(), "instead": instead }),
        )?;
    } else {
        let text = instead.as_ref().map_or(
            "a test package with it was packed and started".into(),
            |instead| format!("a test package with it failed: {instead}"),
        );
        output::data(&format!(
            "{}: {}\n",
            helper.name,
            flavor::report::printable(&text)
        ))?;
    }
    Ok(if instead.is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Helper {
    fn embedded() -> Self {
        Self {
            name: EMBEDDED.into(),
            path: None,
        }
    }

    fn read(&self) -> Result<Stub, Error> {
        match &self.path {
            None => Ok(Stub::embedded()),
            Some(path) => Ok(Stub::read(path)?),
        }
    }

    fn place(&self) -> String {
        self.path
            .as_ref()
            .map_or("embedded in flavor".into(), |path| {
                path.display().to_string()
            })
    }
}

fn chosen(options: &HelperPath) -> Result<Helper, Error> {
    let Some(wanted) = &options.helper else {
        return Ok(Helper::embedded());
    };
    if let Some(helper) = at_hand().into_iter().find(|helper| helper.name == *wanted) {
        return Ok(helper);
    }
    if Path::new(wanted).symlink_metadata().is_ok() {
        return Ok(Helper {
            name: wanted.clone(),
            path: Some(wanted.into()),
        });
    }
    Err(Error::NoHelper {
        name: wanted.clone(),
    })
}

/// Our own, and FlavorPack's in its usual directories: of its installation, and of the user's
/// cache.
fn at_hand() -> Vec<Helper> {
    let mut directories = Vec::new();
    for prefix in ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter_map(env::var_os)
        .map(PathBuf::from)
    {
        let library = prefix.join("lib");
        for python in names_in(&library).unwrap_or_default() {
            directories.push(
                library
                    .join(python)
                    .join("site-packages/flavor/helpers/bin"),
            );
        }
    }
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    directories.extend(cache.map(|cache| cache.join("flavor/helpers/bin")));
    let mut helpers = vec![Helper::embedded()];
    for directory in directories {
        let mut names = names_in(&directory).unwrap_or_default();
        names.sort();
        for name in names
            .into_iter()
            .filter(|name| name.to_string_lossy().contains("launcher"))
        {
            helpers.push(Helper {
                name: name.to_string_lossy().into_owned(),
                path: Some(directory.join(name)),
            });
        }
    }
    helpers
}

fn to_json(helper: &Helper, stub: &Stub) -> Value {
    json!({
        "name": helper.name,
        "path": helper.path.as_deref().map(output::text),
        "tool": stub.family.name(),
        "version": stub.version(),
        "target": stub.target.name(),
        "size": stub.bytes.len(),
        "sha256": stub.sha256().to_string(),
    })
}
