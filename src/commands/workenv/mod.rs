//! `flavor workenv`: manages extracted packages.

mod provide;
mod remove;
mod show;
mod verify;

use std::process::ExitCode;

use flavor::workenv::{Cache, Summary};

use crate::cli::Workenv;
use crate::error::Error;

pub(super) fn run(command: &Workenv, json: bool) -> Result<ExitCode, Error> {
    match command {
        Workenv::List => show::list(json),
        Workenv::Info => show::info(json),
        Workenv::Inspect(options) => show::inspect(&cache()?.environment(&options.name)?, json),
        Workenv::Path(options) => provide::path(options, json),
        Workenv::Warm(options) => provide::warm(options, json),
        Workenv::Verify(options) => verify::verify(options, json),
        Workenv::Repair(options) => verify::repair(options, json),
        Workenv::Remove(options) => {
            let cache = cache()?;
            let all = all(&cache)?;
            let chosen: Result<Vec<Summary>, _> = options
                .names
                .iter()
                .map(|name| cache.environment(name))
                .collect();
            remove::remove(
                &cache,
                &all,
                &chosen?.iter().collect::<Vec<_>>(),
                &options.consent,
                json,
            )
        }
        Workenv::Clean(options) => remove::clean(options, json),
    }
}

fn cache() -> Result<Cache, Error> {
    Cache::find()?.ok_or(Error::NoCache)
}

fn environments() -> Result<Vec<Summary>, Error> {
    Cache::find()?
        .map(|cache| all(&cache))
        .transpose()
        .map(Option::unwrap_or_default)
}

/// All environments of a cache, by name.
fn all(cache: &Cache) -> Result<Vec<Summary>, Error> {
    let mut all = cache.environments()?;
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// The environments with these names; without names, all.
fn named(names: &[String]) -> Result<(Cache, Vec<Summary>), Error> {
    let cache = cache()?;
    let chosen = if names.is_empty() {
        all(&cache)?
    } else {
        names
            .iter()
            .map(|name| cache.environment(name))
            .collect::<Result<_, _>>()?
    };
    Ok((cache, chosen))
}
