use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::process::ExitCode;

use flavor::fs::{IoContext, own_config_dir};
use flavor::package::Reader;
use flavor::trust::{
    Acquaintance, Consequence, Notes, OperatorPolicy, Presented, objections, policies, rollback,
};
use serde_json::{Value, json};

use crate::cli::{Package, Policy};
use crate::error::Error;
use crate::output;

pub(super) fn run(command: &Policy, json: bool) -> Result<ExitCode, Error> {
    match command {
        Policy::Init => init(json)?,
        Policy::Show => show(json)?,
        Policy::Check(options) => return check(options, json),
    }
    Ok(ExitCode::SUCCESS)
}

fn init(as_json: bool) -> Result<(), Error> {
    let directory = own_config_dir().ok_or(Error::NoPolicyPlace)?;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&directory)
        .on("create directory", &directory)?;
    let path = directory.join("policy.json");
    if path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path });
    }
    let text = serde_json::to_string_pretty(&OperatorPolicy::default()).unwrap_or_default();
    let mut file = std::fs::OpenOptions::new();
    let mut file = file
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .on("create", &path)?;
    file.write_all((text + "\n").as_bytes())
        .on("write", &path)?;
    if as_json {
        return output::json(&json!({ "path": output::text(&path) }));
    }
    output::path(&path)
}

fn show(as_json: bool) -> Result<(), Error> {
    let policies = policies().map_err(Error::Policy)?;
    if as_json {
        let each: Vec<Value> = policies
            .iter()
            .map(|source| json!({ "path": output::text(&source.path), "policy": source.policy }))
            .collect();
        return output::json(&json!({ "policies": each }));
    }
    if policies.is_empty() {
        return output::data("no policy: any package with a valid signature may start\n");
    }
    for source in &policies {
        output::data(&format!("{}\n", source.path.display()))?;
        output::json(&source.policy)?;
    }
    Ok(())
}

/// Exits with 5 if anything is denied.
fn check(options: &Package, as_json: bool) -> Result<ExitCode, Error> {
    let refused = |source| Error::Refused {
        path: options.package.clone(),
        source,
    };
    let reader = Reader::open(&options.package).map_err(|source| Error::Package {
        path: options.package.clone(),
        source,
    })?;
    let policies = policies().map_err(Error::Policy)?;
    let mut objections = objections(&reader, &policies);
    if let Acquaintance::Older(newest) = Notes::open()
        .compare(&Presented::of(&reader))
        .map_err(refused)?
    {
        objections.extend(rollback(&reader, &newest, &policies));
    }
    let denied = objections
        .iter()
        .any(|objection| objection.consequence == Consequence::Deny);
    if as_json {
        let each: Vec<Value> = objections
            .iter()
            .map(|objection| {
                json!({ "policy": objection.policy, "violation": objection.violation.to_string(), "consequence": objection.consequence })
            })
            .collect();
        output::json(&json!({ "allowed": !denied, "objections": each }))?;
    } else if objections.is_empty() {
        output::data("no violations\n")?;
    } else {
        for objection in &objections {
            let word = match objection.consequence {
                Consequence::Deny => "deny",
                Consequence::Warn => "warn",
                Consequence::Allow => "allow",
            };
            let from = objection
                .policy
                .as_ref()
                .map_or("the package's own policy".into(), |path| {
                    path.display().to_string()
                });
            output::data(&format!(
                "{word:<6} {} ({from})\n",
                flavor::report::printable(&objection.violation.to_string())
            ))?;
        }
    }
    Ok(if denied {
        ExitCode::from(5)
    } else {
        ExitCode::SUCCESS
    })
}
