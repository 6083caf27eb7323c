use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use zip::ZipArchive;

use super::distribution::commands;
use super::error::{self, Error};
use super::script::EntryPoint;
use super::wheel_error::{Result, WheelError, archive_reason};
use crate::fs::IoContext as _;
use crate::python::core_metadata::CoreMetadata;
use crate::python::interpreter::Interpreter;
use crate::target::CLibrary;

/// The maximum size of metadata, far more than any real one.
const LONGEST: u64 = 16 << 20;

/// The metadata of a wheel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelFacts {
    /// Normalised.
    pub name: String,
    pub version: String,
    /// Its requirements on the interpreter, including its tags as far as a specifier can express
    /// them.
    pub requires_python: Option<String>,
    /// PEP 508, as written.
    pub requires: Vec<String>,
    /// As written.
    pub extras: Vec<String>,
    /// Its commands, in the order of the file.
    pub commands: Vec<EntryPoint>,
    /// Commands that are files, possibly native programs; sorted.
    pub programs: Vec<String>,
}

impl WheelFacts {
    /// Reads the metadata and the names of its files; nothing else.
    pub fn read(wheel: &Path) -> Result<Self> {
        let refuse = |reason: String| WheelError::Bad {
            wheel: wheel.to_path_buf(),
            reason,
        };
        let tags = Tags::of(wheel)?;
        let file = File::open(wheel).on("open", wheel)?;
        let mut archive = ZipArchive::new(BufReader::new(file))
            .map_err(|error| refuse(archive_reason(&error)))?;
        let is_metadata = |name: &&str| {
            name.strip_suffix("/METADATA")
                .is_some_and(|top| top.ends_with(".dist-info") && !top.contains('/'))
        };
        let names: Vec<String> = archive
            .file_names()
            .flatten()
            .map(|name| name.to_string())
            .collect();
        let metadata = names.iter().map(String::as_str).find(is_metadata);
        let metadata =
            metadata.ok_or_else(|| refuse("it has no `.dist-info/METADATA`".to_owned()))?;
        let mut text = |name: &str| {
            let mut text = String::new();
            let entry = archive
                .by_name(name)
                .map_err(|error| refuse(error.to_string()))?;
            entry
                .take(LONGEST)
                .read_to_string(&mut text)
                .map_err(|error| refuse(format!("`{name}`: {error}")))?;
            Ok::<_, WheelError>(text)
        };
        let facts = CoreMetadata::parse(&text(metadata)?);
        let entry_points = metadata.replace("METADATA", "entry_points.txt");
        let commands = if names.contains(&entry_points) {
            commands(&text(&entry_points)?, wheel)
        } else {
            Vec::new()
        };
        let program = |name: &String| {
            let (top, file) = name.split_once("/scripts/")?;
            (Path::new(top)
                .extension()
                .is_some_and(|ending| ending == "data")
                && !file.is_empty()
                && !file.contains('/'))
            .then(|| file.to_owned())
        };
        let mut programs: Vec<String> = names.iter().filter_map(program).collect();
        programs.sort();
        let specifiers: Vec<String> = facts
            .requires_python
            .into_iter()
            .chain(tags.specifier())
            .collect();
        Ok(Self {
            name: facts
                .name
                .ok_or_else(|| refuse("its metadata have no name".to_owned()))?,
            version: facts
                .version
                .ok_or_else(|| refuse("its metadata have no version".to_owned()))?,
            requires_python: (!specifiers.is_empty()).then(|| specifiers.join(",")),
            requires: facts.requires_dist,
            extras: facts.extras,
            commands,
            programs,
        })
    }
}

/// Fails unless the wheel is compatible with the interpreter, by the tags in its name (PEP 425).
///
/// The glibc of a platform tag is ignored: the package is for other machines, and declares its own
/// requirements.
pub fn fits(wheel: &Path, interpreter: &Interpreter) -> error::Result<()> {
    let tags = Tags::of(wheel)?;
    let (_, minor, _) = interpreter.version;
    let own = format!(
        "cp3{minor}{}",
        if interpreter.free_threaded { "t" } else { "" }
    );
    let python = tags.python.iter().any(|tag| {
        match tag.strip_prefix("py3").or_else(|| tag.strip_prefix("cp3")) {
            Some("") => true,
            Some(rest) => rest
                .parse::<u8>()
                .is_ok_and(|least| least == minor || (least < minor && tags.is_stable(tag))),
            None => false,
        }
    });
    let abi = tags.abi.iter().any(|abi| match abi.as_str() {
        "none" => true,
        "abi3" => !interpreter.free_threaded,
        abi => abi == own,
    });
    let (system, processor) = interpreter
        .platform
        .split_once('-')
        .unwrap_or((&interpreter.platform, ""));
    let processor = processor.replace(['-', '.'], "_");
    let libc = CLibrary::of_extension_tag(&interpreter.soabi).wheel_tag();
    let platform = tags.platform.iter().any(|tag| {
        let same_processor = tag.ends_with(&format!("_{processor}"));
        tag == "any"
            || (same_processor && (tag.starts_with(libc) || tag.starts_with(&format!("{system}_"))))
    });
    if python && abi && platform {
        return Ok(());
    }
    Err(Error::WheelMisfit {
        wheel: wheel.to_path_buf(),
        tags: tags.to_string(),
        interpreter: format!(
            "CPython {} on {}",
            interpreter.version_text, interpreter.platform
        ),
    })
}

/// The last three parts of a wheel's name.
struct Tags {
    python: Vec<String>,
    abi: Vec<String>,
    platform: Vec<String>,
}

impl std::fmt::Display for Tags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}-{}-{}",
            self.python.join("."),
            self.abi.join("."),
            self.platform.join(".")
        )
    }
}

impl Tags {
    fn of(wheel: &Path) -> Result<Self> {
        let stem = wheel
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let parts: Vec<&str> = stem.split('-').collect();
        // A build number may be between version and tags.
        let ([_, _, python, abi, platform] | [_, _, _, python, abi, platform]) = *parts.as_slice()
        else {
            let reason = "it is not called NAME-VERSION-PYTHON-ABI-PLATFORM.whl".to_owned();
            return Err(WheelError::Bad {
                wheel: wheel.to_path_buf(),
                reason,
            });
        };
        let each = |tags: &str| tags.split('.').map(str::to_ascii_lowercase).collect();
        Ok(Self {
            python: each(python),
            abi: each(abi),
            platform: each(platform),
        })
    }

    /// Whether a wheel for an older version is compatible with newer ones.
    fn is_stable(&self, python: &str) -> bool {
        python.starts_with("py") || self.abi.iter().any(|abi| abi == "abi3")
    }

    /// The Python versions that the tags allow, to search for a suitable interpreter.
    fn specifier(&self) -> Option<String> {
        let [python] = self.python.as_slice() else {
            return None;
        };
        let Some(rest) = python
            .strip_prefix("py3")
            .or_else(|| python.strip_prefix("cp3"))
        else {
            return python.starts_with(['p', 'c']).then(|| "<3".to_owned());
        };
        let minor: u8 = rest.parse().ok()?;
        Some(if self.is_stable(python) {
            format!(">=3.{minor}")
        } else {
            format!("==3.{minor}.*")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::{Request, discover};

    #[test]
    fn tags_say_which_interpreter_to_look_for() {
        let specifier = |tags: &str| {
            Tags::of(Path::new(&format!("x-1-{tags}.whl")))
                .expect("a name")
                .specifier()
        };
        assert_eq!(specifier("py3-none-any"), None);
        assert_eq!(specifier("py2.py3-none-any"), None);
        assert_eq!(
            specifier("cp311-cp311-manylinux_2_17_x86_64").as_deref(),
            Some("==3.11.*")
        );
        assert_eq!(
            specifier("7-cp39-abi3-linux_x86_64").as_deref(),
            Some(">=3.9")
        );
        assert_eq!(specifier("py310-none-any").as_deref(), Some(">=3.10"));
        assert_eq!(specifier("py2-none-any").as_deref(), Some("<3"));
        assert!(Tags::of(Path::new("x.whl")).is_err());
    }

    #[test]
    fn a_wheel_fits_or_does_not() {
        let mut interpreter = discover(&Request::default()).expect("the tests need some CPython");
        interpreter.version = (3, 12, 1);
        interpreter.free_threaded = false;
        interpreter.soabi = "cpython-312-x86_64-linux-gnu".into();
        interpreter.platform = "linux-x86_64".into();
        let fits =
            |tags: &str| fits(Path::new(&format!("/w/x-1-{tags}.whl")), &interpreter).is_ok();
        for good in [
            "py3-none-any",
            "py2.py3-none-any",
            "py311-none-any",
            "cp312-cp312-linux_x86_64",
            "cp312-none-any",
            "cp38-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64",
        ] {
            assert!(fits(good), "{good}");
        }
        for bad in [
            "py2-none-any",
            "py313-none-any",
            "cp311-cp311-linux_x86_64",
            "cp312-cp312t-linux_x86_64",
            "cp312-cp312-manylinux_2_17_aarch64",
            "cp312-cp312-musllinux_1_2_x86_64",
            "cp312-cp312-win_amd64",
            "cp313-abi3-linux_x86_64",
            "pp310-pypy310_pp73-linux_x86_64",
        ] {
            assert!(!fits(bad), "{bad}");
        }
    }
}
