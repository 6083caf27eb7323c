//! Interpreters, dependencies and the build of the project.

codes! {
    NO_INTERPRETER = 301 {
        title: "no suitable interpreter found",
        cause: "No Python interpreter on this machine has a version that the project supports.",
        remedy: "Install one with `uv python install VERSION`, or name one with `--python PATH`.",
        example: r"error[FLV0301]: cannot pack `pyproject.toml`
  no CPython interpreter fits `>=3.99`; found:
    3.11.2 at `/usr/bin/python3`
hint: get one with `uv python install 3.99`, or name one with `--python PATH`",
    }
    NOT_A_PYTHON = 302 {
        title: "`--python` is neither a path nor a version",
        cause: "The argument is not the path of a file and not a version of CPython.",
        remedy: "Use a path, a version such as `3.13`, or a specifier such as `\">=3.11\"`.",
        example: r"error[FLV0302]: cannot pack `pyproject.toml`
  `not-a-version` is neither a path nor a version of CPython
hint: use a path, a version as in `3.13`, or a specifier as in `>=3.11`",
    }
    NO_SUCH_INTERPRETER = 303 {
        title: "no interpreter at that path",
        cause: "The path is not an executable, and not a directory with an interpreter in `bin`.",
        remedy: "Use the path of the executable, or a version such as `3.13`.",
        example: r"error[FLV0303]: cannot pack `pyproject.toml`
  there is no interpreter at `/nowhere/python`
hint: name an executable or the directory that has it in `bin`, or a version as in `3.13`",
    }
    NOT_AN_INTERPRETER = 304 {
        title: "a program is not a usable interpreter",
        cause: "The program was started but did not respond like CPython.",
        remedy: "Name another interpreter with `--python`.",
        example: r"error[FLV0304]: cannot pack `pyproject.toml`
  `/bin/true` is not a usable Python interpreter: it did not answer the probe
hint: name an executable or the directory that has it in `bin`, or a version as in `3.13`",
    }
    UNSUITABLE_INTERPRETER = 305 {
        title: "the project does not support the interpreter",
        cause: "The implementation is not CPython, or the version is outside `requires-python`.",
        remedy: "Remove `--python` to let flavor choose an interpreter, or change `requires-python`.",
        example: r"error[FLV0305]: cannot pack `pyproject.toml`
  `/usr/bin/python3` is cpython 3.11.2; the project needs CPython >=3.12
hint: omit `--python` to search for one, or change `requires-python`",
    }
    PROGRAM_STOPPED = 306 {
        title: "a required program did not start, or terminated early",
        cause: "The interpreter or the installer is damaged, or was killed.",
        remedy: "Run it manually to find out what is wrong.",
        example: r"error[FLV0306]: cannot pack `pyproject.toml`
  cannot start `[ROOT]/stopped`
  Exec format error (os error 8)",
    }
    NO_INSTALLER = 307 {
        title: "neither uv nor pip is available",
        cause: "`uv` is not on `PATH`, and the interpreter does not have pip.",
        remedy: "Put `uv` on `PATH`, or run `PYTHON -m ensurepip`.",
        example: r"error[FLV0307]: cannot pack `pyproject.toml`
  no uv and no pip to install with, for `/opt/python/bin/python3.13`
hint: put `uv` on PATH, or give the interpreter pip: `/opt/python/bin/python3.13 -m ensurepip`",
    }
    UNRESOLVED = 310 {
        title: "a dependency cannot be installed",
        cause: "The installer found no matching version, or could not download or build it. The message includes its \
            output.",
        remedy: "Check the name, the version and the indexes (`--index-url`, `--find-links`). Without network access, \
            add a directory that contains the wheel.",
        example: r"error[FLV0310]: cannot pack `app/pyproject.toml`
  cannot install `greeting>=2`
    pip: Cannot install greeting>3 and greeting>=2 because these package versions have conflicting dependencies.
    pip: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/#dealing-with-dependency-conflicts
hint: the network is not used: add a directory that has the wheel with `--find-links DIR`",
    }
    NOT_BUILT = 311 {
        title: "the project's wheel could not be built",
        cause: "The build back end failed. The message includes its output.",
        remedy: "Run `python -m pip wheel --no-deps .` in the project directory to see the complete output.",
        example: r"error[FLV0311]: cannot pack `pyproject.toml`
  cannot build the wheel of the project in `.`
    build: no files to ship
hint: `python -m pip wheel --no-deps .` in the project shows the build's whole output",
    }
    NO_WHEEL = 312 {
        title: "the build back end is missing, or did not build a wheel",
        cause: "`[build-system]` names a back end that its requirements do not install, or that does not conform to \
            PEP 517.",
        remedy: "Correct `[build-system]`.",
        example: r"error[FLV0312]: cannot pack `pyproject.toml`
  the build back end of the project in `.` built no wheel
hint: check `[build-system]` in `pyproject.toml`",
    }
    BAD_WHEEL = 313 {
        title: "a wheel is damaged",
        cause: "The file violates PEP 427: its `RECORD` does not match, a path points outside the wheel, or the \
            archive is truncated.",
        remedy: "Download or build it again.",
        example: r"error[FLV0313]: cannot pack `pyproject.toml`
  cannot unpack the wheel `[ROOT]/cache/build/staging/[NAME]/project-wheel/app-1.0-py3-none-any.whl`: it is not a complete zip archive
hint: the wheel is damaged or violates PEP 427; download or build it again",
    }
    BAD_LOCK = 314 {
        title: "a lock file cannot be used",
        cause: "The lock file is for another project or another interpreter, or its format is unknown.",
        remedy: "Generate it again, for example with `uv lock`.",
        example: r"error[FLV0314]: cannot pack `app/pyproject.toml`
  cannot use the lock file `[ROOT]/app/pylock.toml`
    lock: unknown lock-version 9.9
hint: create it again, for example with `uv lock`",
    }
    NOT_RELOCATABLE = 315 {
        title: "the interpreter cannot be made relocatable",
        cause: "The layout of the interpreter's files does not allow them to run from another directory.",
        remedy: "Use an interpreter from uv, pyenv or the operating system.",
        example: r"error[FLV0315]: cannot pack `app/pyproject.toml`
  cannot make the interpreter relocatable
  `/nowhere` is not a Python standard library",
    }
    UNKNOWN_INCLUDE = 316 {
        title: "`python.include` names an unknown part",
        cause: "The name is not a part that the slim runtime leaves out, and not a module of the standard library.",
        remedy: "Correct the name.",
        example: r"error[FLV0316]: cannot pack `app/pyproject.toml`
  cannot make the interpreter relocatable
  `nonsense` is neither a part that slim leaves out nor a module of the standard library",
    }
    WHEEL_MISFIT = 317 {
        title: "a wheel does not support the interpreter",
        cause: "The tags in its file name are for another version of Python, another processor or another operating system.",
        remedy: "Use a wheel for this platform, or name an interpreter that the wheel supports with `--python`.",
        example: r"error[FLV0317]: cannot pack `lib-1.0-py3-none-win_amd64.whl`
  the wheel `lib-1.0-py3-none-win_amd64.whl` is for py3-none-win_amd64, which CPython 3.11.2 on linux-x86_64 is not
hint: use the wheel for this platform, or select a compatible interpreter with `--python`",
    }
    BROKEN_PROGRAM = 318 {
        title: "the program has a syntax error",
        cause: "The packed version of Python cannot compile the file that the package starts.",
        remedy: "Correct the file, or choose another version of Python with `--python`.",
        example: r"error[FLV0318]: cannot pack `bad.py`
  `bad.py` does not compile for CPython 3.11.2: line 2: expected ':'
hint: correct it, or choose another Python with `--python`",
    }
    PROGRAM_NOT_PACKED = 319 {
        title: "the program is not in the package",
        cause: "The package does not contain the module that the entry point names, or the module has no such \
            function. A warning if it concerns a command other than the first.",
        remedy: "Correct the name, or configure the build to include the module.",
        example: r"error[FLV0319]: cannot pack `src`
  `pkg.clii:main` cannot start: there is no module `pkg.clii` in the package
hint: did you mean `pkg.cli`?",
    }
    NO_DISTRIBUTIONS_THERE = 320 {
        title: "a source of distributions is not valid",
        cause: "`--find-links` names a directory that does not exist, or `--index-url` is neither a URL nor a directory.",
        remedy: "Correct the path or the URL.",
        example: r"error[FLV0320]: cannot pack `app/pyproject.toml`
  the find-links directory `nodir` does not exist
hint: `--find-links` takes a directory of distributions, or a URL",
    }
    OTHER_PROJECT = 330 {
        title: "the wheel has a different name than the project",
        cause: "The build back end built a wheel whose name differs from `project.name`.",
        remedy: "Use the same name in `[project]` and in the configuration that the build back end reads.",
        example: r"error[FLV0330]: cannot pack `app/pyproject.toml`
  the build back end built a wheel of `computed`; the project is `other`
hint: the names in `[project]` and in the build back end's settings must agree",
    }
    NO_SUCH_SCRIPT = 331 {
        title: "the project's wheel lacks a command",
        cause: "`[project.scripts]` declares a command that is not in the wheel. Build back ends older than PEP 621 \
            do not read that table.",
        remedy: "Require a newer back end in `[build-system]`, or declare the command in the configuration that the \
            back end reads.",
        example: r"error[FLV0331]: cannot pack `app/pyproject.toml`
  the wheel built by the build back end has no command `missing`
hint: its commands are: computed",
    }
    BAD_PROJECT_METADATA = 332 {
        title: "the metadata of the project's wheel is not valid",
        cause: "The build back end generated metadata with an invalid name, requirement or Python version.",
        remedy: "Correct it in the file that describes the project: `setup.py`, `setup.cfg`, `requirements.txt` or \
            `[tool.poetry]`.",
        example: r#"error[FLV0332]: cannot pack `app/pyproject.toml`
  the metadata of the project's wheel are invalid: `greeting=>1`: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
hint: correct the project's metadata"#,
    }
    NO_SOURCE_THERE = 335 {
        title: "the source of a distribution is not valid",
        cause: "`[tool.uv.sources]`, `[tool.poetry.dependencies]`, a requirement or a lock file names a source that \
            does not exist or is not supported. flavor does not fall back to an index.",
        remedy: "Correct the source, or remove it to install the distribution from the index.",
        example: r"error[FLV0335]: cannot pack `app/pyproject.toml`
  the source of `mylib` in `[ROOT]/app/pyproject.toml` cannot be used: `../nowhere` does not exist
hint: correct the source, or remove it",
    }
    GIT_FAILED = 336 {
        title: "git cannot fetch a source",
        cause: "git is not installed, the repository cannot be reached, or it has no such revision. The message \
            includes the output of git.",
        remedy: "Install git. `git ls-remote URL` shows whether the repository is accessible and which revisions it has.",
        example: r"error[FLV0336]: cannot pack `app/pyproject.toml`
  cannot fetch `https://host.example/mylib` with git
    git: no git on PATH
hint: install git, or name a directory or an archive instead",
    }
    INDEX_ORDER = 337 {
        title: "pip does not support an order of indexes",
        cause: "The project has an index with priority over the default one. pip takes the newest version from any \
            index, so a distribution of the same name on another index could be installed instead.",
        remedy: "Put `uv` on `PATH`, make the index the default one, or make it `explicit` and assign distributions to it.",
        example: r"error[FLV0337]: cannot pack `app/pyproject.toml`
  the index `mine` has priority over others, which pip does not support
hint: put `uv` on PATH, make it the default index, or name the distributions that it has and make it `explicit`",
    }
    OTHER_SOURCE = 338 {
        title: "a source does not match its requirement, or conflicts with another",
        cause: "The distribution at that source has another name than the requirement, or two projects name different \
            sources for the same distribution.",
        remedy: "Correct the name, or use the same source in both projects.",
        example: r"error[FLV0338]: cannot pack `app/pyproject.toml`
  `[ROOT]/lib` is expected to be `mylib`; its name is `otherlib`
hint: require `otherlib`, or give the source of `mylib`",
    }
    STALE_LOCK = 339 {
        title: "a lock file is out of date",
        cause: "The requirements, sources or Python versions in the manifest changed after the lock file was \
            generated. A warning with `--refresh`, which ignores the lock file.",
        remedy: "Generate it again: `uv lock`, `poetry lock` or `pdm lock`.",
        example: r"error[FLV0339]: cannot pack `app/pyproject.toml`
  the lock file `[ROOT]/app/uv.lock` does not match the project: the requirement `other` of `app` has changed
hint: create it again with `uv lock`, or ignore it with `--refresh`",
    }
    LINKED_SOURCES = 340 {
        title: "a distribution refers to sources on this machine",
        cause: "The distribution is an editable installation: it links to directories that do not exist on other machines.",
        remedy: "Build a wheel of the distribution and use that.",
        example: r"error[FLV0340]: cannot pack `site`
  `linked.pth` of a distribution leads to sources on this machine: `/home/somebody/src`
hint: it was installed or built as editable: build a wheel of it, and use that",
    }
    LOCK_NOT_READ = 341 {
        title: "a lock file is not used",
        cause: "The project has the lock file of an unsupported tool, or a list of pinned requirements without \
            hashes. Versions were resolved without it.",
        remedy: "Generate a `uv.lock`, `pylock.toml`, `poetry.lock` or `pdm.lock`, or a `requirements.txt` with hashes.",
        example: r"warning[FLV0341]: `app/requirements.txt` is not read: versions were chosen without it
hint: a list with hashes is a lock: `uv pip compile --generate-hashes pyproject.toml -o requirements.txt`",
    }
    SELECTION_NOT_LOCKED = 342 {
        title: "the lock file does not list an extra or group",
        cause: "The lock file does not record which requirements belong to the selected extra or group. It may have \
            been generated with it.",
        remedy: "If not, generate the lock file again with that extra or group.",
        example: r"warning[FLV0342]: `[ROOT]/app/requirements.txt` has no extra or group `fast`, which therefore adds nothing
hint: if the lock was made without it, lock again with it",
    }
    CREDENTIALS_LEFT_OUT = 343 {
        title: "a URL contains credentials",
        cause: "The URL of a requirement or a source contains a password or a token. flavor uses it for the download, \
            but does not write it to the package, the cache or a log.",
        remedy: "Keep credentials out of the project as well: use `~/.netrc`, a keyring, or an environment variable \
            for the index.",
        example: r"warning[FLV0343]: the URL of `greeting` has credentials, which are left out of the package
hint: keep them out of the project too: in `~/.netrc`, in a keyring, or in a variable that names the index",
    }
    SAME_FILE_TWICE = 344 {
        title: "two distributions contain the same file",
        cause: "Only one of the two files is in the package.",
        remedy: "Remove one of the distributions.",
        example: r"warning[FLV0344]: `one-1.0` and `two-1.0` both have `shared.py`: the package has one of the two
hint: remove one of the two distributions",
    }
    ENTRY_POINT_PASSED_OVER = 345 {
        title: "an entry point is not valid",
        cause: "A line of the distribution's `entry_points.txt` does not have the form `name = module:function`.",
        remedy: "Correct it in the distribution.",
        example: r"warning[FLV0345]: `one-1.0` has the invalid entry point `odd = no command`: skipped
hint: write it as `name = module:function`",
    }
    UV_DOES_NOT_RUN = 346 {
        title: "uv cannot be started",
        cause: "The `uv` on `PATH`, or in the variable `UV`, does not work. flavor used pip instead.",
        remedy: "Reinstall uv, or remove it from `PATH`.",
        example: r"warning[FLV0346]: `[ROOT]/broken/uv` does not run: installing with pip
hint: reinstall uv, or remove it from PATH",
    }
    NOT_LOOKED_THROUGH = 350 {
        title: "a directory with very many files is excluded from the build",
        cause: "The directory is ignored by git or is the target of a link, and contains more than 20,000 files. \
            flavor treats it as data.",
        remedy: "If the build does not need it, add it to `.flavorignore`. If it does, list the required files in \
            `include` under `[tool.flavor.build]`.",
        example: r#"warning[FLV0350]: the build does not see a directory with very many files: data
hint: if the build does not need it, list it in `.flavorignore`; otherwise `include = ["data"]` under [tool.flavor.build]"#,
    }
    INDEX_UNREAD = 351 {
        title: "the git index cannot be read",
        cause: "The index is not readable, is damaged, or has an unsupported format.",
        remedy: "Repair it: `git status` shows what is wrong. Until then, tracked files that look like build output \
            may be missing.",
        example: r"warning[FLV0351]: cannot determine which files git tracks: `[ROOT]/app/.git/index`: it is damaged, or not an index of git 2
hint: see `git status`; tracked files in directories such as `dist` may be missing",
    }
    WRITTEN_TO = 352 {
        title: "a build modified a file of the project",
        cause: "Large files that git ignores are not copied for the build if the file system does not support \
            reflinks. The build modified such a file.",
        remedy: "Check the file. Exclude it in `.flavorignore`, or make the change in `pre_build`.",
        example: r"error[FLV0352]: cannot pack `app/pyproject.toml`
  the build of the project in `app` modified `[ROOT]/app/model.bin`, which is outside its copy
hint: check the file; exclude it with a line in `.flavorignore`, or generate it in `pre_build`",
    }
    NO_SUCH_PART = 355 {
        title: "the interpreter lacks a part that `include` requires",
        cause: "Linux distributions split the standard library into several packages, and a build of CPython lacks \
            the modules of libraries whose headers were missing.",
        remedy: "Install the part, or choose another interpreter with `--python`.",
        example: r#"error[FLV0355]: cannot pack `app.py`
  cannot make the interpreter relocatable
  `/usr/bin/python3` has no `ensurepip`, which `include = ["ensurepip"]` asks for
hint: install the system's package `python3-venv` (Debian, Ubuntu) or `python3-libs` (Fedora), or choose another interpreter with `--python`"#,
    }
    NOTHING_SELECTED = 360 {
        title: "a requirement does not apply to the interpreter",
        cause: "The environment marker of the requirement evaluates to false for this interpreter.",
        remedy: "Remove the marker, or choose another version of Python with `--python`.",
        example: r"error[FLV0360]: cannot pack `tools; python_version < '3'`
  `tools; python_version < '3'` does not apply to this interpreter
hint: its marker is false: remove it, or choose another Python with `--python`",
    }
    UNMET_REQUIREMENT = 365 {
        title: "a requirement is not satisfied by the package",
        cause: "The input, or a distribution in the package, requires a distribution that the package lacks or has in \
            another version. The usual cause is a lock file that is out of date or was generated with other extras.",
        remedy: "Add the requirement that the hint shows, or generate the lock file again. If the program works \
            without it, add `unmet = [\"NAME\"]` under `[tool.flavor.build]`. Overrides of uv and PDM are respected.",
        example: r#"error[FLV0365]: cannot pack `app/pyproject.toml`
  greeting 2.1 requires h11>=0.13,<0.15, which is not in the package
hint: add `h11>=0.13,<0.15` to `dependencies` under [project]; if the program runs without, add `unmet = ["h11"]` to [tool.flavor.build]"#,
    }
    OTHER_PYTHON = 366 {
        title: "a distribution requires another version of Python",
        cause: "Its `Requires-Python` excludes the packed interpreter. An upper bound causes a warning only, because \
            it often excludes versions that were not released when it was written.",
        remedy: "Choose another version of Python with `--python`, or another version of the distribution. If it \
            works anyway, add `unmet = [\"NAME\"]` under `[tool.flavor.build]`.",
        example: r#"error[FLV0366]: cannot pack `app/pyproject.toml`
  greeting 2.1 requires Python >=3.99; the package has 3.11.2
hint: choose another Python with `--python`, or another version of it; if it works all the same, add `unmet = ["greeting"]` to [tool.flavor.build]"#,
    }
    UNREADABLE_REQUIREMENT = 367 {
        title: "a distribution has an invalid requirement",
        cause: "A warning: a requirement in its metadata does not conform to PEP 508. flavor checks the name of the \
            required distribution, but not its version.",
        remedy: "Use a later version of the distribution in which the requirement is valid, if there is one.",
        example: r"warning[FLV0367]: greeting 2.1 has an invalid requirement `h11 (>=0.1.*)`: Operator >= cannot be used with a wildcard version specifier
hint: only the name was checked; a later version of the distribution may have corrected it",
    }
}
