//! The commands of FlavorPack's performance guide (`guide.md`), run as they are spelled there against one project.

use std::path::{Path, PathBuf};

use crate::flavorpack;
use crate::scene::{FLAVOR, Run, Test};

const BLOCKS: &str = include_str!("guide.md");

/// The code under a heading.
fn block(heading: &str) -> &'static str {
    let section = BLOCKS
        .split("\n## ")
        .find(|section| section.lines().next() == Some(heading));
    let section = section.unwrap_or_else(|| panic!("no section {heading}"));
    section
        .split("```")
        .nth(1)
        .and_then(|code| code.split_once('\n'))
        .expect("a block")
        .1
}

const SOURCE: &str = r"
import sys

def main():
    import requests
    print('myapp 1.0' if '--version' in sys.argv else f'requests {requests.__version__}')
";

/// A reader of the guide: the project in `myapp`, and `flavor` on PATH.
struct Reader {
    t: Test,
    directory: PathBuf,
}

impl Reader {
    fn new() -> Self {
        // Not below /tmp, where the guide's own files go.
        let mut t = Test::at(&crate::fixture::directory().join("guide"));
        t.prepend_path(Path::new(FLAVOR).parent().expect("a directory"));
        let project = block("Minimal Dependencies").replace(
            "[project]\n",
            "[project]\nname = \"myapp\"\nversion = \"1.0\"\n",
        );
        t.file(
            "myapp/pyproject.toml",
            format!(
                "{project}\n[project.scripts]\nmyapp = \"myapp:main\"\n[build-system]\nrequires = [\"hatchling\"]\n\
                 build-backend = \"hatchling.build\"\n[tool.flavor]\n"
            ),
        );
        t.file("myapp/requirements.txt", "requests>=2.28\n");
        t.file("myapp/src/myapp/__init__.py", SOURCE);
        t.file("myapp/data/table.csv", "a,b\n".repeat(1000));
        let directory = t.path("myapp");
        Self { t, directory }
    }

    /// Runs shell commands in the project, with an empty `/tmp`.
    fn shell(&self, commands: &str) -> Run {
        let mut command = self.t.command("unshare");
        let private = "mount -t tmpfs guide /tmp && exec bash -c \"$0\"";
        command
            .args(["--mount", "sh", "-c", private, commands])
            .current_dir(&self.directory);
        self.t.run(&mut command)
    }

    /// Runs what is under a heading.
    fn does(&self, heading: &str) -> Run {
        self.shell(block(heading)).success()
    }

    fn packed(&self) -> PathBuf {
        self.directory.join("dist/myapp.psp")
    }
}

#[test]
fn the_guides_commands_do_what_it_says() {
    let reader = Reader::new();
    let t = &reader.t;

    // Only production dependencies.
    let run = reader.does("Use Local Caches");
    assert!(
        reader
            .directory
            .join(".cache/pip")
            .read_dir()
            .expect("a directory")
            .count()
            >= 5,
        "{run}"
    );
    assert!(run.stdout().ends_with("dist/myapp.psp\n"), "{run}");
    let inspected = t
        .flavor([
            "inspect".as_ref(),
            "--json".as_ref(),
            reader.packed().as_os_str(),
        ])
        .success()
        .json();
    let names: Vec<&str> = inspected["distributions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "certifi",
            "charset-normalizer",
            "idna",
            "myapp",
            "requests",
            "urllib3"
        ]
    );

    assert!(reader.does("Strip Binaries").stderr().contains("strip"));

    let run = reader.does("Parallel Processing");
    assert!(
        run.stdout().contains("parallel") && run.stdout().contains("jobs="),
        "{run}"
    );

    // Later runs need nothing to be done again, so what took time is looked at in the first one.
    reader.shell("flavor cache clean").success();
    let run = reader.does("Build Time Optimization");
    assert!(run.stderr().contains("real"), "{run}");
    assert!(
        run.stdout().lines().count() > 10 && run.stdout().contains("took="),
        "{run}"
    );
    assert!(reader.does("Slow Builds").stdout().contains("took="));

    // FlavorPack's launcher in the place where the guide has it.
    let launchers = reader.directory.join("dist/bin");
    std::fs::create_dir_all(&launchers).expect("a directory");
    let launcher = launchers.join("flavor-rs-launcher-0.5.4-linux_amd64");
    std::fs::copy(flavorpack::native("flavor-rs-launcher"), launcher).expect("a launcher");
    reader.does("Optimize Helper Selection");
    std::fs::copy(reader.packed(), reader.directory.join("myapp.psp")).expect("a copy");
    let run = reader.shell("./myapp.psp --version").success();
    assert_eq!(run.line(), "myapp 1.0");

    // Its slots are gzip, as in the guide.
    let run = reader.does("Large Package Size");
    assert!(
        run.stdout().contains("\"operations\"")
            && run.stdout().contains("/tmp/analyze/slot_1.tar.gz"),
        "{run}"
    );

    reader.shell("flavor pack && cp dist/myapp.psp .").success();
    let run = reader.does("Cache Management");
    assert!(
        run.stdout().contains("cache") && run.stdout().contains("myapp 1.0"),
        "{run}"
    );
    let run = reader.does("Startup Time Analysis");
    assert!(run.stdout().contains("took="), "{run}");
    assert!(
        reader
            .does("Memory Optimization")
            .stdout()
            .contains("Maximum resident")
    );
    assert!(reader.does("Slow Startup").stdout().contains("cache"));
    let run = reader.does("Runtime Benchmarking");
    assert_eq!(run.stdout().matches("myapp 1.0").count(), 3, "{run}");
    assert_eq!(run.stderr().matches("real").count(), 3, "{run}");
}

#[test]
fn the_guides_slots_and_its_build_profile() {
    let mut reader = Reader::new();
    reader.directory = reader.t.path("slots");
    reader
        .t
        .call(
            "cp",
            [
                "-r".as_ref(),
                reader.t.path("myapp").as_os_str(),
                reader.directory.as_os_str(),
            ],
        )
        .success();
    // The runtime of the guide's example is a virtual environment that has its own copy of the interpreter.
    reader
        .shell("/usr/bin/python3 -m venv --copies --without-pip venv")
        .success();
    let manifest = reader.directory.join("pyproject.toml");
    let text =
        std::fs::read_to_string(&manifest).expect("the manifest") + block("Compression Strategies");
    std::fs::write(&manifest, text).expect("the manifest");
    // A slot's source is named by hand, so `.gitignore` says nothing of it; `.flavorignore` does.
    std::fs::write(reader.directory.join(".gitignore"), "/venv/\n*.csv\n").expect("a file");
    std::fs::write(
        reader.directory.join(".flavorignore"),
        "deps:**/urllib3/contrib/emscripten/**\n/data/big.bin\n",
    )
    .expect("a file");
    std::fs::write(reader.directory.join("data/big.bin"), "x").expect("a file");

    let run = reader.does("Build Profiling");
    for name in ["baseline.psp", "compressed.psp", "stripped.psp"] {
        assert!(run.stdout().contains(name), "{name}\n{run}");
    }
    let size = |name: &str| {
        reader
            .directory
            .join(name)
            .metadata()
            .expect("a package")
            .len()
    };
    assert!(size("compressed.psp") < size("baseline.psp"), "{run}");
    assert!(size("stripped.psp") <= size("baseline.psp"), "{run}");
    let run = reader.shell("flavor extract-all --as-tree baseline.psp all && flavor inspect baseline.psp --json | jq -r '.slots[] | .name + \" \" + .codec'");
    for slot in ["python-runtime xz", "app-code zstd", "data gzip"] {
        assert!(run.stdout().contains(slot), "{slot}\n{run}");
    }
    let files = reader.t.names("slots/all");
    assert!(
        files.iter().any(|name| name.ends_with("table.csv")),
        "{files:?}"
    );
    for left_out in ["big.bin", "emscripten/connection.py"] {
        assert!(
            !files.iter().any(|name| name.ends_with(left_out)),
            "{left_out} was packed"
        );
    }
    assert_eq!(
        reader.shell("./baseline.psp --version").success().line(),
        "myapp 1.0"
    );
}
