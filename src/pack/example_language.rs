//! The smallest language: scripts, with an interpreter of their own. It shows what a language
//! provides, and tests that the stages need nothing else.

use std::path::Path;

use super::BuildError;
use super::application::{Application, BuiltSlot, Evidence, Role};
use super::cache::{CacheEntry, Inputs, Layer};
use super::context::Pack;
use super::language::{BuiltApplication, Language, Planned};
use super::slots::SlotPlan;
use super::warning::Finding;
use crate::evidence::{Component, Kind};
use crate::format::{Program, WORKENV};
use crate::fs::IoContext;

const RUNTIME: &str = "runtime";
const APP: &str = "app";
/// The file in the project that makes it an application in this language.
const MAIN: &str = "main.sh";

pub(super) fn plan(pack: Pack) -> Result<Option<Planned>, BuildError> {
    let main = pack.manifest.directory.join(MAIN);
    if !main.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&main).on("read", &main)?;
    Ok(Some(Planned {
        manifest: pack.manifest.clone(),
        build: Some(Box::new(move |pack| build(pack, &text))),
    }))
}

fn build(pack: Pack, text: &str) -> Result<BuiltApplication, BuildError> {
    let interpreter = "#!/bin/sh\nexec /bin/sh \"$@\"\n";
    let runtime = tree(
        pack,
        RUNTIME,
        Layer::Runtime,
        "bin/interpreter",
        interpreter,
    )?;
    let app = tree(pack, APP, Layer::App, "bin/main", text)?;
    let program = Program {
        name: pack.manifest.package_name.clone(),
        argv: vec![
            format!("{WORKENV}/{RUNTIME}/bin/interpreter"),
            format!("{WORKENV}/bin/main"),
        ],
    };
    let component = Component {
        kind: Kind::Platform,
        name: "interpreter".into(),
        ..Component::default()
    };
    let application = Application {
        slots: vec![
            BuiltSlot::new(RUNTIME, Role::Runtime, "runtime", &runtime.hashed).at(RUNTIME),
            BuiltSlot::new(APP, Role::Application, "code", &app.hashed),
        ],
        programs: vec![program],
        evidence: Evidence {
            components: vec![component],
            ..Evidence::default()
        },
        ..Application::default()
    };
    Ok(BuiltApplication {
        named: None,
        application,
        language: Box::new(Scripts {
            is_empty: text.is_empty(),
            _in_use: [runtime, app],
        }),
    })
}

/// A tree with one program, from the build cache.
fn tree(
    pack: Pack,
    step: &str,
    layer: Layer,
    path: &str,
    text: &str,
) -> Result<CacheEntry<()>, BuildError> {
    let mut inputs = Inputs::default();
    inputs.add("text", text);
    let make = |tree: &Path| {
        let path = tree.join(path);
        let directory = path.parent().unwrap_or(tree);
        std::fs::create_dir_all(directory).on("create directory", directory)?;
        std::fs::write(&path, text).on("write", &path)?;
        Ok::<_, BuildError>(())
    };
    pack.cache.make(step, layer, &inputs, |()| Ok(()), make)
}

struct Scripts {
    is_empty: bool,
    /// Locks on the trees.
    _in_use: [CacheEntry<()>; 2],
}

impl Language for Scripts {
    fn not_startable(&self, _: Pack, _: &[SlotPlan]) -> Result<Vec<Finding>, BuildError> {
        if self.is_empty {
            let file = MAIN.into();
            return Err(BuildError::CannotStart(Box::new(Finding::LeftOut { file })));
        }
        Ok(Vec::new())
    }
}

mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use zeroize::Zeroizing;

    use super::*;
    use crate::manifest::Manifest;
    use crate::pack::{CacheUse, Key, KeySource, PackReport, Settings, pack};
    use crate::package::Reader;
    use crate::report::{Part, Reporter, Took};

    struct Silent;

    impl Reporter for Silent {
        fn begin(&self, _: &str) {}
        fn measure(&self, _: &str, _: u64, _: Arc<AtomicU64>) {}
        fn part(&self, _: &Part) {}
        fn phase(&self, _: &str, _: &str, _: Took) {}
    }

    /// Packs a project with `main.sh`.
    fn packed(directory: &Path, main: &str) -> Result<PackReport, BuildError> {
        let manifest = "[project]\nname = \"greet\"\nversion = \"1.0\"\n\
            [tool.flavor]\nexecution.command = \"greet\"\n";
        std::fs::write(directory.join("pyproject.toml"), manifest).expect("a manifest");
        std::fs::write(directory.join(MAIN), main).expect("a script");
        let (mut manifest, _) = Manifest::read(directory).expect("a good manifest");
        // No table of a manifest chooses this language.
        manifest.execution.command = None;
        manifest.python.enabled = Some(false);
        let settings = Settings {
            key: Key::from(KeySource::Seed(Zeroizing::new("x".into()))).into(),
            cache: CacheUse::Off,
            ..Settings::default()
        };
        pack(&manifest, &settings, &Silent)
    }

    #[test]
    fn another_language_needs_no_change_of_the_stages() {
        let directory = tempfile::tempdir().expect("a directory");
        let report = packed(directory.path(), "echo hello\n").expect("a package");
        let names: Vec<_> = report.slots.iter().map(|slot| &*slot.name).collect();
        assert_eq!(names, [RUNTIME, APP]);
        let package = Reader::open(&report.path).expect("a package");
        let targets: Vec<_> = package
            .slots()
            .map(|slot| slot.record.target.clone())
            .collect();
        assert_eq!(
            targets[..2],
            ["{workenv}/runtime".to_owned(), "{workenv}".into()]
        );
        let facts = package.facts().expect("a package of flavor");
        assert_eq!(facts.programs[0].name, "greet");
        assert_eq!(facts.programs[0].argv[1], "{workenv}/bin/main");
        assert!(facts.python.is_none());
    }

    #[test]
    fn a_language_refuses_what_cannot_start() {
        let directory = tempfile::tempdir().expect("a directory");
        let error = packed(directory.path(), "").expect_err("an empty program");
        assert!(matches!(error, BuildError::CannotStart(_)), "{error}");
    }
}
