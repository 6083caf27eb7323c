//! Which dependencies and which files go in: extras, groups, lock files, ignore files, and the list of it all.

use crate::flavorpack;
use crate::scene::{PROBE, Test};
use crate::wheelhouse;

/// Prints which of these can be imported, and which greeting it is.
const PROGRAM: &str = "import importlib.util as u\nfrom greeting import WORD\ndef main():\n    print(WORD, *[name for name in ('web', 'ops', 'lint') if u.find_spec(name)])\n";

/// The project of the wheelhouse with an extra `web` and the groups `ops` and `dev`; later releases than it was locked to
/// come with [`later`].
fn project() -> Test {
    let t = wheelhouse::project();
    for name in ["web", "ops", "lint"] {
        wheelhouse::wheel(&t, name, "1.0", &[(&format!("{name}.py"), "")]);
    }
    t.file("app/src.py", PROGRAM);
    let more = "[project.optional-dependencies]\nWeb = [\"web\"]\n[dependency-groups]\nops = [\"ops\"]\ndev = [\"lint\", { include-group = \"ops\" }]\n";
    t.file(
        "app/pyproject.toml",
        format!("{}{more}", wheelhouse::MANIFEST),
    );
    t
}

fn later(t: &Test) {
    wheelhouse::wheel(t, "greeting", "3.0", &[("greeting.py", "WORD = 'later'\n")]);
}

fn says(t: &Test, options: &[&str]) -> String {
    let package = t.pack_with(&[&["app"], options].concat());
    t.call(package, [""; 0]).silent().line().to_owned()
}

#[test]
fn extras_and_groups_are_added_when_they_are_asked_for() {
    let t = project();
    assert_eq!(says(&t, &[]), "Ahoy", "nothing for development");
    assert_eq!(says(&t, &["--extra", "web"]), "Ahoy web");
    assert_eq!(
        says(&t, &["--extra", "WEB", "--group", "ops"]),
        "Ahoy web ops"
    );
    assert_eq!(
        says(&t, &["--group", "dev", "--group", "dev"]),
        "Ahoy ops lint"
    );
    t.flavor(["verify", "app/dist/offline.psp", "--rebuild", "app"])
        .success();
    let explained = t
        .flavor([
            "pack",
            "app",
            "--group",
            "dev",
            "--extra",
            "web",
            "--explain",
        ])
        .success();
    assert!(
        explained
            .stderr()
            .contains("explain:     extras and groups: "),
        "{explained}"
    );
    let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("it");
    t.file(
        "app/pyproject.toml",
        format!("{manifest}[tool.flavor.build]\ngroups = [\"ops\"]\n"),
    );
    assert_eq!(
        says(&t, &["--extra", "web"]),
        "Ahoy web ops",
        "in addition to the manifest's"
    );
    snapshot!(t.flavor(["pack", "app", "--extra", "wbe"]), @"
    exit: 2
    --- stderr
    error[FLV0207]: `--extra` names an unknown extra: wbe
    hint: did you mean `web`?
    ");
    snapshot!(t.flavor(["pack", "app", "--group", "zzz"]), @"
    exit: 2
    --- stderr
    error[FLV0207]: `--group` names an unknown dependency group: zzz
    hint: known: dev, ops
    ");
}

#[test]
fn uv_lock_decides_and_knows_extras_and_groups() {
    let mut t = project();
    t.prepend_path(&flavorpack::uv_directory());
    let lock = ["lock", "--no-index", "--find-links", "../wheels", "--quiet"];
    t.run(t.command("uv").args(lock).current_dir(t.path("app")))
        .success();
    later(&t);
    assert_eq!(says(&t, &[]), "Ahoy");
    assert_eq!(
        says(&t, &["--extra", "web", "--group", "ops"]),
        "Ahoy web ops"
    );
    std::fs::remove_file(t.path("app/uv.lock")).expect("removed");
    assert_eq!(says(&t, &[]), "later");
}

#[test]
fn pylock_and_hashed_requirements_decide_whoever_installs() {
    for with_uv in [false, true] {
        let mut t = project();
        if with_uv {
            t.prepend_path(&flavorpack::uv_directory());
        }
        let wheel = "greeting-2.0-py3-none-any.whl";
        let sum = t
            .call("sha256sum", [format!("wheels/{wheel}")])
            .success()
            .stdout()[..64]
            .to_owned();
        later(&t);
        t.file(
            "app/pylock.toml",
            format!(
                "lock-version = \"1.0\"\n[[packages]]\nname = \"greeting\"\nversion = \"2.0\"\n\
                 wheels = [{{ name = \"{wheel}\", hashes = {{ sha256 = \"{sum}\" }} }}]\n"
            ),
        );
        assert_eq!(says(&t, &[]), "Ahoy", "pylock.toml, uv: {with_uv}");
        let web = t
            .call("sha256sum", ["wheels/web-1.0-py3-none-any.whl"])
            .success()
            .stdout()[..64]
            .to_owned();
        let lock = std::fs::read_to_string(t.path("app/pylock.toml")).expect("the lock");
        t.file(
            "app/pylock.toml",
            format!(
                "extras = [\"web\"]\n{lock}[[packages]]\nname = \"web\"\nversion = \"1.0\"\nmarker = \"'web' in extras\"\n\
                 wheels = [{{ name = \"web-1.0-py3-none-any.whl\", hashes = {{ sha256 = \"{web}\" }} }}]\n"
            ),
        );
        assert_eq!(says(&t, &[]), "Ahoy", "without the extra, uv: {with_uv}");
        assert_eq!(
            says(&t, &["--extra", "web"]),
            "Ahoy web",
            "with the extra, uv: {with_uv}"
        );
        std::fs::remove_file(t.path("app/pylock.toml")).expect("removed");
        assert_eq!(says(&t, &[]), "later");
        t.file(
            "app/requirements.txt",
            format!("greeting==2.0 --hash=sha256:{sum}\n"),
        );
        assert_eq!(says(&t, &[]), "Ahoy", "requirements, uv: {with_uv}");
        t.file(
            "app/requirements.txt",
            format!("greeting==2.0 --hash=sha256:{}\n", "0".repeat(64)),
        );
        let run = t.flavor(["pack", "-q", "app"]).fails_with(4);
        assert!(
            run.stderr().contains("find out why before locking again"),
            "{run}"
        );
        t.file("app/requirements.txt", "greeting==2.0\n");
        assert_eq!(
            says(&t, &[]),
            "later",
            "without hashes it is no lock of a project"
        );
    }
}

#[test]
fn directories_of_wheels_in_a_manifest_start_from_the_manifest() {
    let mut t = project();
    t.unset("PIP_FIND_LINKS");
    let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("it");
    t.file(
        "app/pyproject.toml",
        format!("{manifest}[tool.flavor.build]\nfind_links = \"../wheels\"\n"),
    );
    assert_eq!(says(&t, &[]), "Ahoy");
    let run = t.flavor(["pack", "app", "--check-reproducible"]).success();
    assert!(
        run.stderr().contains("reproducible: a second pack"),
        "{run}"
    );
}

#[test]
fn the_manifest_names_the_version_of_python() {
    let t = project();
    let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("it");
    t.file(
        "app/pyproject.toml",
        format!("{manifest}[tool.flavor.python]\nversion = \"3.12\"\n"),
    );
    let package = t.pack_with(&["app"]);
    let json = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .silent()
        .json();
    assert!(
        json["runtime"]["version"]
            .as_str()
            .expect("a version")
            .starts_with("3.12."),
        "{}",
        json["runtime"]
    );
}

#[test]
fn what_would_go_in_is_listed_and_nothing_is_made() {
    let t = Test::new();
    t.script("true");
    for name in [
        "tree/one.txt",
        "tree/two words.txt",
        "tree/three.log",
        "tree/four.log",
        "tree/deep/five.bin",
        "tree/no/x",
    ] {
        t.file(name, "12345");
    }
    t.file("tree/.flavorignore", "no/\n");
    std::os::unix::fs::symlink("one.txt", t.path("tree/link")).expect("a link");
    t.manifest(&format!(
        "{PROBE}\n[[tool.flavor.slots.entries]]\nname = \"tree\"\nsource = \"tree\"\n\
         [tool.flavor.build]\nexclude = [\"*.log\", \"deep\"]\ninclude = [\"four.log\"]\n"
    ));
    snapshot!(t.flavor(["pack", "--list-files"]).silent(), @"
    exit: 0
    --- stdout
    script	bin/probe
    tree	.flavorignore
    tree	four.log
    tree	link
    tree	one.txt
    tree	two words.txt
    ");
    let json = t.flavor(["pack", "--list-files", "--json"]).silent().json();
    let slot = &json["slots"][1];
    assert_eq!(
        (&json["schema"], &slot["name"], &slot["target"]),
        (&1.into(), &"tree".into(), &"{workenv}/tree".into())
    );
    assert_eq!(
        slot["files"][1],
        serde_json::json!({ "path": "four.log", "size": 5 })
    );
    assert!(
        !t.path("dist").exists() && !t.path("home/.config").exists(),
        "neither a package nor a key"
    );
    // The list is what is in the package then.
    t.pack();
    let inspected = t
        .flavor(["inspect", "dist/probe.psp", "--files", "--json"])
        .silent();
    assert!(
        inspected.stdout().contains("four.log") && !inspected.stdout().contains("three.log"),
        "{inspected}"
    );
}

#[test]
fn of_python_the_list_has_the_trees() {
    let t = project();
    t.file("app/.gitignore", "ignored.py\n");
    t.file("app/.flavorignore", "deps:**/web.py\nhidden.py\n");
    for name in ["ignored", "hidden", "shown"] {
        t.file(&format!("app/{name}.py"), "");
    }
    let run = t
        .flavor(["pack", "app", "--list-files", "-q", "--extra", "web"])
        .silent();
    let has = |slot: &str, file: &str| {
        let lines = run
            .stdout()
            .lines()
            .filter_map(|line| line.split_once('\t'));
        lines
            .filter(|(name, path)| *name == slot && path.ends_with(file))
            .count()
            > 0
    };
    assert!(
        has("runtime", "bin/python3.13") || has("runtime", "/os.py"),
        "{run}"
    );
    assert!(has("deps", "site-packages/greeting.py") && !has("deps", "site-packages/web.py"));
    assert!(has("deps", "web-1.0.dist-info/METADATA"));
    assert!(
        has("app", "site-packages/src.py") && has("app", "shown.py") && has("app", "bin/offline")
    );
    // What git ignores may have been generated for the build.
    assert!(has("app", "ignored.py") && !has("app", "hidden.py"));
    assert!(!t.path("app/dist").exists());
}
