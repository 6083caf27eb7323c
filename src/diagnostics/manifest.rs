//! The manifest.

codes! {
    NO_MANIFEST = 201 {
        title: "there is no manifest",
        cause: "No `pyproject.toml` is where flavor looked, and no `setup.py` or `setup.cfg` that describes a project.",
        remedy: "Run in the directory that has one, pass `--manifest PATH`, or begin with `flavor init`.",
        example: r"error[FLV0201]: cannot read the manifest
  no manifest at `pyproject.toml`
hint: run in the directory that has a `pyproject.toml`, or name one with `--manifest`",
    }
    UNREADABLE_MANIFEST = 202 {
        title: "the manifest cannot be read",
        cause: "The file is there, but the system does not let it be read.",
        remedy: "Look at the cause that the system gives: most often permissions, or a directory of that name.",
        example: r"error[FLV0202]: cannot read the manifest
  cannot read manifest `a/pyproject.toml`
  Is a directory (os error 21)",
    }
    MANIFEST_NOT_UTF8 = 203 {
        title: "the manifest is not UTF-8",
        cause: "TOML has no other encoding.",
        remedy: "Save the file as UTF-8.",
        example: r"error[FLV0203]: cannot read the manifest
  pyproject.toml:2: the text is not UTF-8
hint: save the file as UTF-8, the only encoding of TOML",
    }
    MANIFEST_SYNTAX = 204 {
        title: "the manifest is not TOML",
        cause: "The text breaks the grammar of TOML at the place that is shown.",
        remedy: "Correct the line under the caret.",
        example: r#"error[FLV0204]: cannot read the manifest
  pyproject.toml:2:10: invalid basic string, expected `"`
    |
  2 | name = "x
    |          ^"#,
    }
    WRONG_TYPE = 205 {
        title: "a key has a value of the wrong type",
        cause: "A string is where an array belongs, a number where a string belongs, and so on.",
        remedy: "Write the value as the message says.",
        example: r"error[FLV0205]: cannot read the manifest
  pyproject.toml:3:11: `project.version` must be a string, not a number
hint: put the value in quotes",
    }
    BAD_VALUE = 206 {
        title: "a key has an invalid value",
        cause: "The type is right; the value is outside what the key takes.",
        remedy: "Write the value as the message says.",
        example: r"error[FLV0206]: cannot read the manifest
  pyproject.toml:5:12: `tool.flavor.build.compress` must be 0 to 9: 11",
    }
    UNKNOWN_WORD = 207 {
        title: "an unknown word",
        cause: "Operations, lifecycles, extras and groups are words from a list.",
        remedy: "Take the word that the hint proposes.",
        example: r"error[FLV0207]: cannot read the manifest
  pyproject.toml:9:22: `tool.flavor.slots.entries[0].operations[1]` names an unknown operation: zsdt
hint: did you mean `zstd`?",
    }
    MISSING_KEY = 208 {
        title: "a table lacks a key",
        cause: "The table means nothing without it.",
        remedy: "Add the key that the hint shows.",
        example: r#"error[FLV0208]: cannot read the manifest
  pyproject.toml:6:1: `tool.flavor.slots[0]` needs `source`
hint: add `source = "…"` to the table"#,
    }
    NO_PACKAGE_NAME = 209 {
        title: "the package has no name",
        cause: "Neither `project.name` nor `tool.flavor.package_name` is there.",
        remedy: "Add `name = \"…\"` to `[project]`.",
        example: r#"error[FLV0209]: cannot read the manifest
  pyproject.toml: neither `project.name` nor `tool.flavor.package_name` names the package
hint: add `name = "…"` to `[project]`"#,
    }
    NO_VERSION = 210 {
        title: "the package has no version",
        cause: "`project.version` is missing and `project.dynamic` does not list it.",
        remedy: "Add `version = \"0.1.0\"` to `[project]`, or list it in `dynamic` if the build back end computes it.",
        example: r#"error[FLV0210]: cannot read the manifest
  pyproject.toml: `project.version` is missing, and `project.dynamic` does not list it
hint: add `version = "0.1.0"` to `[project]`, or `dynamic = ["version"]` if the build back end computes it"#,
    }
    NOTHING_TO_RUN = 211 {
        title: "the package has no program to run",
        cause: "There is no script, no entry point and no command.",
        remedy: "Add a script to `[project.scripts]`, or `command` to `[tool.flavor.execution]`.",
        example: r#"error[FLV0211]: cannot read the manifest
  pyproject.toml: no program: neither an entry point nor a script is declared
hint: add a script, `[project.scripts]` with `app = "app.cli:main"`, or without Python `[tool.flavor.execution]` with `command = ["{workenv}/bin/app"]`"#,
    }
    BAD_NAME = 212 {
        title: "invalid characters in a name",
        cause: "Names become parts of paths: letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, \
            at most 128.",
        remedy: "Choose another name.",
        example: r"error[FLV0212]: cannot read the manifest
  pyproject.toml:5:16: `tool.flavor.package_name` is not a package name: ../evil
hint: use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128",
    }
    BAD_REQUIREMENT = 213 {
        title: "invalid requirement",
        cause: "The text is not a requirement as PEP 508 has them.",
        remedy: "Write it like `rich>=13,<15`.",
        example: r#"error[FLV0213]: cannot read the manifest
  pyproject.toml:4:17: `project.dependencies[0]` has an invalid requirement `rich=>1`: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
hint: write it like `rich>=13,<15`"#,
    }
    BAD_SPECIFIER = 214 {
        title: "invalid version specifier",
        cause: "The text is not a specifier as PEP 440 has them.",
        remedy: "Write it like `>=3.11,<4`.",
        example: r"error[FLV0214]: cannot read the manifest
  pyproject.toml:4:19: `project.requires-python` is not a version specifier `3.11+`: Unexpected end of version specifier, expected operator
hint: write it like `>=3.11` or `>=3.11,<4`",
    }
    BAD_VERSION = 215 {
        title: "invalid version",
        cause: "The text is not a version as PEP 440 has them.",
        remedy: "Write it like `1.2.0` or `1.2.0rc1`.",
        example: r"error[FLV0215]: cannot read the manifest
  pyproject.toml:5:11: `tool.flavor.version` is not a version: one
hint: write it like `1.2.0` or `1.2.0rc1`",
    }
    PYTHON_REFUSED = 216 {
        title: "conflicting Python versions",
        cause: "`tool.flavor.python.version` is outside `project.requires-python`.",
        remedy: "Change one of the two.",
        example: r"error[FLV0216]: cannot read the manifest
  pyproject.toml:6:11: `tool.flavor.python.version` asks for Python 3.11, but `project.requires-python` is >=3.12
hint: change one of the two",
    }
    BAD_ENTRY_POINT = 217 {
        title: "an entry point is not of the form `module:function`",
        cause: "The program is started by calling a function of a module.",
        remedy: "Write it like `hello.cli:main`.",
        example: r#"error[FLV0217]: cannot read the manifest
  pyproject.toml:5:15: `tool.flavor.entry_point` is not of the form `module:function`: hello.cli
hint: name a module and a function in it, such as `entry_point = "hello.cli:main"`"#,
    }
    GROUP_CYCLE = 218 {
        title: "dependency groups include each other",
        cause: "A group includes, by way of others, itself.",
        remedy: "Take one `include-group` out.",
        example: r"error[FLV0218]: cannot read the manifest
  pyproject.toml:6:24: `dependency-groups.b[0].include-group` includes itself: a > b > a
hint: remove one `include-group`",
    }
    NO_BZIP2 = 219 {
        title: "bzip2 is not supported",
        cause: "Packages are not built with it: no launcher of flavor reads it.",
        remedy: "Take `xz`, which is smaller, or `zstd`, which is faster.",
        example: r"error[FLV0219]: cannot read the manifest
  pyproject.toml:9:22: `tool.flavor.slots.entries[0].operations[1]` uses bzip2, which is not supported
hint: `xz` is smaller and `zstd` is faster; both are always available",
    }
    BAD_LEVEL = 220 {
        title: "an operation has no such level",
        cause: "Each codec has levels of its own.",
        remedy: "Take a level that the hint names.",
        example: r"error[FLV0220]: cannot read the manifest
  pyproject.toml:9:15: `tool.flavor.slots.entries[0].operations[0]` gives `zstd` the level `23`
hint: `zstd` takes 1 to 22",
    }
    TOO_MANY_OPERATIONS = 221 {
        title: "a slot has too many operations",
        cause: "The format has room for eight in a row.",
        remedy: "Take `tar` and one codec.",
        example: r"error[FLV0221]: cannot read the manifest
  pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` has 9 operations, more than 8",
    }
    TAR_NOT_FIRST = 222 {
        title: "`tar` is not the first operation",
        cause: "A tree becomes one file before anything else can be done with it.",
        remedy: "Write `[\"tar\", \"zstd\"]`.",
        example: r#"error[FLV0222]: cannot read the manifest
  pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` has `tar` after another operation
hint: `tar` comes first: `["tar", "zstd"]`"#,
    }
    RAW_NOT_ALONE = 223 {
        title: "`raw` is combined with another operation",
        cause: "`raw` says that the bytes are stored as they are.",
        remedy: "Leave it out, or leave it alone.",
        example: r"error[FLV0223]: cannot read the manifest
  pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` combines `raw` with another operation
hint: `raw` stores the bytes as they are; remove it or the other operations",
    }
    SPECIAL_PERMISSIONS = 224 {
        title: "set-uid, set-gid or sticky permissions",
        cause: "A package never grants more than read, write and execute.",
        remedy: "Write it like `0755`.",
        example: r"error[FLV0224]: cannot read the manifest
  pyproject.toml:9:15: `tool.flavor.slots.entries[0].permissions` sets more than read, write and execute: 4755
hint: set-uid, set-gid and sticky bits are not packaged",
    }
    TARGET_OUTSIDE = 225 {
        title: "a target is outside the work environment",
        cause: "What a package brings is below `{workenv}` and nowhere else.",
        remedy: "Write the target relative to it: `{workenv}/data`.",
        example: r"error[FLV0225]: cannot read the manifest
  pyproject.toml:13:10: `tool.flavor.slots.entries[0].target` is outside the work environment: ../../probe
hint: write it relative to the work environment: `{workenv}/data`",
    }
    TARGET_RESERVED = 226 {
        title: "a target is below `.flavor`",
        cause: "That directory of the work environment belongs to the launcher.",
        remedy: "Choose another target.",
        example: r"error[FLV0226]: cannot read the manifest
  pyproject.toml:9:10: `tool.flavor.slots.entries[0].target` is below `.flavor`, which is reserved: {workenv}/.flavor/key
hint: choose another name",
    }
    TARGET_PLACEHOLDER = 227 {
        title: "unknown placeholder in a target",
        cause: "Only `{workenv}` is expanded in targets.",
        remedy: "Write the path out.",
        example: r"error[FLV0227]: cannot read the manifest
  pyproject.toml:9:10: `tool.flavor.slots.entries[0].target` has the placeholder `{package_name}`, which is not expanded here
hint: only `{workenv}` is expanded in a target",
    }
    ID_AND_NAME = 228 {
        title: "a slot has both `id` and `name`, and they differ",
        cause: "The two mean the same.",
        remedy: "Keep one.",
        example: r"error[FLV0228]: cannot read the manifest
  pyproject.toml:9:6: `tool.flavor.slots.entries[0].id` gives the slot two names, `other` and `data`
hint: `id` and `name` mean the same; keep one",
    }
    RESERVED_SLOT = 229 {
        title: "the name of a slot is reserved",
        cause: "In a Python package `runtime`, `deps` and `app` are its own slots.",
        remedy: "Choose another name.",
        example: r"error[FLV0229]: cannot read the manifest
  pyproject.toml:7:8: `tool.flavor.slots[0].name` is reserved in a Python package: deps
hint: choose another name",
    }
    DUPLICATE_SLOT = 230 {
        title: "two slots have the same name",
        cause: "Slots are told apart by their names.",
        remedy: "Rename one.",
        example: r"error[FLV0230]: cannot read the manifest
  pyproject.toml:10:8: `tool.flavor.slots.entries[1].name` is the name of an earlier slot (line 6): data
hint: choose another name",
    }
    OPEN_QUOTE = 231 {
        title: "unterminated quote",
        cause: "A command that is written as one line is split into words as a shell would.",
        remedy: "Close the quote, or write the words as an array.",
        example: r#"error[FLV0231]: cannot read the manifest
  pyproject.toml:5:11: `tool.flavor.execution.command` has an unterminated quote: run 'it
hint: close it, or write the words as an array: ["…", "…"]"#,
    }
    BAD_PATTERN = 232 {
        title: "invalid pattern",
        cause: "`include` and `exclude` take patterns as in `.gitignore`.",
        remedy: "Correct the pattern that the message shows.",
        example: r"error[FLV0232]: cannot pack `pyproject.toml`
  `[z-a]` under `[tool.flavor.build]` is not a pattern as in .gitignore",
    }
    NO_BUILD_TIME = 233 {
        title: "the package expires but has no build time",
        cause: "`max_age_days` counts from the build, and builds have no time of their own so that they can be \
            reproduced.",
        remedy: "Set `SOURCE_DATE_EPOCH`, as in `SOURCE_DATE_EPOCH=$(date +%s) flavor pack`.",
        example: r"error[FLV0233]: cannot pack `pyproject.toml`
  `tool.flavor.policy.max_age_days` needs a build time to count from
hint: set SOURCE_DATE_EPOCH, as in SOURCE_DATE_EPOCH=$(date +%s) flavor pack",
    }
    UNKNOWN_INPUT = 234 {
        title: "the input cannot be packed",
        cause: "There is nothing at that place, or what is there is neither a project nor a script, a wheel or a \
            directory of modules.",
        remedy: "Correct the path. A script without the ending `.py` is known by its first line or by its `# /// script` block.",
        example: r"error[FLV0234]: `nowhere.py` does not exist
hint: name a project, a script, a wheel, an archive of sources, a directory of modules, or a requirement such as `NAME==VERSION`",
    }
    SECOND_BLOCK = 235 {
        title: "a script has two metadata blocks",
        cause: "PEP 723 allows one `# /// script` block in a file.",
        remedy: "Put everything into one block.",
        example: r"error[FLV0235]: cannot read the manifest
  two.py:5: a second `script` block; the first is in line 1
hint: put everything into one block",
    }
    OPEN_BLOCK = 236 {
        title: "the metadata block of a script has no end",
        cause: "After `# /// script` comes a line that is no comment, or the end, before a line `# ///`.",
        remedy: "End the block with `# ///`, and begin every line before that, empty ones too, with `#`.",
        example: r"error[FLV0236]: cannot read the manifest
  open.py:2: the `script` block that begins here has no end
hint: end it with a line `# ///`, and begin every line before that, empty ones too, with `#`",
    }
    BAD_FILE_NAME = 237 {
        title: "the name of a script cannot be used",
        cause: "The name is not text, has a control character in it, or is too long to be the beginning of another.",
        remedy: "Rename the file.",
        example: r"error[FLV0237]: the name of the script `two\u{a}lines.py` has a line end or another control character in it
hint: rename the file",
    }
    UNKNOWN_KEY = 240 {
        title: "unknown key",
        cause: "A warning: the key is misspelled, is in the wrong table, or belongs to another tool.",
        remedy: "Take the key that the hint proposes, or remove it.",
        example: r"warning[FLV0240]: pyproject.toml:16:14: `tool.flavor.executoin` is not a known key and has no effect
hint: did you mean `execution`?",
    }
    UNKNOWN_PURPOSE = 241 {
        title: "unknown purpose",
        cause: "A warning: the word is recorded as it is.",
        remedy: "Take the word that the hint proposes, if it was meant.",
        example: r"warning[FLV0241]: pyproject.toml:12:11: `tool.flavor.slots.entries[0].purpose` is not a known purpose: dta
hint: did you mean `data`?",
    }
    UNKNOWN_PLACEHOLDER = 242 {
        title: "unknown placeholder",
        cause: "A warning: `{workenv}` is replaced, in values of variables `{env:NAME}` and `{env:NAME:-DEFAULT}` as well, and nothing \
            else; the program would be given this as it is.",
        remedy: "Write one of these, if that is meant.",
        example: r"warning[FLV0242]: pyproject.toml:9:16: `tool.flavor.execution.env.HOME` has the unknown placeholder `{wrkenv}`
hint: did you mean `{workenv}`?",
    }
    ALREADY_SET_UP = 250 {
        title: "the project is set up already",
        cause: "`flavor init` found `[tool.flavor]` in the manifest and changes nothing that is there.",
        remedy: "Edit the table, or go on with `flavor pack`.",
        example: r"error[FLV0250]: `pyproject.toml` already has a `[tool.flavor]` table
hint: edit it, or run `flavor pack`",
    }
    NOTHING_TO_SET_UP = 251 {
        title: "there is no project to set up",
        cause: "`flavor init` found no `pyproject.toml`, and no `setup.py` or `setup.cfg` that describes a project.",
        remedy: "Run it where one is, or write a new one for a program that is not Python with `flavor init --command \
            PROGRAM`.",
        example: r"error[FLV0251]: there is no project in `.`
hint: run it where a `pyproject.toml` is (`uv init --package` makes one), or name a program that is not Python: `flavor init --command FILE`; a script needs none: `flavor pack FILE.py`",
    }
    NO_SUCH_EXTRA = 260 {
        title: "the project has no such extra",
        cause: "`--extra` or `extras` names one, and the metadata that the build back end gives the project do not have it.",
        remedy: "Take one of those that the hint lists.",
        example: r"error[FLV0260]: cannot pack `app/pyproject.toml`
  the project `computed` has no extra `tui`
hint: its extras are: all, loud",
    }
    UNKNOWN_SCRIPT = 271 {
        title: "no such script in the package",
        cause: "Neither the project nor a distribution that it depends on brings the script that `--script` or \
            `[tool.flavor.scripts]` names.",
        remedy: "Take a name that the hint proposes or lists.",
        example: r"error[FLV0271]: cannot pack `tools`
  `--script` is not a script in the package: oen
hint: did you mean `one`?",
    }
    WHICH_SCRIPT = 272 {
        title: "more than one script, or none",
        cause: "What a requirement names has several scripts, none of which is called like it, or none at all.",
        remedy: "Choose one with `--script`, or name a function with `--entry-point`.",
        example: r"error[FLV0272]: cannot pack `tools`
  `tools` has 2 scripts, and none of its own name
hint: choose one with `--script`: one, two",
    }
    LIKE_A_FILE = 273 {
        title: "the requirement resembles the name of a file",
        cause: "There is no such file, and what is here is called nearly so: to take a stranger's distribution from the \
            index instead would be wrong.",
        remedy: "Correct the name; a version makes it a requirement.",
        example: r"error[FLV0273]: `helo` does not exist, but `hello.py` does
hint: did you mean `hello.py`? A distribution from the index is named with a version: `helo==VERSION`",
    }
    BAD_INPUT_REQUIREMENT = 274 {
        title: "the input does not exist and is not a requirement",
        cause: "No file or directory has this name, and it does not parse as a requirement.",
        remedy: "Correct the path, or write the requirement like `NAME==VERSION`.",
        example: r#"error[FLV0274]: `rich=>13` does not exist and is not a valid requirement: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
hint: a requirement looks like `NAME==VERSION`, `NAME[EXTRA]>=VERSION` or `NAME @ URL`"#,
    }
}
