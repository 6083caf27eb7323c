use std::env;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use flavor::config::{Config, process_environment};
use flavor::diagnostics::{Diagnosis, Diagnostic};
use flavor::elf;
use flavor::fs::{IoContext, config_dir};
use flavor::libraries::{Machine, first_with};
use flavor::pack::{KeySource, PRIVATE_KEY_VARIABLE, own_key_path};
use flavor::python::install::{Choice, Installer};
use flavor::python::{Interpreter, Request, discover};
use flavor::report::Bytes;
use flavor::sign::SecretKey;
use flavor::trust::{TrustStore, policies};
use flavor::workenv::Cache;

use super::super::self_test;
use super::{Finding, State};
use crate::error::Error;

/// In the order of output: requirements of packing, then of starting.
pub(super) const ALL: [fn() -> Vec<Finding>; 8] = [
    interpreter,
    settings,
    signing_key,
    trust_store,
    policy,
    cache,
    disk,
    launcher,
];

fn interpreter() -> Vec<Finding> {
    let interpreter = match discover(&Request::default()) {
        Ok(interpreter) => interpreter,
        Err(error) => return vec![python_failed("interpreter", &error)],
    };
    let text = format!(
        "CPython {} at {}",
        interpreter.version_text,
        interpreter.executable.display()
    );
    let installer = match Installer::choose(Choice::Auto, &interpreter, &mut Vec::new()) {
        Ok(installer) => Finding::ok("installer", installer.to_string()),
        Err(error) => python_failed("installer", &error),
    };
    let mut findings = vec![Finding::ok("interpreter", text), installer];
    findings.extend(glibc(&interpreter));
    findings
}

/// The glibc that packages made here need, and how to lower it.
fn glibc(interpreter: &Interpreter) -> Option<Finding> {
    let facts = |path: &Path| elf::inspect(&std::fs::read(path).ok()?).ok()?;
    let main = facts(&interpreter.real_executable)?;
    let library = interpreter
        .library
        .as_deref()
        .and_then(facts)
        .and_then(|facts| facts.glibc_floor);
    let own = main.glibc_floor.max(library)?;
    let machine = Machine::new();
    let carried = ["libgcc_s.so.1", "libstdc++.so.6"].map(|name| {
        machine
            .find(name, &interpreter.real_executable, &main)
            .and_then(|library| library.facts.glibc_floor)
    });
    let carried = carried.into_iter().max().flatten().max(Some(own))?;
    let first =
        |floor| first_with(floor).map_or(String::new(), |first| format!(" ({first} or later)"));
    let mut text = format!("the interpreter needs glibc {own}{}", first(own));
    if carried > own {
        text.push_str(&format!(
            "; with libraries of this machine a package needs up to {carried}{}",
            first(carried)
        ));
    }
    let remedy = "for older systems: pack on an older one, or with an interpreter that uv installs (`uv python install`, glibc 2.17) \
        and `libraries = [\"libgcc_s.so.1\", \"libstdc++.so.6\"]` under [tool.flavor.target]";
    Some(Finding {
        remedy: Some(remedy.into()),
        ..Finding::ok("glibc", text)
    })
}

fn python_failed(check: &'static str, error: &(impl Diagnostic + std::fmt::Display)) -> Finding {
    let Diagnosis { code, hint } = error.diagnosis();
    Finding {
        check,
        state: State::Fail,
        text: error.to_string(),
        code: Some(code),
        remedy: Some(hint.map_or("name one with `--python PATH`".into(), Into::into)),
    }
}

fn settings() -> Vec<Finding> {
    let Some(directory) = config_dir() else {
        let remedy = "set HOME, or FLAVOR_CONFIG_DIR to a directory for keys and settings";
        return vec![Finding::odd(
            "settings",
            State::Warn,
            "no directory for keys and settings",
            remedy,
        )];
    };
    match Config::read().and_then(|config| config.cache_limits()) {
        Err(error) => vec![Finding::failed("settings", &error.into())],
        Ok(_) => match exposed(&directory, 0o022) {
            Some(finding) => vec![finding],
            None => vec![Finding::ok("settings", directory.display().to_string())],
        },
    }
}

/// A finding for a path that is writable (or readable, by `bits`) by others, or owned by another
/// user.
fn exposed(path: &Path, bits: u32) -> Option<Finding> {
    let metadata = path.metadata().ok()?;
    let (own, shown) = (rustix::process::geteuid().as_raw(), path.display());
    if metadata.uid() != own && metadata.uid() != 0 {
        let text = format!("{shown} belongs to user {}", metadata.uid());
        return Some(Finding::odd(
            "settings",
            State::Warn,
            text,
            format!("chown {own} {shown}"),
        ));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & bits != 0).then(|| {
        let (verb, remedy) = if bits & 0o044 == 0 {
            ("changed", "go-w")
        } else {
            ("read", "go-rwx")
        };
        let text = format!("{shown} can be {verb} by others (mode {mode:04o})");
        Finding::odd(
            "settings",
            State::Warn,
            text,
            format!("chmod {remedy} {shown}"),
        )
    })
}

fn signing_key() -> Vec<Finding> {
    const CHECK: &str = "signing key";
    let variable = process_environment(PRIVATE_KEY_VARIABLE).map(KeySource::of_variable);
    let named = match variable {
        Some(KeySource::File { private, .. }) => Some(private),
        Some(source) => {
            return vec![match source.load() {
                Ok(signing) => Finding::ok(
                    CHECK,
                    format!(
                        "{} in {PRIVATE_KEY_VARIABLE}",
                        signing.key.public().fingerprint().short()
                    ),
                ),
                Err(error) => Finding::failed(
                    CHECK,
                    &Error::Pack {
                        manifest: PathBuf::new(),
                        source: error,
                    },
                ),
            }];
        }
        None => None,
    };
    let is_named = named.is_some();
    let Some(path) = named.or_else(own_key_path) else {
        let remedy = "set HOME, or pass --private-key FILE or --key-seed TEXT to `flavor pack`";
        return vec![Finding::odd(
            CHECK,
            State::Warn,
            "no directory for one",
            remedy,
        )];
    };
    if !is_named && !path.exists() {
        let there = path
            .ancestors()
            .find(|ancestor| ancestor.is_dir())
            .unwrap_or(Path::new("/"));
        return vec![match tempfile::tempfile_in(there) {
            Ok(_) => Finding::ok(CHECK, "none yet: the first pack makes one"),
            Err(error) => {
                let text = format!(
                    "none yet, and none can be made in {}: {error}",
                    there.display()
                );
                let remedy = "set FLAVOR_CONFIG_DIR to a directory of yours, or pass --private-key FILE to `flavor pack`";
                Finding::odd(CHECK, State::Warn, text, remedy)
            }
        }];
    }
    match SecretKey::read(&path) {
        Err(error) => vec![Finding::failed(CHECK, &error.into())],
        Ok(key) => vec![match exposed(&path, 0o077) {
            Some(finding) => Finding {
                check: CHECK,
                ..finding
            },
            None => Finding::ok(
                CHECK,
                format!(
                    "{} at {}",
                    key.public().fingerprint().short(),
                    path.display()
                ),
            ),
        }],
    }
}

fn trust_store() -> Vec<Finding> {
    const CHECK: &str = "trust store";
    let store = TrustStore::from_env();
    let (keys, unusable) = store.list();
    let mut findings: Vec<Finding> = unusable
        .iter()
        .map(|key| {
            let text = format!("{} counts for nothing: {}", key.path.display(), key.reason);
            Finding::odd(CHECK, State::Warn, text, "correct the file or remove it")
        })
        .collect();
    let directory = store.directory().filter(|directory| directory.is_dir());
    findings.extend(
        directory
            .and_then(|directory| exposed(directory, 0o022))
            .map(|finding| Finding {
                check: CHECK,
                ..finding
            }),
    );
    let count = match keys.len() {
        1 => "1 trusted key".into(),
        count => format!("{count} trusted keys"),
    };
    findings.push(Finding::ok(CHECK, count));
    findings
}

fn policy() -> Vec<Finding> {
    vec![match policies() {
        Err(refusal) => Finding::failed("policy", &Error::Policy(refusal)),
        Ok(sources) if sources.is_empty() => Finding::ok(
            "policy",
            "none: any package with a valid signature may start",
        ),
        Ok(sources) => {
            let paths: Vec<String> = sources
                .iter()
                .map(|source| source.path.display().to_string())
                .collect();
            Finding::ok("policy", paths.join(", "))
        }
    }]
}

fn cache() -> Vec<Finding> {
    vec![match Cache::open_lasting() {
        Ok(cache) => Finding::ok("cache", cache.root().display().to_string()),
        Err(error) => Finding::failed("cache", &error.into()),
    }]
}

/// Below this, packing a larger project fails.
const LITTLE: u64 = 1_000_000_000;
/// Below this everything fails.
const TOO_LITTLE: u64 = 50_000_000;

fn disk() -> Vec<Finding> {
    const CHECK: &str = "disk";
    let cache = Cache::find()
        .ok()
        .flatten()
        .map(|cache| cache.root().to_path_buf());
    let places = cache.into_iter().chain([env::temp_dir()]);
    let mut findings: Vec<Finding> = Vec::new();
    for place in places {
        let room = rustix::fs::statvfs(&place)
            .map_err(std::io::Error::from)
            .on("examine", &place);
        let room = match room {
            Ok(room) => room,
            Err(error) => {
                findings.push(Finding::failed(CHECK, &error.into()));
                continue;
            }
        };
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        let text = format!("{} free in {}", Bytes(free), place.display());
        // Some file systems do not count files.
        let is_out_of_files = room.f_files > 0 && room.f_favail == 0;
        let remedy = format!(
            "free space in {}: `flavor cache clean`, `flavor workenv clean`",
            place.display()
        );
        findings.push(match free {
            _ if is_out_of_files => Finding::odd(
                CHECK,
                State::Fail,
                format!("no free inodes in {}", place.display()),
                remedy,
            ),
            0..TOO_LITTLE => Finding::odd(CHECK, State::Fail, text, remedy),
            TOO_LITTLE..LITTLE => Finding::odd(CHECK, State::Warn, text, remedy),
            _ => Finding::ok(CHECK, text),
        });
    }
    findings
}

fn launcher() -> Vec<Finding> {
    const CHECK: &str = "launcher";
    vec![match self_test::run(None) {
        Ok(None) => Finding::ok(CHECK, "a small test package was packed and started"),
        Ok(Some(instead)) => {
            let remedy = "repeat with `flavor helpers test`; check for a noexec mount or a policy";
            Finding::odd(
                CHECK,
                State::Fail,
                format!("a small test package failed: {instead}"),
                remedy,
            )
        }
        Err(error) => Finding::failed(CHECK, &error),
    }]
}
