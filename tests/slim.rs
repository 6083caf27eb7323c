//! `pack --slim`: what dependencies carry that nobody needs, and the proof that nobody does.

use crate::scene::{Run, Test};
use crate::wheelhouse;

/// A dependency with something of every kind.
fn furnish(t: &Test, init: &str) {
    let long = |line: &str| line.repeat(400);
    let files = [
        ("greeting.py", "WORD = 'Ahoy'\n".to_owned()),
        ("ballast/__init__.py", init.to_owned()),
        ("ballast/tests/__init__.py", String::new()),
        (
            "ballast/tests/test_all.py",
            long("def test_it(): assert 1 + 1 == 2\n"),
        ),
        (
            "ballast/testing.py",
            "def check(): return True\n".to_owned(),
        ),
        ("ballast/core.pyi", long("def f() -> int: ...\n")),
        ("ballast/_core.c", long("int f(void) { return 1; }\n")),
        ("ballast/docs/index.rst", long("Words\n=====\n")),
        ("ballast/docs/__init__.py", "X = 1\n".to_owned()),
        ("ballast/locale/de/LC_MESSAGES/ballast.mo", long("Wort")),
        (
            "greeting-2.0.dist-info/licenses/tests/LICENSE",
            "Do as you like.\n".to_owned(),
        ),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    wheelhouse::wheel(t, "greeting", "2.0", &files);
}

/// Paths of the files in the slot `deps`, as far as they tell something.
fn ballast(t: &Test, package: &std::path::Path) -> Vec<String> {
    let json = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .silent()
        .json();
    let files = json["files"].as_array().expect("files").iter();
    let paths = files
        .filter(|file| file["slot"] == "deps")
        .filter_map(|file| file["path"].as_str());
    let told = paths
        .filter_map(|path| path.split_once("/site-packages/"))
        .map(|(_, path)| path.to_owned());
    let mut told: Vec<String> = told
        .filter(|path| path.contains("ballast/") || path.contains("LICENSE"))
        .collect();
    told.retain(|path| !path.contains("__pycache__"));
    told.sort_unstable();
    told
}

fn filters() -> insta::Settings {
    let mut settings = Run::filters();
    settings.add_filter(r"CPython 3\.\d+\.\d+ \(.*\)", "CPython [VERSION]");
    settings.add_filter(r"\d+ (modules|files)", "[N] $1");
    settings.add_filter(r"glibc 2\.\d+", "glibc [VERSION]");
    settings
}

#[test]
fn slim_leaves_out_what_nobody_imports_and_says_what() {
    let t = wheelhouse::project();
    furnish(
        &t,
        "from ballast.testing import check\nfrom ballast.docs import X\n",
    );
    let whole = t.pack_with(&["--manifest", "app", "--output", "whole.psp"]);
    let everything = ballast(&t, &whole);
    let run = t
        .flavor([
            "pack",
            "--manifest",
            "app",
            "--output",
            "slim.psp",
            "--slim",
        ])
        .success();
    let said: String = run
        .stderr()
        .lines()
        .filter(|line| {
            ["imports", "left out", "imported"]
                .iter()
                .any(|word| line.trim_start().starts_with(word))
        })
        .fold(String::new(), |all, line| all + line + "\n");
    filters().bind(|| {
        insta::assert_snapshot!(said, @"
     imports  [N] modules ([TIME])
    left out  tests: [N] files, [SIZE], which saves [SIZE]
    left out  docs: 1 file, [SIZE], which saves [SIZE]
    left out  stubs: 1 file, [SIZE], which saves [SIZE]
    left out  sources: 1 file, [SIZE], which saves [SIZE]
    imported  [N] modules, as with all files
    ");
    });
    let slim = t.path("slim.psp");
    let gone: Vec<_> = everything
        .iter()
        .filter(|path| !ballast(&t, &slim).contains(path))
        .cloned()
        .collect();
    insta::assert_debug_snapshot!(gone, @r#"
    [
        "ballast/_core.c",
        "ballast/core.pyi",
        "ballast/docs/index.rst",
        "ballast/tests",
        "ballast/tests/__init__.py",
        "ballast/tests/test_all.py",
    ]
    "#);
    assert_eq!(t.call(&slim, [""; 0]).silent().line(), "Ahoy");

    // The record says what was left out, so that the package can be made again.
    let provenance = t
        .flavor(["inspect", "--provenance", "slim.psp"])
        .silent()
        .json();
    let options = &provenance["predicate"]["buildDefinition"]["externalParameters"]["options"];
    assert_eq!(
        options["slim"],
        serde_json::json!(["tests", "docs", "stubs", "sources", "static"])
    );
    t.flavor(["verify", "slim.psp", "--rebuild", "app"])
        .success();

    // Nothing has changed, so nothing is imported again; and what is saved is said again.
    let again = t
        .flavor([
            "pack",
            "--manifest",
            "app",
            "--output",
            "slim.psp",
            "--slim",
        ])
        .success();
    assert!(again.stderr().contains(" modules, reused"), "{again}");
    assert!(again.stderr().contains("left out  tests: "), "{again}");
}

#[test]
fn a_module_that_would_no_longer_be_imported_stops_the_pack() {
    let t = wheelhouse::project();
    // As lazy loaders do: the stub is read when the module is imported.
    furnish(
        &t,
        "import pathlib\npathlib.Path(__file__).with_name('core.pyi').read_text()\n",
    );
    let before = t.pack_with(&["--manifest", "app", "--output", "app.psp"]);
    let bytes = std::fs::read(&before).expect("a package");
    let run = t
        .flavor([
            "pack",
            "--quiet",
            "--manifest",
            "app",
            "--output",
            "app.psp",
            "--slim=stubs,tests",
        ])
        .fails_with(1);
    let mut settings = filters();
    settings.add_filter(r"'/.*/lib/", "'[TREE]/lib/");
    settings.bind(|| snapshot!(run, @r#"
    exit: 1
    --- stderr
    error[FLV0430]: cannot pack `app/pyproject.toml`
      with tests, stubs left out, `ballast` can no longer be imported: FileNotFoundError: [Errno 2] No such file or directory: 'lib/python3.13/site-packages/ballast/core.pyi'
    hint: restore the files that it needs, as in `include = ["deps:**/ballast/**"]` under [tool.flavor.build], or leave less out
    "#));
    assert!(
        std::fs::read(&before).expect("a package") == bytes,
        "it was replaced all the same"
    );

    // As the hint says; what is brought back goes before what is left out.
    let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("the manifest");
    let include = "[tool.flavor.build]\nslim = [\"tests\", \"stubs\"]\ninclude = [\"deps:**/ballast/*.pyi\"]\n";
    t.file("app/pyproject.toml", manifest + include);
    let package = t.pack_with(&["--manifest", "app", "--output", "app.psp"]);
    let left = ballast(&t, &package);
    assert!(
        left.contains(&"ballast/core.pyi".into())
            && !left.iter().any(|path| path.contains("/tests/test_")),
        "{left:?}"
    );
}

#[test]
fn what_could_not_be_imported_before_need_not_be_now() {
    let t = wheelhouse::project();
    furnish(&t, "import a_module_that_is_nowhere\n");
    let run = t
        .flavor(["pack", "--manifest", "app", "--slim=tests"])
        .success();
    assert!(run.stderr().contains("left out  tests: "), "{run}");
}

#[test]
fn an_ignore_file_speaks_of_dependencies_too() {
    let t = wheelhouse::project();
    furnish(&t, "");
    t.file(
        "app/.flavorignore",
        "# Nobody runs these.\ndeps:**/tests/**\ndeps:*.c\ndeps:!**/test_all.py\n",
    );
    let package = t.pack_with(&["--manifest", "app"]);
    let left = ballast(&t, &package);
    assert!(
        !left.contains(&"ballast/_core.c".into()) && left.contains(&"ballast/core.pyi".into()),
        "{left:?}"
    );
    assert!(
        left.contains(&"ballast/tests/test_all.py".into()),
        "{left:?}"
    );
    assert!(
        !left.contains(&"ballast/tests/__init__.py".into()),
        "{left:?}"
    );
}

#[test]
fn an_unknown_kind_is_named() {
    let t = Test::new();
    snapshot!(t.flavor(["pack", "--slim=test"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: invalid value 'test' for '--slim[=<KINDS>]': `test` is not one of safe, all, tests, docs, stubs, sources, static, locales; did you mean `tests`?

    For more information, try '--help'.
    ");
    t.manifest("[project]\nname = \"x\"\nversion = \"1\"\nscripts = { x = \"x:main\" }\n[tool.flavor.build]\nslim = [\"test\"]\n");
    snapshot!(t.flavor(["pack"]), @"
    exit: 1
    --- stderr
    error[FLV0206]: cannot read the manifest
      pyproject.toml:6:9: `tool.flavor.build.slim[0]` must be one of tests, docs, stubs, sources, static, locales: test
    ");
}

#[test]
fn advice_is_worth_what_it_says() {
    let t = wheelhouse::project();
    furnish(&t, "");
    let whole = t.pack_with(&["--manifest", "app", "--output", "whole.psp"]);
    let json = t.flavor(["inspect", "--json", "whole.psp"]).silent().json();
    let advice = json["advice"].as_array().expect("advice");
    let tests = advice
        .iter()
        .find(|one| one["code"] == "FLA012")
        .expect("advice on tests");
    assert!(
        tests["remedy"]
            .as_str()
            .expect("text")
            .starts_with("add \"deps:**/tests/**\""),
        "{tests}"
    );
    let promised = tests["saving"].as_u64().expect("a number");
    let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("the manifest");
    t.file(
        "app/pyproject.toml",
        manifest + "[tool.flavor.build]\nexclude = [\"deps:**/tests/**\"]\n",
    );
    let slim = t.pack_with(&["--manifest", "app", "--output", "slim.psp"]);
    let deps = |package: &std::path::Path| {
        let json = t
            .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
            .silent()
            .json();
        json["slots"][1]["size"].as_u64().expect("a size")
    };
    let saved = deps(&whole) - deps(&slim);
    assert!(
        saved * 2 > promised && promised * 2 > saved,
        "promised {promised}, saved {saved}"
    );
}
