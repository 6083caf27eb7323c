//! What distributions require of each other, and of the interpreter, is in the package.

use crate::scene::{Run, Test};
use crate::wheelhouse;

/// A wheel with these lines in its metadata, and one module.
fn wheel(t: &Test, name: &str, version: &str, metadata: &[&str]) {
    let script = r"
import sys, zipfile
name, version, *lines = sys.argv[1:]
with zipfile.ZipFile(f'wheels/{name}-{version}-py3-none-any.whl', 'w') as out:
    out.writestr(f'{name.lower()}.py', 'WORD = 1\n')
    info = f'{name}-{version}.dist-info'
    head = f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'
    out.writestr(f'{info}/METADATA', head + ''.join(line + '\n' for line in lines))
    out.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
    out.writestr(f'{info}/RECORD', ''.join(f'{one.filename},,\n' for one in out.filelist))
";
    let mut arguments = vec!["-c", script, name, version];
    arguments.extend(metadata);
    t.call("python3", arguments).success();
}

/// A lock with these wheels and nothing that they require.
fn lock(t: &Test, wheels: &[(&str, &str)]) {
    let script = r"
import hashlib, sys
print('lock-version = \'1.0\'')
for name, version in zip(sys.argv[1::2], sys.argv[2::2]):
    file = f'{name}-{version}-py3-none-any.whl'
    digest = hashlib.sha256(open(f'wheels/{file}', 'rb').read()).hexdigest()
    print(f'[[packages]]\nname = \'{name}\'\nversion = \'{version}\'')
    print(f'wheels = [{{ name = \'{file}\', hashes = {{ sha256 = \'{digest}\' }} }}]')
";
    let mut arguments = vec!["-c", script];
    arguments.extend(wheels.iter().flat_map(|(name, version)| [*name, *version]));
    let text = t.call("python3", arguments).success().stdout().to_owned();
    t.file("app/pylock.toml", text);
}

/// What is said of a pack that goes well.
fn said(run: &Run) -> String {
    let lines = run.stderr().lines().filter(|line| {
        ["warning", "hint"]
            .iter()
            .any(|start| line.starts_with(start))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_required_and_not_inside_is_an_error_that_names_who_requires_it() {
    let t = wheelhouse::project();
    wheel(&t, "h11", "0.16", &[]);
    wheel(
        &t,
        "greeting",
        "2.1",
        &["Requires-Dist: H11 (>=0.13,<0.15)"],
    );
    lock(&t, &[("greeting", "2.1")]);
    snapshot!(t.flavor(["pack", "-q", "app"]).fails_with(1), @r#"
    exit: 1
    --- stderr
    error[FLV0365]: cannot pack `app/pyproject.toml`
      greeting 2.1 requires h11>=0.13,<0.15, which is not in the package
    hint: add `h11>=0.13,<0.15` to `dependencies` under [project]; if the program runs without, add `unmet = ["h11"]` to [tool.flavor.build]
    "#);
    // In another version than is asked for.
    lock(&t, &[("greeting", "2.1"), ("h11", "0.16")]);
    let run = t.flavor(["pack", "-q", "app"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("greeting 2.1 requires h11>=0.13,<0.15, but the package has h11 0.16\n"),
        "{run}"
    );
    // The same from the cache.
    assert_eq!(
        t.flavor(["pack", "-q", "app"]).fails_with(1).stderr(),
        run.stderr()
    );
    // Who knows better says so.
    t.file(
        "app/pyproject.toml",
        format!(
            "{}\n[tool.flavor.build]\nunmet = [\"H11\"]\n",
            wheelhouse::MANIFEST
        ),
    );
    assert_eq!(said(&t.flavor(["pack", "app"]).success()), "");
    // What the project has decided for all counts instead.
    for decided in [
        "[tool.uv]\noverride-dependencies = [\"h11==0.16\"]\n",
        "[tool.uv]\nexclude-dependencies = [\"h11\"]\n",
        "[tool.pdm.resolution.overrides]\nh11 = \"0.16\"\n",
    ] {
        t.file(
            "app/pyproject.toml",
            format!("{}\n{decided}", wheelhouse::MANIFEST),
        );
        assert_eq!(said(&t.flavor(["pack", "app"]).success()), "", "{decided}");
    }
    let other = "[tool.uv]\noverride-dependencies = [\"h11==0.17\"]\n";
    t.file(
        "app/pyproject.toml",
        format!("{}\n{other}", wheelhouse::MANIFEST),
    );
    t.flavor(["pack", "-q", "app"]).fails_with(1);
}

#[test]
fn the_projects_own_requirements_count_too() {
    let t = wheelhouse::project();
    wheel(&t, "other", "1.0", &[]);
    // The wheel asks for more than the manifest, which the lock fits.
    lock(&t, &[("other", "1.0")]);
    let bare = wheelhouse::MANIFEST.replace("dependencies = [\"greeting>=2\"]\n", "");
    t.file("app/pyproject.toml", &bare);
    let run = t.flavor(["pack", "-q", "app"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("offline 1.0 requires greeting>=2, which is not in the package"),
        "{run}"
    );
    // And so is that of a group, which no metadata has.
    lock(&t, &[("greeting", "2.0")]);
    let group =
        "[dependency-groups]\nops = [\"other>=1\"]\n[tool.flavor.build]\ngroups = [\"ops\"]\n";
    t.file(
        "app/pyproject.toml",
        format!("{}\n{group}", wheelhouse::MANIFEST),
    );
    let run = t.flavor(["pack", "-q", "app"]).fails_with(4);
    assert!(
        run.stderr()
            .contains("does not match the project: the requirement `other` is missing"),
        "{run}"
    );
}

#[test]
fn extras_ask_for_more_and_markers_for_less() {
    let t = wheelhouse::project();
    let metadata = [
        "Provides-Extra: fast",
        "Provides-Extra: all",
        "Requires-Dist: win ; sys_platform == 'win32'",
        "Requires-Dist: old ; python_version < '3.8'",
        "Requires-Dist: pypy ; platform_python_implementation != 'CPython'",
        "Requires-Dist: greeting[fast] ; extra == 'all'",
        "Requires-Dist: Speed.Up~=1.0 ; extra == 'fast'",
    ];
    wheel(&t, "greeting", "2.1", &metadata);
    wheel(
        &t,
        "speed_up",
        "1.2",
        &["Requires-Dist: more @ https://example.org/more.whl"],
    );
    wheel(&t, "more", "9", &[]);
    lock(&t, &[("greeting", "2.1")]);
    t.flavor(["pack", "-q", "app"]).silent();
    let backend = wheelhouse::BACKEND.replace("greeting>=2", "greeting[ALL]>=2");
    wheelhouse::wheel(&t, "tinybackend", "1.0", &[("tinybackend.py", &backend)]);
    let run = t.flavor(["pack", "-q", "app"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("greeting 2.1 requires speed-up~=1.0, which is not in the package"),
        "{run}"
    );
    lock(&t, &[("greeting", "2.1"), ("speed_up", "1.2")]);
    let run = t.flavor(["pack", "-q", "app"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("speed-up 1.2 requires more @ https://example.org/more.whl, which"),
        "{run}"
    );
    lock(
        &t,
        &[("greeting", "2.1"), ("speed_up", "1.2"), ("more", "9")],
    );
    t.flavor(["pack", "-q", "app"]).silent();
}

#[test]
fn several_are_listed() {
    let mut t = wheelhouse::project();
    wheel(
        &t,
        "greeting",
        "2.1",
        &[
            "Requires-Dist: a>1",
            "Requires-Dist: b",
            "Requires-Python: >=3.99",
        ],
    );
    t.set("PIP_IGNORE_REQUIRES_PYTHON", "1");
    lock(&t, &[("greeting", "2.1")]);
    let run = t.flavor(["pack", "-q", "app"]).fails_with(1);
    assert!(
        run.stderr().contains("3 requirements are not met:"),
        "{run}"
    );
    for line in [
        "greeting 2.1 requires Python >=3.99; the package has 3",
        "greeting 2.1 requires a>1, which",
        "greeting 2.1 requires b, which",
    ] {
        assert!(run.stderr().contains(line), "{line}: {run}");
    }
}

#[test]
fn what_cannot_be_read_is_a_warning() {
    let mut t = wheelhouse::project();
    let metadata = [
        "Requires-Dist: h11 (>=0.1.*)",
        "Requires-Dist: gone >=> 1 ; extra == 'x'",
        "Requires-Python: >=3.6,<3.7",
    ];
    wheel(&t, "greeting", "2.1", &metadata);
    wheel(&t, "h11", "0.16", &[]);
    lock(&t, &[("greeting", "2.1"), ("h11", "0.16")]);
    t.set("PIP_IGNORE_REQUIRES_PYTHON", "1");
    let python = crate::interpreter::Interpreter::System.executable();
    let python = python.to_str().expect("UTF-8");
    snapshot!(said(&t.flavor(["pack", "app", "--python", python]).success()), @r#"
    warning[FLV0366]: greeting 2.1 requires Python >=3.6,<3.7; the package has 3.11.2
    hint: if it works all the same, `unmet = ["greeting"]` under [tool.flavor.build] ends this warning; otherwise choose another Python with `--python`
    warning[FLV0367]: greeting 2.1 has an invalid requirement `h11 (>=0.1.*)`: Operator >= cannot be used with a wildcard version specifier
    hint: only the name was checked; a later version of the distribution may have corrected it
    "#);
    // Whatever is missing may be made by who sets the environment up.
    wheel(
        &t,
        "greeting",
        "2.1",
        &["Requires-Dist: gone", "Requires-Python: >=3.99"],
    );
    lock(&t, &[("greeting", "2.1")]);
    snapshot!(t.flavor(["pack", "-q", "app", "--python", python]).fails_with(1), @r#"
    exit: 1
    --- stderr
    error[FLV0366]: cannot pack `app/pyproject.toml`
      2 requirements are not met:
        greeting 2.1 requires Python >=3.99; the package has 3.11.2
        greeting 2.1 requires gone, which is not in the package
    hint: choose another Python with `--python`, or another version of it; if it works all the same, add `unmet = ["greeting"]` to [tool.flavor.build]
    "#);
    wheel(&t, "greeting", "2.1", &["Requires-Python: >=3.99"]);
    lock(&t, &[("greeting", "2.1")]);
    snapshot!(t.flavor(["pack", "-q", "app", "--python", python]).fails_with(1), @r#"
    exit: 1
    --- stderr
    error[FLV0366]: cannot pack `app/pyproject.toml`
      greeting 2.1 requires Python >=3.99; the package has 3.11.2
    hint: choose another Python with `--python`, or another version of it; if it works all the same, add `unmet = ["greeting"]` to [tool.flavor.build]
    "#);
    let hook = "[tool.flavor.hooks]\npost_extract = [\"true\"]\n";
    t.file(
        "app/pyproject.toml",
        format!("{}\n{hook}", wheelhouse::MANIFEST),
    );
    assert!(
        said(&t.flavor(["pack", "app", "--python", python]).success()).contains("warning[FLV0366]")
    );
}

#[test]
fn a_script_has_what_it_asks_for() {
    let t = wheelhouse::project();
    t.file(
        "run.py",
        "# /// script\n# dependencies = [\"greeting\"]\n# ///\nimport greeting, requests\nprint(greeting.WORD)\n",
    );
    snapshot!(said(&t.flavor(["pack", "run.py"]).success()), @"
    warning[FLV0445]: run.py:4 imports requests, which nothing in the package provides
    hint: add the distribution that provides it to `dependencies` in the script's `# /// script` block
    ");
    let run = t.flavor(["pack", "--json", "run.py"]).success();
    let warning = &run.json()["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["file"], &warning["line"]),
        (&"FLV0445".into(), &"run.py".into(), &4.into())
    );
}
