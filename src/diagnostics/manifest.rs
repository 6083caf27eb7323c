//! The manifest.

codes! {
    NO_MANIFEST = 201 {
        title: "no manifest found",
        cause: "The directory has no `pyproject.toml`, and no `setup.py` or `setup.cfg` that describes a project.",
        remedy: "Run flavor in the project directory, pass `--manifest PATH`, or create a manifest with `flavor init`.",
        example: r"error[FLV0201]: cannot read the manifest
  no manifest at `pyproject.toml`
hint: run in the directory that has a `pyproject.toml`, or name one with `--manifest`",
    }
    UNREADABLE_MANIFEST = 202 {
        title: "the manifest cannot be read",
        cause: "The file exists, but the operating system reported an error when reading it.",
        remedy: "Check the cause that the system reports. The usual ones are missing permissions and a directory of \
            that name.",
        example: r"error[FLV0202]: cannot read the manifest
  cannot read manifest `a/pyproject.toml`
  Is a directory (os error 21)",
    }
    MANIFEST_NOT_UTF8 = 203 {
        title: "the manifest is not UTF-8",
        cause: "TOML files must be encoded in UTF-8.",
        remedy: "Save the file as UTF-8.",
        example: r"error[FLV0203]: cannot read the manifest
  pyproject.toml:2: the text is not UTF-8
hint: save the file as UTF-8, the only encoding of TOML",
    }
    MANIFEST_SYNTAX = 204 {
        title: "the manifest is not valid TOML",
        cause: "The file has a syntax error at the position that the message shows.",
        remedy: "Correct the line above the caret.",
        example: r#"error[FLV0204]: cannot read the manifest
  pyproject.toml:2:10: invalid basic string, expected `"`
    |
  2 | name = "x
    |          ^"#,
    }
    WRONG_TYPE = 205 {
        title: "a key has a value of the wrong type",
        cause: "For example, a string where an array is expected, or a number where a string is expected.",
        remedy: "Change the value to the type that the message names.",
        example: r"error[FLV0205]: cannot read the manifest
  pyproject.toml:3:11: `project.version` must be a string, not a number
hint: put the value in quotes",
    }
    BAD_VALUE = 206 {
        title: "a key has an invalid value",
        cause: "The type is correct, but the value is not one that the key accepts.",
        remedy: "Use a value that the message describes.",
        example: r"error[FLV0206]: cannot read the manifest
  pyproject.toml:5:12: `tool.flavor.build.compress` must be 0 to 9: 11",
    }
    UNKNOWN_WORD = 207 {
        title: "unknown value",
        cause: "Operations, lifecycles, extras and groups must be one of a fixed set of names.",
        remedy: "Use the name that the hint suggests.",
        example: r"error[FLV0207]: cannot read the manifest
  pyproject.toml:9:22: `tool.flavor.slots.entries[0].operations[1]` names an unknown operation: zsdt
hint: did you mean `zstd`?",
    }
    MISSING_KEY = 208 {
        title: "a required key is missing",
        cause: "The table requires a key that it does not have.",
        remedy: "Add the key that the hint shows.",
        example: r#"error[FLV0208]: cannot read the manifest
  pyproject.toml:6:1: `tool.flavor.slots[0]` needs `source`
hint: add `source = "…"` to the table"#,
    }
    NO_PACKAGE_NAME = 209 {
        title: "the package has no name",
        cause: "Neither `project.name` nor `tool.flavor.package_name` is set.",
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
        cause: "The manifest has no script, entry point or command.",
        remedy: "Add a script to `[project.scripts]`, or `command` to `[tool.flavor.execution]`.",
        example: r#"error[FLV0211]: cannot read the manifest
  pyproject.toml: no program: neither an entry point nor a script is declared
hint: add a script, `[project.scripts]` with `app = "app.cli:main"`, or without Python `[tool.flavor.execution]` with `command = ["{workenv}/bin/app"]`"#,
    }
    BAD_NAME = 212 {
        title: "a name is not valid",
        cause: "Names are used in paths. They consist of letters, digits, `.`, `-` and `_`, begin with a letter or a \
            digit, and have at most 128 characters.",
        remedy: "Choose another name.",
        example: r"error[FLV0212]: cannot read the manifest
  pyproject.toml:5:16: `tool.flavor.package_name` is not a package name: ../evil
hint: use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128",
    }
    BAD_REQUIREMENT = 213 {
        title: "invalid requirement",
        cause: "The text is not a requirement as defined by PEP 508.",
        remedy: "Use a form such as `rich>=13,<15`.",
        example: r#"error[FLV0213]: cannot read the manifest
  pyproject.toml:4:17: `project.dependencies[0]` has an invalid requirement `rich=>1`: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
hint: write it like `rich>=13,<15`"#,
    }
    BAD_SPECIFIER = 214 {
        title: "invalid version specifier",
        cause: "The text is not a version specifier as defined by PEP 440.",
        remedy: "Use a form such as `>=3.11,<4`.",
        example: r"error[FLV0214]: cannot read the manifest
  pyproject.toml:4:19: `project.requires-python` is not a version specifier `3.11+`: Unexpected end of version specifier, expected operator
hint: write it like `>=3.11` or `>=3.11,<4`",
    }
    BAD_VERSION = 215 {
        title: "invalid version",
        cause: "The text is not a version as defined by PEP 440.",
        remedy: "Use a form such as `1.2.0` or `1.2.0rc1`.",
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
        title: "an entry point does not have the form `module:function`",
        cause: "The program starts by calling a function of a module, so both must be named.",
        remedy: "Use a form such as `hello.cli:main`.",
        example: r#"error[FLV0217]: cannot read the manifest
  pyproject.toml:5:15: `tool.flavor.entry_point` is not of the form `module:function`: hello.cli
hint: name a module and a function in it, such as `entry_point = "hello.cli:main"`"#,
    }
    GROUP_CYCLE = 218 {
        title: "dependency groups include each other in a cycle",
        cause: "A group includes itself, directly or through other groups.",
        remedy: "Remove one `include-group`.",
        example: r"error[FLV0218]: cannot read the manifest
  pyproject.toml:6:24: `dependency-groups.b[0].include-group` includes itself: a > b > a
hint: remove one `include-group`",
    }
    NO_BZIP2 = 219 {
        title: "bzip2 is not supported",
        cause: "flavor does not build packages with bzip2, because its launcher cannot decode it.",
        remedy: "Use `xz`, which is smaller, or `zstd`, which is faster.",
        example: r"error[FLV0219]: cannot read the manifest
  pyproject.toml:9:22: `tool.flavor.slots.entries[0].operations[1]` uses bzip2, which is not supported
hint: `xz` is smaller and `zstd` is faster; both are always available",
    }
    BAD_LEVEL = 220 {
        title: "an operation has an invalid compression level",
        cause: "Each codec has its own range of levels.",
        remedy: "Use a level in the range that the hint shows.",
        example: r"error[FLV0220]: cannot read the manifest
  pyproject.toml:9:15: `tool.flavor.slots.entries[0].operations[0]` gives `zstd` the level `23`
hint: `zstd` takes 1 to 22",
    }
    TOO_MANY_OPERATIONS = 221 {
        title: "a slot has too many operations",
        cause: "The format allows at most eight operations per slot.",
        remedy: "Use `tar` and one codec.",
        example: r"error[FLV0221]: cannot read the manifest
  pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` has 9 operations, more than 8",
    }
    TAR_NOT_FIRST = 222 {
        title: "`tar` is not the first operation",
        cause: "`tar` turns a directory into a single stream, which the other operations then encode. It has to come first.",
        remedy: "Change the order: `[\"tar\", \"zstd\"]`.",
        example: r#"error[FLV0222]: cannot read the manifest
  pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` has `tar` after another operation
hint: `tar` comes first: `["tar", "zstd"]`"#,
    }
    RAW_NOT_ALONE = 223 {
        title: "`raw` is combined with another operation",
        cause: "`raw` stores the bytes unchanged, so it cannot be combined with other operations.",
        remedy: "Remove `raw`, or the other operations.",
        example: r"error[FLV0223]: cannot read the manifest
  pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` combines `raw` with another operation
hint: `raw` stores the bytes as they are; remove it or the other operations",
    }
    SPECIAL_PERMISSIONS = 224 {
        title: "set-uid, set-gid or sticky permissions",
        cause: "Packages support read, write and execute permissions only.",
        remedy: "Use a mode such as `0755`.",
        example: r"error[FLV0224]: cannot read the manifest
  pyproject.toml:9:15: `tool.flavor.slots.entries[0].permissions` sets more than read, write and execute: 4755
hint: set-uid, set-gid and sticky bits are not packaged",
    }
    TARGET_OUTSIDE = 225 {
        title: "a target is outside the work environment",
        cause: "Slots can only be extracted below `{workenv}`.",
        remedy: "Use a target in the work environment: `{workenv}/data`.",
        example: r"error[FLV0225]: cannot read the manifest
  pyproject.toml:13:10: `tool.flavor.slots.entries[0].target` is outside the work environment: ../../probe
hint: write it relative to the work environment: `{workenv}/data`",
    }
    TARGET_RESERVED = 226 {
        title: "a target is below `.flavor`",
        cause: "The launcher keeps its own files in the `.flavor` directory of the work environment.",
        remedy: "Choose another target.",
        example: r"error[FLV0226]: cannot read the manifest
  pyproject.toml:9:10: `tool.flavor.slots.entries[0].target` is below `.flavor`, which is reserved: {workenv}/.flavor/key
hint: choose another name",
    }
    TARGET_PLACEHOLDER = 227 {
        title: "unknown placeholder in a target",
        cause: "`{workenv}` is the only placeholder that is expanded in a target.",
        remedy: "Replace the placeholder with the path.",
        example: r"error[FLV0227]: cannot read the manifest
  pyproject.toml:9:10: `tool.flavor.slots.entries[0].target` has the placeholder `{package_name}`, which is not expanded here
hint: only `{workenv}` is expanded in a target",
    }
    ID_AND_NAME = 228 {
        title: "a slot has an `id` and a `name` that differ",
        cause: "`id` and `name` are two spellings of the same key.",
        remedy: "Remove one of them.",
        example: r"error[FLV0228]: cannot read the manifest
  pyproject.toml:9:6: `tool.flavor.slots.entries[0].id` gives the slot two names, `other` and `data`
hint: `id` and `name` mean the same; keep one",
    }
    RESERVED_SLOT = 229 {
        title: "a slot name is reserved",
        cause: "A Python package creates the slots `runtime`, `deps` and `app` itself.",
        remedy: "Choose another name.",
        example: r"error[FLV0229]: cannot read the manifest
  pyproject.toml:7:8: `tool.flavor.slots[0].name` is reserved in a Python package: deps
hint: choose another name",
    }
    DUPLICATE_SLOT = 230 {
        title: "two slots have the same name",
        cause: "Slot names must be unique.",
        remedy: "Rename one of the slots.",
        example: r"error[FLV0230]: cannot read the manifest
  pyproject.toml:10:8: `tool.flavor.slots.entries[1].name` is the name of an earlier slot (line 6): data
hint: choose another name",
    }
    OPEN_QUOTE = 231 {
        title: "unterminated quote",
        cause: "A command given as a string is split into words like a shell command line, and a quote in it is not closed.",
        remedy: "Close the quote, or write the command as an array.",
        example: r#"error[FLV0231]: cannot read the manifest
  pyproject.toml:5:11: `tool.flavor.execution.command` has an unterminated quote: run 'it
hint: close it, or write the words as an array: ["…", "…"]"#,
    }
    BAD_PATTERN = 232 {
        title: "invalid pattern",
        cause: "`include` and `exclude` take patterns in the syntax of `.gitignore`.",
        remedy: "Correct the pattern that the message shows.",
        example: r"error[FLV0232]: cannot pack `pyproject.toml`
  `[z-a]` under `[tool.flavor.build]` is not a pattern as in .gitignore",
    }
    NO_BUILD_TIME = 233 {
        title: "`max_age_days` requires a build time",
        cause: "`max_age_days` counts from the build time, and reproducible builds do not record one by default.",
        remedy: "Set `SOURCE_DATE_EPOCH`, as in `SOURCE_DATE_EPOCH=$(date +%s) flavor pack`.",
        example: r"error[FLV0233]: cannot pack `pyproject.toml`
  `tool.flavor.policy.max_age_days` needs a build time to count from
hint: set SOURCE_DATE_EPOCH, as in SOURCE_DATE_EPOCH=$(date +%s) flavor pack",
    }
    UNKNOWN_INPUT = 234 {
        title: "the input cannot be packed",
        cause: "The path does not exist, or is not a project, script, wheel or module directory.",
        remedy: "Correct the path. A script without the extension `.py` is recognized by its first line or by its `# \
            /// script` block.",
        example: r"error[FLV0234]: `nowhere.py` does not exist
hint: name a project, a script, a wheel, an archive of sources, a directory of modules, or a requirement such as `NAME==VERSION`",
    }
    SECOND_BLOCK = 235 {
        title: "a script has two metadata blocks",
        cause: "PEP 723 allows a single `# /// script` block per file.",
        remedy: "Merge the two blocks.",
        example: r"error[FLV0235]: cannot read the manifest
  two.py:5: a second `script` block; the first is in line 1
hint: put everything into one block",
    }
    OPEN_BLOCK = 236 {
        title: "a script's metadata block is not closed",
        cause: "A line that is not a comment, or the end of the file, follows `# /// script` before a closing `# ///`.",
        remedy: "End the block with `# ///`, and begin every line in it with `#`, including empty ones.",
        example: r"error[FLV0236]: cannot read the manifest
  open.py:2: the `script` block that begins here has no end
hint: end it with a line `# ///`, and begin every line before that, empty ones too, with `#`",
    }
    BAD_FILE_NAME = 237 {
        title: "a script's file name cannot be used",
        cause: "The name is not valid UTF-8, contains a control character, or is too long to derive other file names \
            from it.",
        remedy: "Rename the file.",
        example: r"error[FLV0237]: the name of the script `two\u{a}lines.py` has a line end or another control character in it
hint: rename the file",
    }
    UNKNOWN_KEY = 240 {
        title: "unknown key",
        cause: "A warning: the key is misspelled, is in the wrong table, or belongs to another tool.",
        remedy: "Use the key that the hint suggests, or remove it.",
        example: r"warning[FLV0240]: pyproject.toml:16:14: `tool.flavor.executoin` is not a known key and has no effect
hint: did you mean `execution`?",
    }
    UNKNOWN_PURPOSE = 241 {
        title: "unknown purpose",
        cause: "A warning: the purpose is not a known one. It is recorded unchanged.",
        remedy: "Use the purpose that the hint suggests, if that is what was intended.",
        example: r"warning[FLV0241]: pyproject.toml:12:11: `tool.flavor.slots.entries[0].purpose` is not a known purpose: dta
hint: did you mean `data`?",
    }
    UNKNOWN_PLACEHOLDER = 242 {
        title: "unknown placeholder",
        cause: "A warning: `{workenv}` is expanded, and in the values of variables also `{env:NAME}` and \
            `{env:NAME:-DEFAULT}`. Any other placeholder is passed to the program unchanged.",
        remedy: "Use one of these, if that is what was intended.",
        example: r"warning[FLV0242]: pyproject.toml:9:16: `tool.flavor.execution.env.HOME` has the unknown placeholder `{wrkenv}`
hint: did you mean `{workenv}`?",
    }
    ALREADY_SET_UP = 250 {
        title: "the project already has a `[tool.flavor]` table",
        cause: "`flavor init` found `[tool.flavor]` in the manifest and does not change an existing table.",
        remedy: "Edit the table, or run `flavor pack`.",
        example: r"error[FLV0250]: `pyproject.toml` already has a `[tool.flavor]` table
hint: edit it, or run `flavor pack`",
    }
    NOTHING_TO_SET_UP = 251 {
        title: "no project found",
        cause: "`flavor init` found no `pyproject.toml`, and no `setup.py` or `setup.cfg` that describes a project.",
        remedy: "Run it in the project directory. For a program that is not written in Python, create a manifest with \
            `flavor init --command PROGRAM`.",
        example: r"error[FLV0251]: there is no project in `.`
hint: run it where a `pyproject.toml` is (`uv init --package` makes one), or name a program that is not Python: `flavor init --command FILE`; a script needs none: `flavor pack FILE.py`",
    }
    NO_SUCH_EXTRA = 260 {
        title: "the project has no such extra",
        cause: "`--extra` or `extras` names an extra that is not in the metadata that the build back end generates \
            for the project.",
        remedy: "Use one of the extras that the hint lists.",
        example: r"error[FLV0260]: cannot pack `app/pyproject.toml`
  the project `computed` has no extra `tui`
hint: its extras are: all, loud",
    }
    UNKNOWN_SCRIPT = 271 {
        title: "no such script in the package",
        cause: "`--script` or `[tool.flavor.scripts]` names a script that neither the project nor any of its \
            dependencies provides.",
        remedy: "Use a name that the hint suggests or lists.",
        example: r"error[FLV0271]: cannot pack `tools`
  `--script` is not a script in the package: oen
hint: did you mean `one`?",
    }
    WHICH_SCRIPT = 272 {
        title: "cannot choose a script",
        cause: "The required distribution has several scripts and none has the distribution's own name, or it has no \
            script at all.",
        remedy: "Choose one with `--script`, or name a function with `--entry-point`.",
        example: r"error[FLV0272]: cannot pack `tools`
  `tools` has 2 scripts, and none of its own name
hint: choose one with `--script`: one, two",
    }
    LIKE_A_FILE = 273 {
        title: "the requirement resembles an existing file name",
        cause: "The file does not exist, but one with a similar name does. The name is probably a typing error, so \
            flavor does not install a distribution of that name from the index.",
        remedy: "Correct the file name. To install the distribution from the index, add a version.",
        example: r"error[FLV0273]: `helo` does not exist, but `hello.py` does
hint: did you mean `hello.py`? A distribution from the index is named with a version: `helo==VERSION`",
    }
    BAD_INPUT_REQUIREMENT = 274 {
        title: "the input does not exist and is not a requirement",
        cause: "No file or directory has this name, and it is not a valid requirement.",
        remedy: "Correct the path, or use a requirement such as `NAME==VERSION`.",
        example: r#"error[FLV0274]: `rich=>13` does not exist and is not a valid requirement: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
hint: a requirement looks like `NAME==VERSION`, `NAME[EXTRA]>=VERSION` or `NAME @ URL`"#,
    }
}
