//! Files of an environment that somebody has changed: what a start depends on is never run changed.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::fixture;
use crate::scene::Test;

/// hello with a cache of its own, started once.
struct Started {
    t: Test,
    package: PathBuf,
}

impl Started {
    fn new() -> Self {
        let started = Self {
            t: Test::new(),
            package: fixture::hello().path.clone(),
        };
        assert_eq!(started.greeting(), "good");
        started
    }

    /// Starts the package; `good` when it says what it always says.
    fn greeting(&self) -> String {
        let run = self.t.call(&self.package, ["--version"]).success();
        if run.stdout().contains("evil") || run.stderr().contains("evil") {
            format!("{run}")
        } else {
            "good".into()
        }
    }

    fn workenv(&self) -> PathBuf {
        let mut all = std::fs::read_dir(self.t.path("cache/v2/workenv")).expect("environments");
        all.next()
            .expect("an environment")
            .expect("readable")
            .path()
    }

    /// Makes a change, which the superuser can, then expects a good start that repairs it and a silent one after that.
    fn survives(&self, what: &str, change: impl FnOnce(&Path)) {
        change(&self.workenv());
        assert_eq!(self.greeting(), "good", "{what}");
        self.t.call(&self.package, ["--version"]).silent();
    }
}

const EVIL: &str = "import sys; sys.stderr.write('evil')\n";

#[test]
fn what_python_reads_first_is_never_run_changed() {
    let started = Started::new();
    let site = |env: &Path| env.join("lib/python3.13/site-packages");
    started.survives("the program's script, edited", |env| {
        std::fs::write(env.join("bin/hello"), "#!/bin/sh\necho evil\n").expect("written");
    });
    started.survives("a link to the script, led elsewhere", |env| {
        let evil = started.t.executable("evil", "#!/bin/sh\necho evil\n");
        std::fs::remove_file(env.join("bin/hello")).expect("removed");
        symlink(evil, env.join("bin/hello")).expect("linked");
    });
    started.survives("the interpreter, led elsewhere", |env| {
        let evil = started.t.executable("evil", "#!/bin/sh\necho evil\n");
        for name in ["python", "python3", "python3.13"] {
            std::fs::remove_file(env.join("bin").join(name)).expect("removed");
            symlink(&evil, env.join("bin").join(name)).expect("linked");
        }
    });
    started.survives("the interpreter, edited", |env| {
        let real = env
            .join("bin/python")
            .canonicalize()
            .expect("the interpreter");
        std::fs::write(real, "#!/bin/sh\necho evil\n").expect("written");
    });
    started.survives("the interpreter's library, cut", |env| {
        let real = env
            .join("bin/python")
            .canonicalize()
            .expect("the interpreter");
        let library = real
            .ancestors()
            .nth(2)
            .expect("a prefix")
            .join("lib/libpython3.13.so.1.0");
        std::fs::write(library, "evil").expect("written");
    });
    started.survives("a start-up file, new", |env| {
        std::fs::write(site(env).join("new.pth"), EVIL).expect("written");
    });
    started.survives("a module that `site` imports, new", |env| {
        std::fs::write(site(env).join("usercustomize.py"), EVIL).expect("written");
        std::fs::write(site(env).join("sitecustomize.py"), EVIL).expect("written");
    });
    started.survives("the configuration, edited", |env| {
        std::fs::write(env.join("pyvenv.cfg"), "home = /usr/bin\nversion = evil\n")
            .expect("written");
    });
    started.survives("the configuration, emptied", |env| {
        std::fs::write(env.join("pyvenv.cfg"), "").expect("written");
    });
    started.survives("a directory of the environment, led elsewhere", |env| {
        let evil = started.t.path("elsewhere");
        std::fs::create_dir_all(&evil).expect("a directory");
        std::fs::remove_dir_all(env.join("lib")).expect("removed");
        drop(symlink(&evil, env.join("lib")));
    });
}
