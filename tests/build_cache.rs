//! What packs keep for the next one: reused when nothing has changed, never when something has.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::scene::{Run, Test, start};
use crate::wheelhouse;

fn pack(t: &Test, options: &[&str]) -> Run {
    t.flavor([&["pack", "--manifest", "app", "--explain"], options].concat())
        .success()
}

fn says(t: &Test) -> String {
    t.call(t.path("app/dist/offline.psp"), [""; 0])
        .success()
        .line()
        .to_owned()
}

/// The steps that were not reused, by `--explain`.
fn made(run: &Run) -> Vec<&str> {
    let steps = run
        .stderr()
        .lines()
        .filter_map(|line| line.strip_prefix("explain: ")?.split_once(" made, "));
    steps.map(|(step, _)| step).collect()
}

/// Files below a layer of the build cache that meet a condition.
fn entries(t: &Test, layer: &str, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let names = t.names(&format!("cache/build/{layer}"));
    names
        .iter()
        .map(|name| t.path(format!("cache/build/{layer}")).join(name))
        .filter(|path| wanted(path))
        .collect()
}

fn identity(path: &Path) -> (u64, i64, i64) {
    let metadata = path.metadata().expect("there");
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
}

#[test]
fn a_pack_without_news_makes_nothing_and_leaves_the_file_alone() {
    let t = wheelhouse::project();
    pack(&t, &[]);
    let package = t.path("app/dist/offline.psp");
    let before = identity(&package);
    let again = pack(&t, &[]);
    assert_eq!(made(&again), [""; 0]);
    assert!(
        again.stderr().contains("9 of 9 steps reused (100 %)"),
        "{again}"
    );
    assert_eq!(identity(&package), before);
    assert_eq!(says(&t), "Ahoy");

    // A file that is not the one that was written is written again, wherever its time stamps say it comes from.
    let mut bytes = std::fs::read(&package).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&package, &bytes).expect("damaged");
    let times =
        std::fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1));
    std::fs::File::open(&package)
        .and_then(|file| file.set_times(times))
        .expect("times");
    assert!(pack(&t, &[]).stderr().contains("explain: package written"));
    t.flavor(["verify".as_ref(), package.as_os_str()]).success();
}

#[test]
fn a_change_costs_what_depends_on_it_and_is_named() {
    let t = wheelhouse::project();
    t.file("app/more.in", "one");
    pack(&t, &[]);

    t.file(
        "app/src.py",
        "from greeting import WORD\nfrom more import VALUE\ndef main():\n    print(WORD, VALUE)\n",
    );
    let run = pack(&t, &[]);
    assert_eq!(made(&run), ["app", "bytecode app", "checks", "slot app"]);
    assert!(
        run.stderr().contains("sources: src.py has changed"),
        "{run}"
    );
    assert_eq!(says(&t), "Ahoy one");

    // What a back end makes of a file is its own business: the answer must be right.
    t.file("app/more.in", "two");
    let run = pack(&t, &[]);
    assert_eq!(made(&run), ["app", "bytecode app", "checks", "slot app"]);
    assert!(
        run.stderr().contains("sources: more.in has changed"),
        "{run}"
    );
    assert_eq!(says(&t), "Ahoy two");

    wheelhouse::wheel(&t, "second", "1.0", &[("second.py", "X = 1\n")]);
    let run = pack(&t, &[]);
    // The wheel might have been a newer version of something: the installer has to say.
    assert_eq!(made(&run), ["build environment", "deps", "app"]);
    assert!(
        run.stderr().contains("second-1.0-py3-none-any.whl is new"),
        "{run}"
    );

    t.file(
        "app/pyproject.toml",
        wheelhouse::MANIFEST.replace("\"greeting>=2\"", "\"greeting>=2\", \"second\""),
    );
    let run = pack(&t, &[]);
    assert_eq!(
        made(&run),
        ["deps", "app", "bytecode deps", "checks", "slot deps"]
    );
    assert!(run.stderr().contains("requirements: + `second` ("), "{run}");
    assert!(run.stderr().contains("app/pyproject.toml:9)"), "{run}");
}

#[test]
fn an_edit_right_after_a_pack_is_never_missed() {
    let t = wheelhouse::project();
    for round in 0..12 {
        // Of one length, and as a rule within one tick of the clock that stamps files.
        for word in ["one", "two"] {
            t.file(
                "app/src.py",
                format!("def main():\n    print('{word} {round:03}')\n"),
            );
            t.flavor(["pack", "--quiet", "--manifest", "app"]).success();
            assert_eq!(says(&t), format!("{word} {round:03}"));
        }
    }
}

#[test]
fn a_sibling_that_is_a_dependency_is_a_source_too() {
    let t = wheelhouse::project();
    t.file("sibling/src.py", "");
    t.file("sibling/greeting.py", "WORD = 'Moin'\n");
    let manifest = wheelhouse::MANIFEST.replace("[project.scripts]\noffline = \"src:main\"\n", "");
    t.file("sibling/pyproject.toml", manifest);
    let path = t.path("sibling");
    let requirement = format!("\"offline-sibling @ file://{}\"", path.display());
    t.file(
        "app/pyproject.toml",
        wheelhouse::MANIFEST.replace("\"greeting>=2\"", &requirement),
    );
    // The sibling calls itself by another name than the project.
    let back_end = wheelhouse::BACKEND
        .replace("offline", "offline_sibling")
        .replace("Name: offline_sibling", "Name: offline-sibling");
    wheelhouse::wheel(
        &t,
        "siblingbackend",
        "1.0",
        &[("siblingbackend.py", &back_end)],
    );
    let manifest = std::fs::read_to_string(t.path("sibling/pyproject.toml")).expect("read");
    t.file(
        "sibling/pyproject.toml",
        manifest.replace("tinybackend", "siblingbackend"),
    );
    let requires_greeting = "Requires-Dist: greeting>=2\\n";
    assert!(back_end.contains(requires_greeting));
    std::fs::remove_file(t.path("sibling/src.py")).expect("removed");
    pack(&t, &[]);
    t.file("sibling/extra.py", "X = 1\n");
    let run = pack(&t, &[]);
    assert!(made(&run).contains(&"deps"), "{run}");
    assert!(run.stderr().contains("extra.py is new"), "{run}");
}

#[test]
fn what_is_damaged_is_made_again_with_a_warning() {
    let t = wheelhouse::project();
    pack(&t, &[]);
    let package = std::fs::read(t.path("app/dist/offline.psp")).expect("read");
    let is = |name: &'static str| move |path: &Path| path.ends_with(name);
    for (layer, name, step) in [
        ("deps", "greeting.py", "deps"),
        ("slots", "stored", "slot deps"),
        ("runtime", "stored", "slot runtime"),
        ("app", "entry", "app"),
        ("runtime", "os.py", "runtime"),
    ] {
        for victim in entries(&t, layer, is(name)) {
            let bytes = std::fs::read(&victim).expect("read");
            std::fs::write(&victim, &bytes[..bytes.len() / 2]).expect("cut");
        }
        std::fs::remove_file(t.path("app/dist/offline.psp")).expect("removed");
        let run = pack(&t, &[]);
        assert!(made(&run).contains(&step), "{layer}: {run}");
        assert!(run.stderr().contains("made again"), "{layer}: {run}");
        assert_eq!(
            std::fs::read(t.path("app/dist/offline.psp")).expect("read"),
            package,
            "{layer}"
        );
    }
}

#[test]
fn packs_at_once_share_the_cache_and_make_the_same() {
    let t = wheelhouse::project();
    let outputs: Vec<String> = (0..4).map(|number| format!("{number}.psp")).collect();
    let packs: Vec<_> = outputs
        .iter()
        .map(|output| {
            let mut command = t.command(crate::scene::FLAVOR);
            command.args(["pack", "--quiet", "--manifest", "app", "--output", output]);
            start(command.stdout(Stdio::null()))
        })
        .collect();
    for mut pack in packs {
        assert!(pack.wait().expect("waited for").success());
    }
    let bytes: Vec<Vec<u8>> = outputs
        .iter()
        .map(|path| std::fs::read(t.path(path)).expect("read"))
        .collect();
    assert!(bytes.iter().all(|one| *one == bytes[0]));
}

#[test]
fn a_killed_pack_leaves_nothing_that_counts() {
    let t = wheelhouse::project();
    for round in 0..8 {
        let mut command = t.command(crate::scene::FLAVOR);
        command
            .args(["pack", "--quiet", "--manifest", "app"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = start(&mut command);
        std::thread::sleep(Duration::from_millis(60 + 150 * round));
        child.kill().expect("killed");
        child.wait().expect("waited for");
    }
    pack(&t, &[]);
    assert_eq!(says(&t), "Ahoy");
    // A pack that makes something sweeps what dead ones left.
    t.file("app/src.py", "def main():\n    print('swept')\n");
    pack(&t, &[]);
    assert_eq!(says(&t), "swept");
    assert_eq!(t.names("cache/build/staging"), [""; 0]);
}

#[test]
fn without_the_cache_nothing_is_read_and_nothing_kept() {
    let t = wheelhouse::project();
    pack(&t, &[]);
    let before = t.listing("cache/build");
    let run = pack(&t, &["--no-cache", "--output", "fresh.psp"]);
    assert_eq!(made(&run).len(), 10, "{run}");
    assert_eq!(t.listing("cache/build"), before);
    let read = |path: &str| std::fs::read(t.path(path)).expect("read");
    assert_eq!(read("fresh.psp"), read("app/dist/offline.psp"));
}

#[test]
fn refresh_asks_the_installer_again() {
    let t = wheelhouse::project();
    pack(&t, &[]);
    let run = pack(&t, &["--refresh"]);
    assert_eq!(made(&run), ["deps"]);
    assert!(
        run.stderr().contains("resolved again, as requested"),
        "{run}"
    );
    assert!(run.stderr().contains("package nothing to write"), "{run}");
}

#[test]
fn offline_works_from_what_is_kept() {
    let mut t = wheelhouse::project();
    pack(&t, &[]);
    // No installer could answer now.
    t.set("PATH", "/nowhere");
    t.file("app/src.py", "def main():\n    print('offline')\n");
    let run = pack(&t, &["--offline"]);
    assert_eq!(made(&run), ["app", "bytecode app", "checks", "slot app"]);
    assert_eq!(
        t.call(t.path("app/dist/offline.psp"), [""; 0])
            .success()
            .line(),
        "offline"
    );
}

#[test]
fn the_cache_shows_itself_and_can_be_cleaned() {
    let t = wheelhouse::project();
    pack(&t, &[]);
    pack(&t, &[]);
    let path = t.flavor(["cache", "path"]).success();
    assert_eq!(Path::new(path.line()), t.path("cache/build"));
    let stats = t.flavor(["cache", "stats", "--json"]).success().json();
    assert_eq!(stats["entries"], 10);
    let deps = &stats["layers"][2];
    assert_eq!(
        (&deps["layer"], &deps["hits"], &deps["misses"]),
        (&"deps".into(), &1.into(), &1.into())
    );
    assert_eq!(deps["rate"], 50.0);
    assert!(deps["bytes"].as_u64().is_some_and(|bytes| bytes > 0));
    assert!(
        t.flavor(["cache", "stats"])
            .success()
            .stdout()
            .contains("10 entries")
    );

    let would = t.flavor(["cache", "clean", "deps", "--dry-run"]).success();
    assert!(
        would.stdout().starts_with("would remove 1 entry"),
        "{would}"
    );
    t.flavor(["cache", "clean", "deps"]).success();
    let run = pack(&t, &[]);
    assert_eq!(made(&run), ["deps"]);
    assert!(run.stderr().contains("the cache no longer had it"), "{run}");
    t.flavor(["cache", "clean"]).success();
    assert_eq!(
        t.flavor(["cache", "stats", "--json"]).success().json()["entries"],
        0
    );
    let run = t.flavor(["cache", "clean", "dpes"]).fails_with(2);
    assert!(run.stderr().contains("did you mean `deps`?"), "{run}");
}

#[test]
fn a_full_cache_loses_what_was_not_used_for_longest() {
    let mut t = wheelhouse::project();
    pack(&t, &[]);
    let old = entries(&t, "app", |path| path.ends_with("entry"));
    // Room for the large entries and not much more.
    let all = t.flavor(["cache", "stats", "--json"]).success().json()["bytes"]
        .as_u64()
        .expect("bytes");
    let room = all + 500;
    t.set("FLAVOR_CACHE_MAX_SIZE", room.to_string());
    for round in 0..4 {
        t.file("app/src.py", format!("def main():\n    print({round})\n"));
        pack(&t, &[]);
    }
    assert!(
        old.iter().all(|path| !path.exists()),
        "the first version of the project is still there"
    );
    let stats = t.flavor(["cache", "stats", "--json"]).success().json();
    assert!(stats["bytes"].as_u64().expect("bytes") <= room, "{stats}");
    assert_eq!(
        stats["layers"][0]["entries"], 2,
        "the runtime and its slot are in use and stay"
    );
}

/// A project in `work/app` with a dependency from an index of wheels, two local ones, and slots.
fn furnish_for_two_homes(t: &Test) {
    let back_end = wheelhouse::BACKEND
        .replace("import glob, zipfile", "import glob, zipfile, tomllib")
        .replace(
            "    name = 'offline-1.0",
            "    project = tomllib.load(open('pyproject.toml', 'rb'))['project']['name']\n    name = 'offline-1.0",
        )
        .replace("'offline-1.0", "f'{project}-1.0")
        .replace("Name: offline\\n", "Name: ' + project + '\\n")
        .replace("Requires-Dist: greeting>=2\\n", "")
        .replace("[console_scripts]\\noffline = src:main\\n", "");
    wheelhouse::wheel(t, "greeting", "2.0", &[("greeting.py", "WORD = 'Ahoy'\n")]);
    wheelhouse::wheel(t, "tinybackend", "1.0", &[("tinybackend.py", &back_end)]);
    std::fs::create_dir_all(t.path("work")).expect("a directory");
    std::fs::rename(t.path("wheels"), t.path("work/wheels")).expect("moved");
    for name in ["near", "far"] {
        let manifest = wheelhouse::MANIFEST
            .replace("name = \"offline\"", &format!("name = \"{name}\""))
            .replace("\"greeting>=2\"", "")
            .replace("[project.scripts]\noffline = \"src:main\"\n", "");
        t.file(&format!("work/{name}/pyproject.toml"), manifest);
        t.file(&format!("work/{name}/{name}.py"), "WORD = 'there'\n");
    }
    t.file(
        "work/app/src.py",
        "import greeting, near, far\ndef main():\n    print(greeting.WORD, near.WORD, far.WORD)\n",
    );
    t.file("work/app/data/words.txt", "one\ntwo\n");
    t.file("work/app/more.in", "more");
    let own = r#"
[tool.uv.sources]
near = { path = "../near" }
[tool.flavor]
entry_point = "src:main"
[tool.flavor.build]
dependencies = ["../far"]
[tool.flavor.build.hooks]
pre_build = [["false"]]
[[tool.flavor.slots.entries]]
name = "words"
source = "data"
target = "share/words"
[[tool.flavor.slots.entries]]
name = "list"
source = "data/words.txt"
operations = ["raw"]
target = "share/list.txt"
"#;
    let manifest = wheelhouse::MANIFEST.replace("\"greeting>=2\"", "\"greeting>=2\", \"near\"");
    t.file("work/app/pyproject.toml", format!("{manifest}{own}"));
}

/// `<layer>/<key>` of every entry of the build cache.
fn keys(t: &Test) -> Vec<String> {
    let layers = ["runtime", "build-env", "deps", "app", "bytecode", "slots"];
    let names = |layer: &str| {
        let directory = t.path(format!("cache/build/{layer}"));
        let entries = directory.read_dir().expect("a layer");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.expect("an entry").file_name();
            format!("{layer}/{}", name.to_string_lossy())
        };
        entries.map(name).collect::<Vec<_>>()
    };
    let mut keys: Vec<String> = layers.into_iter().flat_map(names).collect();
    keys.sort();
    keys
}

#[test]
fn a_copy_of_a_project_in_another_home_has_the_same_keys_and_reuses_every_step() {
    let pack = |t: &Test| {
        let mut command = t.command(crate::scene::FLAVOR);
        command.current_dir(t.path("work/app"));
        command.args(["pack", "--no-hooks", "--key-seed", "same", "--explain"]);
        command.arg("--find-links").arg(t.path("work/wheels"));
        t.run(&mut command).success()
    };
    let scene = || {
        let mut t = Test::new();
        let temporary = t.path("temporary");
        std::fs::create_dir_all(&temporary).expect("a directory");
        t.set("TMPDIR", temporary);
        t.set("PIP_NO_INDEX", "1");
        t
    };
    let copy = |from: &Test, what: &str, to: &Test| {
        to.call("cp", ["-r".into(), from.path(what), to.path(what)])
            .success();
    };
    let mut t = scene();
    t.set("PIP_CACHE_DIR", t.path("home/pip"));
    furnish_for_two_homes(&t);
    pack(&t);
    let root = t.root().to_string_lossy().into_owned();
    for key in keys(&t) {
        let entry = t.path(format!("cache/build/{key}/entry"));
        let text = String::from_utf8(std::fs::read(entry).expect("read")).expect("UTF-8");
        assert!(!text.contains(&root), "{key}: {text}");
    }
    assert_eq!(
        t.call(t.path("work/app/dist/offline.psp"), [""; 0])
            .success()
            .line(),
        "Ahoy there there"
    );
    std::fs::remove_dir_all(t.path("work/app/dist")).expect("removed");
    let package = |t: &Test| std::fs::read(t.path("work/app/dist/offline.psp")).expect("read");

    // With an empty cache of its own; only the home differs from a second machine.
    let other = scene();
    copy(&t, "work", &other);
    pack(&other);
    assert_eq!(keys(&other), keys(&t));

    // With the other's cache.
    let third = scene();
    copy(&t, "work", &third);
    std::fs::remove_dir_all(third.path("cache")).expect("removed");
    copy(&t, "cache", &third);
    std::fs::remove_dir_all(third.path("cache/build/projects")).expect("removed");
    let run = pack(&third);
    assert_eq!(made(&run), [""; 0], "{run}");
    assert_eq!(keys(&third), keys(&t));
    assert!(package(&third) == package(&other), "the packages differ");

    // What changes is still named.
    third.file("work/near/near.py", "WORD = 'here'\n");
    let run = pack(&third);
    assert!(made(&run).contains(&"deps"), "{run}");
    assert!(run.stderr().contains("near.py has changed"), "{run}");
}
