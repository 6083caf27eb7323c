//! Which files a build gets to see, and what makes it build again.

use std::os::unix::fs::MetadataExt;

use crate::back_ends::{git, repository};
use crate::scene::{Run, Test};
use crate::wheelhouse;

/// A back end that lists what it sees, with sizes, in a module.
const LISTING: &str = r"
import os, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    top = os.environ.get('TINY_TOP', '.')
    seen = sorted(os.path.relpath(os.path.join(place, name)) for place, _, names in os.walk(top) for name in names)
    seen = [one for one in seen if '.git/' not in one]
    if os.environ.get('TINY_SPOIL'):
        open(os.environ['TINY_SPOIL'], 'a').write('spoilt')
    name, info = 'offline-1.0-py3-none-any.whl', 'offline-1.0.dist-info'
    with zipfile.ZipFile(f'{directory}/{name}', 'w') as out:
        out.writestr('src.py', 'SEEN = ' + repr(seen) + '\ndef main():\n    print(*SEEN, sep=chr(10))\n')
        out.writestr(f'{info}/METADATA', 'Metadata-Version: 2.1\nName: offline\nVersion: 1.0\nRequires-Dist: greeting>=2\n')
        out.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        out.writestr(f'{info}/entry_points.txt', '[console_scripts]\noffline = src:main\n')
        out.writestr(f'{info}/RECORD', ''.join(f'{one.filename},,\n' for one in out.filelist))
    return name
";

fn project() -> Test {
    let t = wheelhouse::project();
    std::fs::remove_dir_all(t.path("wheels")).expect("removed");
    wheelhouse::wheel(&t, "greeting", "2.0", &[("greeting.py", "WORD = 'Ahoy'\n")]);
    wheelhouse::wheel(&t, "tinybackend", "1.0", &[("tinybackend.py", LISTING)]);
    t
}

fn pack(t: &Test) -> Run {
    t.flavor(["pack", "app"]).success()
}

/// What the build saw.
fn seen(t: &Test) -> Vec<String> {
    pack(t);
    let run = t.call(t.path("app/dist/offline.psp"), [""; 0]).success();
    run.stdout().lines().map(str::to_owned).collect()
}

fn is_reused(run: &Run) -> bool {
    run.stderr().contains("offline 1.0, reused")
}

#[test]
fn tracked_files_count_whatever_they_look_like() {
    let t = project();
    for file in [
        "dist/kept",
        "build/kept",
        "node_modules/m/index.js",
        ".venv/pyvenv.cfg",
        "x.egg-info/PKG-INFO",
        "secret/kept",
    ] {
        t.file(&format!("app/{file}"), "");
    }
    t.file("app/.gitignore", "*\n");
    let before = ["pyproject.toml", "src.py", "secret/kept"];
    let sorted = |more: &[&str]| {
        let mut all: Vec<String> = before
            .iter()
            .chain(more)
            .map(|one| (*one).to_owned())
            .collect();
        all.push(".gitignore".into());
        all.sort();
        all
    };
    // Without git all is there but what looks like what builds leave.
    assert_eq!(seen(&t), sorted(&[]));
    git(&t, "app", &["init", "-q"]);
    git(&t, "app", &["add", "-f", "."]);
    for file in [
        "dist/old.whl",
        "build/lib/x.py",
        "node_modules/m/more.js",
        ".venv/bin/python",
    ] {
        t.file(&format!("app/{file}"), "");
    }
    let tracked = [
        "dist/kept",
        "build/kept",
        "node_modules/m/index.js",
        ".venv/pyvenv.cfg",
        "x.egg-info/PKG-INFO",
    ];
    // `dist/offline.psp` was there when all was added.
    assert_eq!(seen(&t), sorted(&tracked));
    // git itself is not needed for that.
    t.file("bin/keep", "");
    let mut command = t.command(crate::scene::FLAVOR);
    let python = crate::interpreter::Interpreter::Pyenv(13).executable();
    command
        .args(["pack", "app", "--no-cache", "--python"])
        .arg(python)
        .env("PATH", t.path("bin"));
    t.run(&mut command).success();
    let again = t.call(t.path("app/dist/offline.psp"), [""; 0]).success();
    assert_eq!(again.stdout().lines().collect::<Vec<_>>(), sorted(&tracked));
    // `.flavorignore` removes, `include` brings back.
    t.file("app/.flavorignore", "/secret/\n/node_modules/\n");
    let left = seen(&t);
    assert!(
        !left
            .iter()
            .any(|one| one.contains("secret") || one.contains("node_modules")),
        "{left:?}"
    );
    let manifest = format!(
        "{}[tool.flavor.build]\ninclude = [\"node_modules/m/*.js\", \"dist/old.whl\"]\n",
        wheelhouse::MANIFEST
    );
    t.file("app/pyproject.toml", manifest);
    let left = seen(&t);
    for file in [
        "node_modules/m/index.js",
        "node_modules/m/more.js",
        "dist/old.whl",
    ] {
        assert!(left.iter().any(|one| one == file), "{file} in {left:?}");
    }
    assert!(
        !left
            .iter()
            .any(|one| one.contains("secret") || one.contains("lib/x.py")),
        "{left:?}"
    );
}

#[test]
fn a_worktree_a_nested_repository_and_one_above_are_known() {
    let t = project();
    t.file("main/.gitignore", "forced\n");
    t.file("main/dist/kept", "");
    t.call("cp", ["-r".into(), t.path("app/."), t.path("main")])
        .success();
    repository(&t, "main");
    t.file("main/dist/forced", "");
    git(&t, "main", &["add", "-f", "."]);
    git(&t, "main", &["commit", "-q", "-m", "second"]);
    std::fs::remove_dir_all(t.path("app")).expect("removed");
    git(
        &t,
        "main",
        &[
            "worktree",
            "add",
            "-q",
            &t.path("app").display().to_string(),
        ],
    );
    assert!(t.path("app/.git").is_file());
    let found = seen(&t);
    assert!(
        found.contains(&"dist/kept".into()) && found.contains(&"dist/forced".into()),
        "{found:?}"
    );
    // A clone inside.
    t.file("app/vendor/lib/node_modules/x.js", "");
    repository(&t, "app/vendor/lib");
    let found = seen(&t);
    assert!(
        found.contains(&"vendor/lib/node_modules/x.js".into()),
        "{found:?}"
    );
    assert!(
        !found
            .iter()
            .any(|one| one.contains("worktrees") || one.ends_with("/HEAD")),
        "{found:?}"
    );
}

#[test]
fn what_a_hook_makes_builds_again_when_it_changes_and_not_before() {
    let t = project();
    t.file("app/.gitignore", "made.txt\n*.log\n");
    repository(&t, "app");
    t.file("app/made.txt", "one");
    assert!(!is_reused(&pack(&t)));
    let package = std::fs::read(t.path("app/dist/offline.psp")).expect("it is there");
    assert!(is_reused(&pack(&t)));
    t.file("app/made.txt", "two");
    let run = t.flavor(["pack", "app", "--explain"]).success();
    assert!(
        !is_reused(&run) && run.to_string().contains("made.txt has changed"),
        "{run}"
    );
    // What is not in the wheel is not attested: the package is the same.
    assert_eq!(
        package,
        std::fs::read(t.path("app/dist/offline.psp")).expect("it is there")
    );
    // A commit says nothing to this back end.
    t.file("app/other.txt", "");
    git(&t, "app", &["add", "."]);
    assert!(!is_reused(&pack(&t)));
    git(&t, "app", &["commit", "-q", "-m", "second"]);
    git(&t, "app", &["status"]);
    assert!(is_reused(&pack(&t)));
}

#[test]
fn large_ignored_files_are_neither_read_nor_copied() {
    let t = project();
    t.file("app/.gitignore", "data/\n");
    repository(&t, "app");
    t.file("app/data/small.txt", "small");
    let large = t.path("app/data/large.bin");
    t.call(
        "truncate",
        ["-s".as_ref(), "40G".as_ref(), large.as_os_str()],
    )
    .success();
    let begin = std::time::Instant::now();
    let found = seen(&t);
    assert!(
        found.contains(&"data/large.bin".into()) && found.contains(&"data/small.txt".into()),
        "{found:?}"
    );
    assert!(begin.elapsed().as_secs() < 60, "it was read");
    assert_eq!(large.metadata().expect("there").blocks(), 0);
    assert!(is_reused(&pack(&t)));
    t.call("touch", [&large]).success();
    assert!(!is_reused(&pack(&t)));
}

#[test]
fn a_build_that_writes_to_a_large_file_is_found_out() {
    let mut t = project();
    t.file("app/.gitignore", "*.bin\n");
    t.file("app/model.bin", vec![7; 2 << 20]);
    t.set("TINY_SPOIL", t.path("app/model.bin"));
    let run = t.flavor(["pack", "app/pyproject.toml", "-q"]);
    snapshot!(run, @"
    exit: 1
    --- stderr
    error[FLV0352]: cannot pack `app/pyproject.toml`
      the build of the project in `app` modified `[ROOT]/app/model.bin`, which is outside its copy
    hint: check the file; exclude it with a line in `.flavorignore`, or generate it in `pre_build`
    ");
}

#[test]
fn very_many_ignored_files_are_said_to_be_unseen() {
    let t = project();
    t.file("app/.gitignore", "/data/\n");
    for number in 0..20_100 {
        let directory = format!("app/data/{}", number / 1000);
        if number % 1000 == 0 {
            t.file(&format!("{directory}/x"), "");
        }
        std::fs::write(t.path(format!("{directory}/{number}")), "").expect("written");
    }
    let said = || {
        let run = pack(&t);
        run.stderr()
            .lines()
            .filter(|line| !line.starts_with(' '))
            .take(2)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let first = said();
    snapshot!(first, @r#"
    warning[FLV0350]: the build does not see a directory with very many files: data
    hint: if the build does not need it, list it in `.flavorignore`; otherwise `include = ["data"]` under [tool.flavor.build]
    "#);
    assert_eq!(said(), first);
    assert!(!seen(&t).iter().any(|one| one.starts_with("data/")));
    let manifest = format!(
        "{}[tool.flavor.build]\ninclude = [\"data\"]\n",
        wheelhouse::MANIFEST
    );
    t.file("app/pyproject.toml", manifest);
    let run = pack(&t);
    assert!(!run.stderr().contains("FLV0350"), "{run}");
    assert!(seen(&t).len() > 20_000);
    t.file("app/pyproject.toml", wheelhouse::MANIFEST);
    t.file("app/.flavorignore", "data/\n");
    let run = pack(&t);
    assert!(!run.stderr().contains("warning"), "{run}");
}

#[test]
fn an_index_that_cannot_be_read_is_told_of() {
    let t = project();
    repository(&t, "app");
    t.file("app/.git/index", "DIRC nonsense");
    let run = pack(&t);
    let lines: Vec<&str> = run
        .stderr()
        .lines()
        .filter(|line| !line.starts_with(' '))
        .take(2)
        .collect();
    let text = lines
        .join("\n")
        .replace(&*t.root().to_string_lossy(), "[ROOT]");
    snapshot!(text, @"
    warning[FLV0351]: cannot determine which files git tracks: `[ROOT]/app/.git/index`: it is damaged, or not an index of git 2
    hint: see `git status`; tracked files in directories such as `dist` may be missing
    ");
    let json = t.flavor(["pack", "app", "--json"]).success().json();
    assert_eq!(json["warnings"][0]["code"], "FLV0351", "{json}");
}

#[test]
fn the_same_depth_and_no_more() {
    let mut t = project();
    t.file("repo/unrelated/x.txt", "");
    t.file("repo/shared/x.txt", "");
    t.file("repo/VERSION", "1");
    t.file("repo/.gitignore", "*.tmp\n");
    t.call("cp", ["-r".into(), t.path("app"), t.path("repo/app")])
        .success();
    let manifest =
        wheelhouse::MANIFEST.to_owned() + "[tool.tinybackend]\nsources = [\"../shared/*.txt\"]\n";
    t.file("repo/app/pyproject.toml", manifest);
    t.file(
        "repo/app/setup.py",
        "open(os.path.join(here, '..', 'VERSION'))\n",
    );
    repository(&t, "repo");
    t.set("TINY_TOP", "..");
    t.flavor(["pack", "repo/app"]).success();
    let run = t
        .call(t.path("repo/app/dist/offline.psp"), [""; 0])
        .success();
    let found: Vec<&str> = run
        .stdout()
        .lines()
        .filter(|line| line.starts_with(".."))
        .collect();
    assert_eq!(found, ["../.gitignore", "../VERSION", "../shared/x.txt"]);
    let reused = |t: &Test| is_reused(&t.flavor(["pack", "repo/app"]).success());
    assert!(reused(&t));
    t.file("repo/unrelated/x.txt", "changed");
    assert!(reused(&t));
    t.file("repo/shared/x.txt", "changed");
    assert!(!reused(&t));
    t.file("repo/VERSION", "2");
    assert!(!reused(&t));
}
