//! The messages for rejected manifests.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_wrong_chain_is_refused_with_a_remedy() {
    let chain = |text: &str| refused(&slot_text(&format!("operations = {text}")));
    assert_snapshot!(chain(r#"["tar", "zsdt"]"#), @"
    pyproject.toml:8:22: `tool.flavor.slots[0].operations[1]` names an unknown operation: zsdt
    hint: did you mean `zstd`?
    ");
    assert_snapshot!(chain(r#""tar.brotli""#), @"
    pyproject.toml:8:14: `tool.flavor.slots[0].operations` names an unknown operation: brotli
    hint: known: raw, tar, gzip, xz, zstd
    ");
    assert_snapshot!(chain(r#"["tar", "bzip2"]"#), @"
    pyproject.toml:8:22: `tool.flavor.slots[0].operations[1]` uses bzip2, which is not supported
    hint: `xz` is smaller and `zstd` is faster; both are always available
    ");
    assert_snapshot!(chain(r#"["tar", "zstd:23"]"#), @"
    pyproject.toml:8:22: `tool.flavor.slots[0].operations[1]` gives `zstd` the level `23`
    hint: `zstd` takes 1 to 22
    ");
    assert_snapshot!(chain(r#"["tar:1"]"#), @"
    pyproject.toml:8:15: `tool.flavor.slots[0].operations[0]` gives `tar` the level `1`
    hint: `tar` takes no level
    ");
    assert_snapshot!(chain(r#"["gzip", "tar"]"#), @r#"
    pyproject.toml:8:14: `tool.flavor.slots[0].operations` has `tar` after another operation
    hint: `tar` comes first: `["tar", "zstd"]`
    "#);
    assert_snapshot!(chain(r#"["tar", "tar"]"#), @r#"
    pyproject.toml:8:14: `tool.flavor.slots[0].operations` has `tar` after another operation
    hint: `tar` comes first: `["tar", "zstd"]`
    "#);
    assert_snapshot!(chain(r#"["raw", "gzip"]"#), @"
    pyproject.toml:8:14: `tool.flavor.slots[0].operations` combines `raw` with another operation
    hint: `raw` stores the bytes as they are; remove it or the other operations
    ");
    assert_snapshot!(chain(r#""xz|xz|xz|xz|xz|xz|xz|xz|xz""#), @"pyproject.toml:8:14: `tool.flavor.slots[0].operations` has 9 operations, more than 8");
    assert_snapshot!(chain("7"), @"pyproject.toml:8:14: `tool.flavor.slots[0].operations` must be an array of operations, not a number");
}

#[test]
fn no_target_leads_out_of_the_work_environment() {
    for text in [
        "../x",
        "a/../../x",
        "a/..",
        "/etc",
        "{workenv}//etc/../..",
        "{workenv}x",
        "C:/x",
        "a\\\\..\\\\b",
        "\\u001b",
    ] {
        let error = try_parse(&format!(
            "{PROJECT}{}",
            slot_text(&format!("target = \"{text}\""))
        ))
        .expect_err(text);
        assert!(
            matches!(error, Error::TargetOutside { .. }),
            "{text}: {error}"
        );
    }
    let target = |text: &str| refused(&slot_text(&format!("target = \"{text}\"")));
    assert_snapshot!(target("../../etc/passwd"), @"
    pyproject.toml:8:10: `tool.flavor.slots[0].target` is outside the work environment: ../../etc/passwd
    hint: write it relative to the work environment: `{workenv}/data`
    ");
    assert_snapshot!(target("{workenv}/.flavor/key"), @"
    pyproject.toml:8:10: `tool.flavor.slots[0].target` is below `.flavor`, which is reserved: {workenv}/.flavor/key
    hint: choose another name
    ");
    assert_snapshot!(target("{workenv}/{package_name}/f"), @"
    pyproject.toml:8:10: `tool.flavor.slots[0].target` has the placeholder `{package_name}`, which is not expanded here
    hint: only `{workenv}` is expanded in a target
    ");
}

#[test]
fn permissions_are_octal_and_plain() {
    for text in ["\"0755\"", "\"755\"", "\"0o755\"", "0o755"] {
        assert_eq!(
            slot(&format!("permissions = {text}")).permissions,
            Some(0o755),
            "{text}"
        );
    }
    let mode = |text: &str| refused(&slot_text(&format!("permissions = {text}")));
    assert_snapshot!(mode("\"4755\""), @"
    pyproject.toml:8:15: `tool.flavor.slots[0].permissions` sets more than read, write and execute: 4755
    hint: set-uid, set-gid and sticky bits are not packaged
    ");
    assert_snapshot!(mode("755"), @r#"pyproject.toml:8:15: `tool.flavor.slots[0].permissions` must be octal permissions such as "0755" or 0o755: 755"#);
    assert_snapshot!(mode("\"rwx\""), @r#"pyproject.toml:8:15: `tool.flavor.slots[0].permissions` must be octal permissions such as "0755" or 0o755: rwx"#);
    assert_snapshot!(mode("\"+755\""), @r#"pyproject.toml:8:15: `tool.flavor.slots[0].permissions` must be octal permissions such as "0755" or 0o755: +755"#);
}

#[test]
fn lifecycle_words_of_the_format_are_known() {
    assert_eq!(slot("lifecycle = \"lazy\"").lifecycle, Lifecycle::Lazy);
    assert_eq!(
        slot("lifecycle = \"Volatile\"").lifecycle,
        Lifecycle::Temporary
    );
    for (word, lifecycle) in [
        "init", "startup", "runtime", "shutdown", "cache", "dev", "config", "platform", "eager",
    ]
    .map(|word| (word, slot(&format!("lifecycle = \"{word}\"")).lifecycle))
    {
        assert_eq!(lifecycle.as_str(), word);
    }
    assert_snapshot!(refused(&slot_text("lifecycle = \"temprary\"")), @"
    pyproject.toml:8:13: `tool.flavor.slots[0].lifecycle` names an unknown lifecycle: temprary
    hint: did you mean `temporary`?
    ");
}

#[test]
fn slot_names_are_unique_plain_and_not_taken() {
    let names = |names: &[&str]| {
        let slots = names
            .iter()
            .map(|name| format!("[[tool.flavor.slots]]\nname = \"{name}\"\nsource = \"s\"\n"));
        slots.collect::<String>()
    };
    assert_snapshot!(refused(&names(&["a", "b", "a"])), @"
    pyproject.toml:12:8: `tool.flavor.slots[2].name` is the name of an earlier slot (line 5): a
    hint: choose another name
    ");
    assert_snapshot!(refused(&names(&["_attestation"])), @"
    pyproject.toml:6:8: `tool.flavor.slots[0].name` is not a slot name: _attestation
    hint: use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128
    ");
    assert_snapshot!(refused(&names(&["a/b"])), @"
    pyproject.toml:6:8: `tool.flavor.slots[0].name` is not a slot name: a/b
    hint: use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128
    ");
    assert_snapshot!(refused(&names(&["deps"])), @"
    pyproject.toml:6:8: `tool.flavor.slots[0].name` is reserved in a Python package: deps
    hint: choose another name
    ");
    assert_eq!(
        accept(&format!("{TOOL}{}", names(&["app"]))).slots[0].name,
        "app"
    );
    assert_snapshot!(refused(&slot_text("id = \"other\"")), @"
    pyproject.toml:8:6: `tool.flavor.slots[0].id` gives the slot two names, `other` and `data`
    hint: `id` and `name` mean the same; keep one
    ");
    assert_snapshot!(refused("[[tool.flavor.slots]]\nsource = \"s\"\n"), @r#"
    pyproject.toml:5:1: `tool.flavor.slots[0]` needs `name`
    hint: add `name = "…"` to the table
    "#);
    assert_snapshot!(refused("[[tool.flavor.slots]]\nname = \"s\"\n"), @r#"
    pyproject.toml:5:1: `tool.flavor.slots[0]` needs `source`
    hint: add `source = "…"` to the table
    "#);
}

#[test]
fn broken_toml_is_shown_with_a_caret() {
    assert_snapshot!(refusal("[project]\nname = \"hello\nversion = \"1\"\n"), @r#"
    pyproject.toml:2:14: invalid basic string, expected `"`
      |
    2 | name = "hello
      |              ^
    "#);
    assert_snapshot!(refusal("[project]\r\n\tname = = 1\r\n"), @"
    pyproject.toml:2:9: extra `=`, expected nothing
      |
    2 |  name = = 1
      |         ^
    ");
    assert_snapshot!(refusal("[project]\nname = \"a\"\nname = \"b\"\n"), @r#"
    pyproject.toml:3:1: duplicate key
      |
    3 | name = "b"
      | ^
    "#);
    assert_snapshot!(refusal("[project"), @"
    pyproject.toml:1:9: unclosed table, expected `]`
      |
    1 | [project
      |         ^
    ");
}

#[test]
fn what_is_missing_is_named_with_the_line_to_add() {
    assert_snapshot!(refusal(""), @r#"
    pyproject.toml: neither `project.name` nor `tool.flavor.package_name` names the package
    hint: add `name = "…"` to `[project]`
    "#);
    assert_snapshot!(refusal("[project]\nname = \"a\"\n"), @r#"
    pyproject.toml: `project.version` is missing, and `project.dynamic` does not list it
    hint: add `version = "0.1.0"` to `[project]`, or `dynamic = ["version"]` if the build back end computes it
    "#);
    assert_snapshot!(refusal("[project]\nname = \"my-app\"\nversion = \"1\"\n"), @r#"
    pyproject.toml: no program: neither an entry point nor a script is declared
    hint: add a script, `[project.scripts]` with `my-app = "my_app.cli:main"`, or without Python `[tool.flavor.execution]` with `command = ["{workenv}/bin/my-app"]`
    "#);
    let no_command = format!("{PROJECT}[tool.flavor.python]\nenabled = false\n");
    assert!(matches!(
        try_parse(&no_command),
        Err(Error::NothingToRun { .. })
    ));
    assert_eq!(
        accept("[tool.flavor]\nname = \"x\"\nversion = \"1\"\nexecution.command = \"y\"")
            .project
            .name,
        "x"
    );
}

#[test]
fn bad_project_values_are_refused_where_they_stand() {
    assert_snapshot!(refused("dependencies = [\"click\", \"rich=>1\"]"), @r#"
    pyproject.toml:5:26: `project.dependencies[1]` has an invalid requirement `rich=>1`: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
    hint: write it like `rich>=13,<15`
    "#);
    assert_snapshot!(refused("optional-dependencies = { web = [\"flask ==\"] }"), @"
    pyproject.toml:5:34: `project.optional-dependencies.web[0]` has an invalid requirement `flask ==`: Unexpected end of version specifier, expected version
    hint: write it like `rich>=13,<15`
    ");
    assert_snapshot!(refused("requires-python = \"3.11+\""), @"
    pyproject.toml:5:19: `project.requires-python` is not a version specifier `3.11+`: Unexpected end of version specifier, expected operator
    hint: write it like `>=3.11` or `>=3.11,<4`
    ");
    assert_snapshot!(refused("requires-python = \">=3.11, é3\""), @"
    pyproject.toml:5:19: `project.requires-python` is not a version specifier `>=3.11, é3`: `é` is not an ASCII character
    hint: write it like `>=3.11` or `>=3.11,<4`
    ");
    assert_snapshot!(refused("dependencies = [\"rich; python_version > '3'é\"]"), @"
    pyproject.toml:5:17: `project.dependencies[0]` has an invalid requirement `rich; python_version > '3'é`: `é` is not an ASCII character
    hint: write it like `rich>=13,<15`
    ");
    assert_snapshot!(refused("dependencies = [\"click->=8\"]"), @"
    pyproject.toml:5:17: `project.dependencies[0]` has an invalid requirement `click->=8`: the name `click-` does not end in a letter or a digit
    hint: write it like `rich>=13,<15`
    ");
    assert_snapshot!(refused("dependencies = [\"click [ a , b-] >=8\"]"), @"
    pyproject.toml:5:17: `project.dependencies[0]` has an invalid requirement `click [ a , b-] >=8`: the name `b-` does not end in a letter or a digit
    hint: write it like `rich>=13,<15`
    ");
    assert_snapshot!(refused("dependencies = [\"-e .\"]"), @"
    pyproject.toml:5:17: `project.dependencies[0]` has an invalid requirement `-e .`: Expected package name starting with an alphanumeric character, found `-`
    hint: write it like `rich>=13,<15`
    ");
    assert_snapshot!(refused("[tool.flavor.build]\ndependencies = [\"tomli w\"]"), @"
    pyproject.toml:6:17: `tool.flavor.build.dependencies[0]` has an invalid requirement `tomli w`: Expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `w`
    hint: write it like `rich>=13,<15`
    ");
    assert_snapshot!(refused("[tool.flavor]\npackage_name = \"../evil\""), @"
    pyproject.toml:6:16: `tool.flavor.package_name` is not a package name: ../evil
    hint: use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128
    ");
    assert_snapshot!(refused("[tool.flavor]\nversion = \"one\""), @"
    pyproject.toml:6:11: `tool.flavor.version` is not a version: one
    hint: write it like `1.2.0` or `1.2.0rc1`
    ");
    assert_snapshot!(refused("[tool.flavor]\nentry_point = \"hello.cli\""), @r#"
    pyproject.toml:6:15: `tool.flavor.entry_point` is not of the form `module:function`: hello.cli
    hint: name a module and a function in it, such as `entry_point = "hello.cli:main"`
    "#);
    assert_snapshot!(refused("gui-scripts = { \"../x\" = \"a:b\" }"), @r#"
    pyproject.toml:5:26: `project.gui-scripts."../x"` is not a script name: ../x
    hint: use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128
    "#);
    assert_snapshot!(refused("[dependency-groups]\na = [{ include-group = \"b\" }]\nb = [{ include-group = \"a\" }]"), @"
    pyproject.toml:7:24: `dependency-groups.b[0].include-group` includes itself: a > b > a
    hint: remove one `include-group`
    ");
    assert_snapshot!(refused("[dependency-groups]\ndocs = []\na = [{ include-group = \"dcos\" }]"), @"
    pyproject.toml:7:24: `dependency-groups.a[0].include-group` names an unknown dependency group: dcos
    hint: did you mean `docs`?
    ");
}

#[test]
fn bad_settings_are_refused_where_they_stand() {
    assert_snapshot!(refused("[tool.flavor.build]\ncompress = 11"), @"pyproject.toml:6:12: `tool.flavor.build.compress` must be 0 to 9: 11");
    assert_snapshot!(refused("[tool.flavor.build]\ncompress = -1"), @"pyproject.toml:6:12: `tool.flavor.build.compress` must be a whole number that is not negative: -1");
    assert_snapshot!(refused("[tool.flavor.build]\nstrip = \"yes\""), @"pyproject.toml:6:9: `tool.flavor.build.strip` must be `true` or `false`, not a string");
    assert_snapshot!(refused("[tool.flavor.build]\nexclude = \"tests/\""), @r#"
    pyproject.toml:6:11: `tool.flavor.build.exclude` must be an array of strings, not a string
    hint: put the value in brackets: ["…"]
    "#);
    assert_snapshot!(refused("optional-dependencies = { web = [] }\n[tool.flavor.build]\nextras = [\"wbe\"]"), @"
    pyproject.toml:7:11: `tool.flavor.build.extras[0]` names an unknown extra: wbe
    hint: did you mean `web`?
    ");
    assert_snapshot!(refused("[tool.flavor.build]\ngroups = [\"dev\"]"), @"
    pyproject.toml:6:11: `tool.flavor.build.groups[0]` names an unknown dependency group: dev
    hint: the file defines no dependency group
    ");
    assert_snapshot!(refused("[tool.flavor.python]\nversion = 3.12"), @"
    pyproject.toml:6:11: `tool.flavor.python.version` must be a string, not a number
    hint: put the value in quotes
    ");
    assert_snapshot!(refused("[tool.flavor.python]\nversion = \"three\""), @r#"pyproject.toml:6:11: `tool.flavor.python.version` must be a Python version such as "3.12": three"#);
    assert_snapshot!(refused("requires-python = \">=3.12\"\n[tool.flavor.python]\nversion = \"3.11\""), @"
    pyproject.toml:7:11: `tool.flavor.python.version` asks for Python 3.11, but `project.requires-python` is >=3.12
    hint: change one of the two
    ");
    assert_snapshot!(refused("[tool.flavor.execution]\ncommand = \"run 'it\""), @r#"
    pyproject.toml:6:11: `tool.flavor.execution.command` has an unterminated quote: run 'it
    hint: close it, or write the words as an array: ["…", "…"]
    "#);
    assert_snapshot!(refused("[tool.flavor.execution]\ncommand = []"), @"pyproject.toml:6:11: `tool.flavor.execution.command` must be a program and its arguments: nothing");
    assert_snapshot!(refused("[tool.flavor.execution.runtime.env]\nset = { \"A=B\" = \"1\" }"), @r#"pyproject.toml:6:17: `tool.flavor.execution.runtime.env.set."A=B"` must be the name of an environment variable: "A=B""#);
    assert_snapshot!(refused("[tool.flavor.budget]\ntotal = \"60 parsecs\""), @r#"pyproject.toml:6:9: `tool.flavor.budget.total` must be a size such as "60MB" or "512KiB": 60 parsecs"#);
    assert_snapshot!(refused("[tool.flavor.metadata]\nx = nan"), @"pyproject.toml:6:5: `tool.flavor.metadata.x` must be a finite number: nan");
}

#[test]
fn unknown_keys_warn_in_the_order_of_the_file() {
    assert_snapshot!(warned(
        "[tool.flavor]\nentry_pont = \"a:b\"\nzzz = 1\n[tool.flavor.execution.runtime.env]\nunste = []\n\
         [[tool.flavor.slots]]\nname = \"d\"\nsource = \"d\"\ntraget = \"x\"\npurpose = \"dta\"\n"
    ), @"
    pyproject.toml:6:1: `tool.flavor.entry_pont` is not a known key and has no effect
    hint: did you mean `entry_point`?
    pyproject.toml:7:1: `tool.flavor.zzz` is not a known key and has no effect
    pyproject.toml:9:1: `tool.flavor.execution.runtime.env.unste` is not a known key and has no effect
    hint: did you mean `unset`?
    pyproject.toml:13:1: `tool.flavor.slots[0].traget` is not a known key and has no effect
    hint: did you mean `target`?
    pyproject.toml:14:11: `tool.flavor.slots[0].purpose` is not a known purpose: dta
    hint: did you mean `data`?
    ");
}

#[test]
fn a_misspelt_tool_table_warns() {
    assert_snapshot!(warned("[tool.flavour]\nentry_point = \"a:b\"\n"), @"
    pyproject.toml:5:7: `tool.flavour` is not a known key and has no effect
    hint: did you mean `flavor`?
    ");
}
