//! Interpreters, dependencies, the project's own build.

codes! {
    NO_INTERPRETER = 301 {
        title: "no interpreter fits",
        cause: "None of the interpreters on this machine is of a version that the project takes.",
        remedy: "Get one with `uv python install VERSION`, or name one with `--python PATH`.",
        example: r"error[FLV0301]: cannot pack `pyproject.toml`
  no CPython interpreter fits `>=3.99`; found:
    3.11.2 at `/usr/bin/python3`
hint: get one with `uv python install 3.99`, or name one with `--python PATH`",
    }
    NOT_A_PYTHON = 302 {
        title: "`--python` is neither a path nor a version",
        cause: "The text names no file, and is not a version of CPython either.",
        remedy: "Write a path, a version as in `3.13`, or a specifier as in `\">=3.11\"`.",
        example: r"error[FLV0302]: cannot pack `pyproject.toml`
  `not-a-version` is neither a path nor a version of CPython
hint: use a path, a version as in `3.13`, or a specifier as in `>=3.11`",
    }
    NO_SUCH_INTERPRETER = 303 {
        title: "there is no interpreter at that place",
        cause: "The path does not lead to an executable, or to a directory with one in `bin`.",
        remedy: "Name the executable, or a version as in `3.13`.",
        example: r"error[FLV0303]: cannot pack `pyproject.toml`
  there is no interpreter at `/nowhere/python`
hint: name an executable or the directory that has it in `bin`, or a version as in `3.13`",
    }
    NOT_AN_INTERPRETER = 304 {
        title: "a program is not a usable interpreter",
        cause: "It was started and did not answer as CPython does.",
        remedy: "Name another one with `--python`.",
        example: r"error[FLV0304]: cannot pack `pyproject.toml`
  `/bin/true` is not a usable Python interpreter: it did not answer the probe
hint: name an executable or the directory that has it in `bin`, or a version as in `3.13`",
    }
    UNSUITABLE_INTERPRETER = 305 {
        title: "the interpreter is not one that the project takes",
        cause: "Its version or its implementation is outside `requires-python`.",
        remedy: "Leave `--python` out to have one found, or change `requires-python`.",
        example: r"error[FLV0305]: cannot pack `pyproject.toml`
  `/usr/bin/python3` is cpython 3.11.2; the project needs CPython >=3.12
hint: omit `--python` to search for one, or change `requires-python`",
    }
    PROGRAM_STOPPED = 306 {
        title: "a program that packs need did not start, or stopped early",
        cause: "The interpreter or the installer is damaged, or was killed.",
        remedy: "Start it by hand to see what is wrong with it.",
        example: r"error[FLV0306]: cannot pack `pyproject.toml`
  cannot start `[ROOT]/stopped`
  Exec format error (os error 8)",
    }
    NO_INSTALLER = 307 {
        title: "there is nothing to install with",
        cause: "Neither `uv` is on `PATH` nor does the interpreter have pip.",
        remedy: "Put `uv` on `PATH`, or run `PYTHON -m ensurepip`.",
        example: r"error[FLV0307]: cannot pack `pyproject.toml`
  no uv and no pip to install with, for `/opt/python/bin/python3.13`
hint: put `uv` on PATH, or give the interpreter pip: `/opt/python/bin/python3.13 -m ensurepip`",
    }
    UNRESOLVED = 310 {
        title: "a dependency could not be had",
        cause: "The installer found no version that fits, could not fetch it, or could not build it. The lines of the \
            message are its own words.",
        remedy: "Check the name, the version and the indexes (`--index-url`, `--find-links`); without the network, \
            add a directory that has the wheel.",
        example: r"error[FLV0310]: cannot pack `app/pyproject.toml`
  cannot install `greeting>=2`
    pip: Cannot install greeting>3 and greeting>=2 because these package versions have conflicting dependencies.
    pip: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/#dealing-with-dependency-conflicts
hint: the network is not used: add a directory that has the wheel with `--find-links DIR`",
    }
    NOT_BUILT = 311 {
        title: "the project's wheel could not be built",
        cause: "The build back end stopped. The lines of the message are its own words.",
        remedy: "`python -m pip wheel --no-deps .` in the project shows the whole output.",
        example: r"error[FLV0311]: cannot pack `pyproject.toml`
  cannot build the wheel of the project in `.`
    build: no files to ship
hint: `python -m pip wheel --no-deps .` in the project shows the build's whole output",
    }
    NO_WHEEL = 312 {
        title: "the build back end is not there, or made no wheel",
        cause: "`[build-system]` names a back end that its requirements do not bring, or that does not answer as PEP \
            517 has it.",
        remedy: "Correct `[build-system]`.",
        example: r"error[FLV0312]: cannot pack `pyproject.toml`
  the build back end of the project in `.` built no wheel
hint: check `[build-system]` in `pyproject.toml`",
    }
    BAD_WHEEL = 313 {
        title: "a wheel is damaged",
        cause: "The file breaks PEP 427: a record that does not hold, a path that leads elsewhere, an archive that \
            ends early.",
        remedy: "Fetch it or build it again.",
        example: r"error[FLV0313]: cannot pack `pyproject.toml`
  cannot unpack the wheel `[ROOT]/cache/build/staging/[NAME]/project-wheel/app-1.0-py3-none-any.whl`: it is not a complete zip archive
hint: the wheel is damaged or violates PEP 427; download or build it again",
    }
    BAD_LOCK = 314 {
        title: "a lock file cannot be used",
        cause: "It does not belong to this project, or not to this interpreter, or is of an unknown kind.",
        remedy: "Create it again, for example with `uv lock`.",
        example: r"error[FLV0314]: cannot pack `app/pyproject.toml`
  cannot use the lock file `[ROOT]/app/pylock.toml`
    lock: unknown lock-version 9.9
hint: create it again, for example with `uv lock`",
    }
    NOT_RELOCATABLE = 315 {
        title: "the interpreter cannot be made relocatable",
        cause: "Its files are not laid out in a way that lets them run from elsewhere.",
        remedy: "Use an interpreter from uv, pyenv or the distribution.",
        example: r"error[FLV0315]: cannot pack `app/pyproject.toml`
  cannot make the interpreter relocatable
  `/nowhere` is not a Python standard library",
    }
    UNKNOWN_INCLUDE = 316 {
        title: "`python.include` names nothing that is left out",
        cause: "The word is neither a part that the slim runtime lacks nor a module of the standard library.",
        remedy: "Correct the word.",
        example: r"error[FLV0316]: cannot pack `app/pyproject.toml`
  cannot make the interpreter relocatable
  `nonsense` is neither a part that slim leaves out nor a module of the standard library",
    }
    WHEEL_MISFIT = 317 {
        title: "a wheel is not for the interpreter",
        cause: "The tags in its name are for another version of Python, another processor or another system.",
        remedy: "Take the wheel for this platform, or name an interpreter that it is for with `--python`.",
        example: r"error[FLV0317]: cannot pack `lib-1.0-py3-none-win_amd64.whl`
  the wheel `lib-1.0-py3-none-win_amd64.whl` is for py3-none-win_amd64, which CPython 3.11.2 on linux-x86_64 is not
hint: use the wheel for this platform, or select a compatible interpreter with `--python`",
    }
    BROKEN_PROGRAM = 318 {
        title: "the program does not compile",
        cause: "The interpreter that is packed finds a mistake in the file that the package starts.",
        remedy: "Correct it, or choose another Python with `--python`.",
        example: r"error[FLV0318]: cannot pack `bad.py`
  `bad.py` does not compile for CPython 3.11.2: line 2: expected ':'
hint: correct it, or choose another Python with `--python`",
    }
    PROGRAM_NOT_PACKED = 319 {
        title: "the program is not in the package",
        cause: "No file of the package is the module that the entry point names, or the module has no such function. A \
            warning for commands beside the first.",
        remedy: "Correct the name, or make sure that the build packs the module.",
        example: r"error[FLV0319]: cannot pack `src`
  `pkg.clii:main` cannot start: there is no module `pkg.clii` in the package
hint: did you mean `pkg.cli`?",
    }
    NO_DISTRIBUTIONS_THERE = 320 {
        title: "a place for distributions is none",
        cause: "What `--find-links` names is not there, or what `--index-url` names is neither a URL nor a directory.",
        remedy: "Correct the path or the URL.",
        example: r"error[FLV0320]: cannot pack `app/pyproject.toml`
  the find-links directory `nodir` does not exist
hint: `--find-links` takes a directory of distributions, or a URL",
    }
    OTHER_PROJECT = 330 {
        title: "the wheel is not the project's",
        cause: "The wheel that the build back end made has another name than `[project]` gives the project.",
        remedy: "Give the project one name: `[project]` and what the build back end reads must agree.",
        example: r"error[FLV0330]: cannot pack `app/pyproject.toml`
  the build back end built a wheel of `computed`; the project is `other`
hint: the names in `[project]` and in the build back end's settings must agree",
    }
    NO_SUCH_SCRIPT = 331 {
        title: "the project's wheel lacks its command",
        cause: "`[project.scripts]` names a command, and the wheel that the build back end made has none of that name. \
            Back ends from before PEP 621 do not read the table.",
        remedy: "Require a newer back end in `[build-system]`, or declare the command where it reads it.",
        example: r"error[FLV0331]: cannot pack `app/pyproject.toml`
  the wheel built by the build back end has no command `missing`
hint: its commands are: computed",
    }
    BAD_PROJECT_METADATA = 332 {
        title: "the metadata of the project's wheel are not valid",
        cause: "The build back end gives the project a name, a requirement or a version of Python that is none.",
        remedy: "Correct it where the project is described: `setup.py`, `setup.cfg`, `requirements.txt`, `[tool.poetry]`.",
        example: r#"error[FLV0332]: cannot pack `app/pyproject.toml`
  the metadata of the project's wheel are invalid: `greeting=>1`: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
hint: correct the project's metadata"#,
    }
    NO_SOURCE_THERE = 335 {
        title: "a source that the project names cannot be followed",
        cause: "`[tool.uv.sources]`, `[tool.poetry.dependencies]`, a requirement or a lock names a place for a distribution \
            that is not there, or in words that are not known. No index is asked instead.",
        remedy: "Correct the source, or take it out to have the distribution from the index.",
        example: r"error[FLV0335]: cannot pack `app/pyproject.toml`
  the source of `mylib` in `[ROOT]/app/pyproject.toml` cannot be used: `../nowhere` does not exist
hint: correct the source, or remove it",
    }
    GIT_FAILED = 336 {
        title: "git cannot fetch a source",
        cause: "There is no git, the repository does not answer, or it has no such revision. The lines of the message are \
            git's own words.",
        remedy: "Install git; `git ls-remote URL` shows whether the repository can be read and what it has.",
        example: r"error[FLV0336]: cannot pack `app/pyproject.toml`
  cannot fetch `https://host.example/mylib` with git
    git: no git on PATH
hint: install git, or name a directory or an archive instead",
    }
    INDEX_ORDER = 337 {
        title: "pip cannot ask indexes in an order",
        cause: "The project has an index that goes before the default one. pip takes the newest version that any index has, \
            so that a stranger's distribution of the same name could win.",
        remedy: "Put `uv` on `PATH`, make it the default index, or name the distributions that it has and make it `explicit`.",
        example: r"error[FLV0337]: cannot pack `app/pyproject.toml`
  the index `mine` has priority over others, which pip does not support
hint: put `uv` on PATH, make it the default index, or name the distributions that it has and make it `explicit`",
    }
    OTHER_SOURCE = 338 {
        title: "a source gives another distribution, or two are named for one",
        cause: "What is at the place is called otherwise than the requirement, or two projects name different places for \
            the same distribution.",
        remedy: "Correct the name, or name the same place in both projects.",
        example: r"error[FLV0338]: cannot pack `app/pyproject.toml`
  `[ROOT]/lib` is expected to be `mylib`; its name is `otherlib`
hint: require `otherlib`, or give the source of `mylib`",
    }
    STALE_LOCK = 339 {
        title: "a lock does not fit the project any more",
        cause: "The manifest has been changed since the lock was made: what it requires, from where, or for which Python. A \
            warning with `--refresh`, which passes it over.",
        remedy: "Create it again: `uv lock`, `poetry lock`, `pdm lock`.",
        example: r"error[FLV0339]: cannot pack `app/pyproject.toml`
  the lock file `[ROOT]/app/uv.lock` does not match the project: the requirement `other` of `app` has changed
hint: create it again with `uv lock`, or ignore it with `--refresh`",
    }
    LINKED_SOURCES = 340 {
        title: "a distribution leads to sources on this machine",
        cause: "It was built or installed as editable: in its place are links to directories that no other machine has.",
        remedy: "Build a wheel of it, and name that.",
        example: r"error[FLV0340]: cannot pack `site`
  `linked.pth` of a distribution leads to sources on this machine: `/home/somebody/src`
hint: it was installed or built as editable: build a wheel of it, and use that",
    }
    LOCK_NOT_READ = 341 {
        title: "a lock is not read",
        cause: "The project has a lock of another tool, or a list of pinned requirements without hashes, and no lock that is \
            read. Versions were chosen without it.",
        remedy: "Make a `uv.lock`, `pylock.toml`, `poetry.lock` or `pdm.lock`, or a `requirements.txt` with hashes.",
        example: r"warning[FLV0341]: `app/requirements.txt` is not read: versions were chosen without it
hint: a list with hashes is a lock: `uv pip compile --generate-hashes pyproject.toml -o requirements.txt`",
    }
    SELECTION_NOT_LOCKED = 342 {
        title: "an extra or group is not known to the lock",
        cause: "It was chosen, and the lock does not tell what belongs to it. The lock may have been made with it.",
        remedy: "If not, make the lock anew with it.",
        example: r"warning[FLV0342]: `[ROOT]/app/requirements.txt` has no extra or group `fast`, which therefore adds nothing
hint: if the lock was made without it, lock again with it",
    }
    CREDENTIALS_LEFT_OUT = 343 {
        title: "an address has credentials",
        cause: "A requirement or a source has a password or a token in its address. They are used to fetch it, and are in no \
            file of the package, of the cache, or of a log.",
        remedy: "Keep them out of the project too: in `~/.netrc`, in a keyring, or in a variable that names the index.",
        example: r"warning[FLV0343]: the URL of `greeting` has credentials, which are left out of the package
hint: keep them out of the project too: in `~/.netrc`, in a keyring, or in a variable that names the index",
    }
    SAME_FILE_TWICE = 344 {
        title: "two distributions have the same file",
        cause: "Both bring it; the package has that of one of them.",
        remedy: "Leave one of the two out.",
        example: r"warning[FLV0344]: `one-1.0` and `two-1.0` both have `shared.py`: the package has one of the two
hint: remove one of the two distributions",
    }
    ENTRY_POINT_PASSED_OVER = 345 {
        title: "an entry point is no command",
        cause: "A line of the distribution's `entry_points.txt` is not `name = module:function`.",
        remedy: "Correct it in the distribution.",
        example: r"warning[FLV0345]: `one-1.0` has the invalid entry point `odd = no command`: skipped
hint: write it as `name = module:function`",
    }
    UV_DOES_NOT_RUN = 346 {
        title: "uv does not run",
        cause: "There is a `uv` on `PATH`, or in the variable `UV`, that does not answer. pip has installed instead.",
        remedy: "Install it anew, or take it off `PATH`.",
        example: r"warning[FLV0346]: `[ROOT]/broken/uv` does not run: installing with pip
hint: reinstall uv, or remove it from PATH",
    }
    NOT_LOOKED_THROUGH = 350 {
        title: "a directory with very many files is not shown to the build",
        cause: "git ignores the directory, or a link leads to it, and it has more than 20,000 files: data, not what a build \
            has made.",
        remedy: "Name it in `.flavorignore` if the build does not need it. If it does, name what it needs with `include` under \
            [tool.flavor.build].",
        example: r#"warning[FLV0350]: the build does not see a directory with very many files: data
hint: if the build does not need it, list it in `.flavorignore`; otherwise `include = ["data"]` under [tool.flavor.build]"#,
    }
    INDEX_UNREAD = 351 {
        title: "what git tracks is not known",
        cause: "git's index cannot be read, is damaged, or has a form that this version does not know.",
        remedy: "Repair it: `git status` says what is wrong. Files that git tracks and that look like what a build has left may \
            be missing until then.",
        example: r"warning[FLV0351]: cannot determine which files git tracks: `[ROOT]/app/.git/index`: it is damaged, or not an index of git 2
hint: see `git status`; tracked files in directories such as `dist` may be missing",
    }
    WRITTEN_TO = 352 {
        title: "a build has written to a file of the project",
        cause: "A large file that git ignores is not copied for the build where the file system cannot share its blocks. The \
            build has changed it.",
        remedy: "Check the file. Leave it out with a line in `.flavorignore`, or change it in `pre_build`.",
        example: r"error[FLV0352]: cannot pack `app/pyproject.toml`
  the build of the project in `app` modified `[ROOT]/app/model.bin`, which is outside its copy
hint: check the file; exclude it with a line in `.flavorignore`, or generate it in `pre_build`",
    }
    NO_SUCH_PART = 355 {
        title: "the interpreter lacks a part that is to be included",
        cause: "Distributions split the standard library into packages, and builds without a library's headers have no \
            module for it.",
        remedy: "Install the part, or choose another interpreter with `--python`.",
        example: r#"error[FLV0355]: cannot pack `app.py`
  cannot make the interpreter relocatable
  `/usr/bin/python3` has no `ensurepip`, which `include = ["ensurepip"]` asks for
hint: install the system's package `python3-venv` (Debian, Ubuntu) or `python3-libs` (Fedora), or choose another interpreter with `--python`"#,
    }
    NOTHING_SELECTED = 360 {
        title: "a requirement selects nothing",
        cause: "The marker of the requirement to be packed does not hold for the interpreter.",
        remedy: "Take the marker out, or choose another Python with `--python`.",
        example: r"error[FLV0360]: cannot pack `tools; python_version < '3'`
  `tools; python_version < '3'` does not apply to this interpreter
hint: its marker is false: remove it, or choose another Python with `--python`",
    }
    UNMET_REQUIREMENT = 365 {
        title: "a requirement is not met by what is in the package",
        cause: "A distribution in the package, or the input itself, requires another one that is not inside, or not in a version \
            that it takes. Most often a lock is older than the requirements, or was made with other extras.",
        remedy: "Add the requirement that the hint shows, or lock again. A program that runs without may say so: `unmet = [\"NAME\"]` \
            under `[tool.flavor.build]`. What uv and PDM override counts as it is overridden.",
        example: r#"error[FLV0365]: cannot pack `app/pyproject.toml`
  greeting 2.1 requires h11>=0.13,<0.15, which is not in the package
hint: add `h11>=0.13,<0.15` to `dependencies` under [project]; if the program runs without, add `unmet = ["h11"]` to [tool.flavor.build]"#,
    }
    OTHER_PYTHON = 366 {
        title: "a distribution requires another version of Python",
        cause: "Its `Requires-Python` refuses the interpreter that is packed. Of an upper limit that is a warning, since it is \
            most often a guess about versions that were not there yet.",
        remedy: "Choose another Python with `--python`, or another version of the distribution. If it works all the same, \
            `unmet = [\"NAME\"]` under `[tool.flavor.build]` says so.",
        example: r#"error[FLV0366]: cannot pack `app/pyproject.toml`
  greeting 2.1 requires Python >=3.99; the package has 3.11.2
hint: choose another Python with `--python`, or another version of it; if it works all the same, add `unmet = ["greeting"]` to [tool.flavor.build]"#,
    }
    UNREADABLE_REQUIREMENT = 367 {
        title: "a distribution has a requirement that cannot be read",
        cause: "A warning: a line of its metadata is no requirement as PEP 508 has them. Of such a line the name is checked, not the version.",
        remedy: "Take a later version of the distribution, if there is one in which the line is correct.",
        example: r"warning[FLV0367]: greeting 2.1 has an invalid requirement `h11 (>=0.1.*)`: Operator >= cannot be used with a wildcard version specifier
hint: only the name was checked; a later version of the distribution may have corrected it",
    }
}
