//! Slots and the build.

codes! {
    MISSING_SOURCE = 401 {
        title: "the source of a slot does not exist",
        cause: "Sources are relative to the directory of `pyproject.toml`.",
        remedy: "Correct the path, or make the file first.",
        example: r"error[FLV0401]: cannot pack `pyproject.toml`
  slot `script` (line 9): the source `./probe.sh` does not exist
hint: sources are relative to the directory of pyproject.toml",
    }
    LAUNCHER_CANNOT_READ = 402 {
        title: "the launcher does not support an operation",
        cause: "The launcher that was given belongs to another tool, which decodes less.",
        remedy: "Use gzip or raw for the slot, or leave `--launcher-bin` out.",
        example: r"error[FLV0402]: cannot pack `[ROOT]/tool/pyproject.toml`
  slot `words`: `xz` is not supported by the launcher of FlavorPack
hint: use gzip or raw for this slot, or omit --launcher-bin",
    }
    LAUNCHER_LACKS = 403 {
        title: "the launcher does not support a key of the manifest",
        cause: "The launcher that was given belongs to another tool.",
        remedy: "Take it out of the manifest, or leave `--launcher-bin` out.",
        example: r"error[FLV0403]: cannot pack `pyproject.toml`
  `post_extract` is not supported by the launcher of FlavorPack
hint: remove it, or omit --launcher-bin",
    }
    WHOLE_TARGET = 404 {
        title: "a slot that is not eager has the work environment as its target",
        cause: "What is extracted late, or removed, needs a place of its own.",
        remedy: "Give it a `target`.",
        example: r"error[FLV0404]: cannot pack `pyproject.toml`
  slot `data`: with the lifecycle `lazy` it cannot be the whole work environment
hint: set its `target` to a subdirectory",
    }
    BAD_CHAIN = 405 {
        title: "incompatible operations",
        cause: "One compression is all that is allowed: what one has left, another makes no smaller.",
        remedy: "Use one of gzip, xz and zstd, after `tar` for a directory: `operations = [\"tar\", \"zstd\"]`.",
        example: r#"error[FLV0405]: cannot pack `pyproject.toml`
  slot `data`: `gzip` and `xz` are both codecs; only one is allowed
hint: use one of gzip, xz and zstd, after `tar` for a directory: `operations = ["tar", "gzip"]`"#,
    }
    SAME_TARGET = 406 {
        title: "two slots have the same target",
        cause: "They have the same target, or one is within a file of the other.",
        remedy: "Give one of them another `target`.",
        example: r"error[FLV0406]: cannot pack `pyproject.toml`
  slots `script` and `data` both target `{workenv}/bin/probe`
hint: give one of them another `target`",
    }
    TARGET_TAKEN = 407 {
        title: "a target is reserved for the virtual environment",
        cause: "A Python package has `bin/python`, `pyvenv.cfg` and others there.",
        remedy: "Give the slot another `target`.",
        example: r"error[FLV0407]: cannot pack `app/pyproject.toml`
  slot `own`: the target `{workenv}/pyvenv.cfg` is reserved for the virtual environment
hint: give one of them another `target`",
    }
    OUTPUT_IN_THE_WAY = 408 {
        title: "the output exists and is not a package",
        cause: "Only packages are replaced: never devices, links, directories, or the manifest.",
        remedy: "Choose another file with `--output`.",
        example: r"error[FLV0408]: cannot pack `pyproject.toml`
  `taken.psp` exists and is not a package; it is not replaced
hint: choose another file with --output",
    }
    MEMORY_LIMIT = 409 {
        title: "one thread requires more than `--memory-limit`",
        cause: "The level of compression decides how much memory a frame takes.",
        remedy: "Raise `--memory-limit`, or lower `--compress` or the slot's level.",
        example: r"error[FLV0409]: cannot pack `pyproject.toml`
  encoding `data` requires [SIZE] with one thread; the limit is [SIZE]
hint: raise --memory-limit, or lower --compress or the slot's level",
    }
    NO_BUILD_RECORD = 410 {
        title: "the package has no record of how it was built",
        cause: "It was not made by this flavor, so it cannot be made again and compared.",
        remedy: "Rebuild and compare packages of flavor.",
        example: r"error[FLV0410]: cannot pack `./pyproject.toml`
  the package has no build record",
    }
    NOT_EXECUTABLE = 411 {
        title: "the launcher is not an executable for this system",
        cause: "The file of `--launcher-bin` is not an ELF program for this processor.",
        remedy: "Leave `--launcher-bin` out to use the launcher that flavor carries.",
        example: r"error[FLV0411]: cannot pack `pyproject.toml`
  `text` is not an executable file for Linux on this processor
hint: omit --launcher-bin to use the embedded launcher",
    }
    NOT_A_LAUNCHER = 412 {
        title: "the executable is not a launcher",
        cause: "It is executable, but would not start a package.",
        remedy: "Leave `--launcher-bin` out to use the launcher that flavor carries.",
        example: r"error[FLV0412]: cannot pack `pyproject.toml`
  `/bin/true` is an executable, but not a launcher
hint: omit --launcher-bin to use the embedded launcher",
    }
    HOOK_FAILED = 413 {
        title: "a command of the manifest failed",
        cause: "`pre_build` or `post_build` under `[tool.flavor.build]` names a command that could not be started or ended \
            with another code than 0. What it said is above.",
        remedy: "Run it by hand in the project's directory, or pass `--no-hooks`.",
        example: r"error[FLV0413]: cannot pack `pyproject.toml`
  `pre_build` failed: `sh -c 'echo no >&2; exit 3'` ended with 3
hint: run it by hand in `.`, or pass `--no-hooks`",
    }
    SOURCE_CHANGED = 420 {
        title: "a file changed while it was read",
        cause: "Something writes to the tree that is being packed.",
        remedy: "Pack again when nothing writes to it.",
        example: r"error[FLV0420]: cannot pack `pyproject.toml`
  cannot encode the slots
  `./data` changed while it was read
hint: pack again when nothing writes to the tree",
    }
    SPECIAL_FILE = 421 {
        title: "a device, socket or pipe cannot be packed",
        cause: "Only files, directories and links are packed.",
        remedy: "Leave it out of the slot's source.",
        example: r"error[FLV0421]: cannot pack `pyproject.toml`
  cannot encode slot `tree`
  `./tree/pipe` is a device, socket or pipe
hint: leave it out of the slot's source",
    }
    ESCAPING_LINK = 422 {
        title: "a link points outside the packed directory",
        cause: "On another machine it would lead nowhere, or to something else.",
        remedy: "Replace it by a copy, or widen the slot's source.",
        example: r"error[FLV0422]: cannot pack `pyproject.toml`
  cannot encode slot `script`
  the link `./probe.sh/link` points to `/etc/passwd`, outside the packed tree
hint: replace the link by a copy, or widen the slot's source",
    }
    LINK_LOOP = 423 {
        title: "links form a loop",
        cause: "Following them never ends.",
        remedy: "Remove one of them.",
        example: r"error[FLV0423]: cannot pack `pyproject.toml`
  cannot encode slot `data`
  the links below `[ROOT]/data/inner/again` form a loop",
    }
    DIRECTORY_WITHOUT_TAR = 424 {
        title: "a directory needs `tar`",
        cause: "A codec compresses one stream of bytes, a directory is none.",
        remedy: "Write `operations = [\"tar\", \"zstd\"]`.",
        example: r#"error[FLV0424]: cannot pack `pyproject.toml`
  cannot encode slot `script`
  `./probe.sh` is a directory, and the operations have no `tar`
hint: write `operations = ["tar", "zstd"]`"#,
    }
    TOO_LARGE = 425 {
        title: "a slot exceeds the size limit",
        cause: "A reader unpacks 64 GiB of one slot. Of FlavorPack's packages, which do not sign how much comes out, it is less.",
        remedy: "Split it into several slots.",
        example: r"error[FLV0425]: cannot pack `pyproject.toml`
  cannot encode slot `data`
  the slot has [NUMBER] bytes; the limit is [NUMBER]
hint: split it into several slots",
    }
    DANGLING_LINK = 426 {
        title: "broken link",
        cause: "What it points to is not there, so there is nothing that could be packed.",
        remedy: "Remove the link, or leave it out with a line in `.flavorignore`.",
        example: r"error[FLV0426]: cannot pack `site`
  the link `site/gone` is broken: `nowhere`
hint: remove the link, or leave it out with a line in `.flavorignore`",
    }
    NO_LONGER_IMPORTS = 430 {
        title: "a module can no longer be imported",
        cause: "`--slim` has left out something that a module of a dependency needs.",
        remedy: "Restore it with `include` under `[tool.flavor.build]`, or leave less out.",
        example: r#"error[FLV0430]: cannot pack `app/pyproject.toml`
  with tests, stubs left out, `ballast` can no longer be imported: FileNotFoundError: [Errno 2] No such file or directory: 'lib/python3.13/site-packages/ballast/core.pyi'
hint: restore the files that it needs, as in `include = ["deps:**/ballast/**"]` under [tool.flavor.build], or leave less out"#,
    }
    LOOKS_SECRET = 440 {
        title: "the package contains what looks like a secret",
        cause: "A warning: names such as `.env`, `.netrc` or `id_rsa`, and private keys in PEM. Packages are not encrypted.",
        remedy: "Leave it out with `exclude` under `[tool.flavor.build]` or with a line in `.flavorignore`.",
        example: r"warning[FLV0440]: slot `app` has what looks like secrets: app/site/deploy.pem, app/site/id_rsa
hint: anyone with the package can read it; exclude it with a line `deploy.pem` in `.flavorignore`",
    }
    FROM_OUTSIDE = 441 {
        title: "a link added files from outside the project",
        cause: "A warning: the build back end has packed what a link in the sources leads to.",
        remedy: "Replace the link by a copy if that is meant, or name it in `.flavorignore`.",
        example: r"warning[FLV0441]: what a link leads to, outside the project, is in the package: more.py
hint: replace the link by a copy if that is intended, or list it in `.flavorignore`",
    }
    PASSED_OVER = 442 {
        title: "some files of the project are hidden from its build",
        cause: "A warning: links that lead nowhere or in a circle, devices, sockets and pipes, and what cannot be read.",
        remedy: "Remove it, or name it in `.flavorignore`.",
        example: r"warning[FLV0442]: the build does not see unreadable files and dangling links: gone
hint: remove it, or list it in `.flavorignore`",
    }
    NOTHING_THERE = 443 {
        title: "a path in the work environment does not exist",
        cause: "The command, or a variable, has a path behind `{workenv}` at which nothing will be. Of the program itself that is \
            an error, otherwise a warning.",
        remedy: "Correct the path, or add a slot with that `target`.",
        example: r"error[FLV0443]: cannot pack `pyproject.toml`
  the command names `{workenv}/bin/prob`, which no slot provides
hint: did you mean `{workenv}/bin/probe`?",
    }
    OVER_BUDGET = 444 {
        title: "a budget is exceeded",
        cause: "A warning: `[tool.flavor.budget]` sets the limit. With `--check-budget` the exit code is 5.",
        remedy: "See where the bytes are with `flavor inspect --largest 10 PACKAGE`, leave some out, or raise the limit.",
        example: r"warning[FLV0444]: slot `data` has 3.0 kB; its budget is 1.0 kB
hint: `flavor inspect --largest 10 ./dist/probe.psp` shows what is large",
    }
    MISSING_MODULE = 445 {
        title: "an imported module is missing from the package",
        cause: "A warning: the import is executed whenever the module with it is imported, and neither the package nor the runtime has \
            what it names.",
        remedy: "Declare the distribution that provides it, or make the import conditional. If the program runs without, `unmet = [\"NAME\"]` \
            under `[tool.flavor.build]` says so.",
        example: r"warning[FLV0445]: hello/cli.py:2 imports click, which nothing in the package provides
hint: add the distribution that provides it to `dependencies` under [project]",
    }
    MODULE_LEFT_OUT = 446 {
        title: "an imported module of the standard library is left out",
        cause: "A warning: the runtime of a package is slim, without Tk, test suites and the like.",
        remedy: "Restore it with `include` under `[tool.flavor.python]`.",
        example: r#"warning[FLV0446]: src.py:1 imports ensurepip, which the slim Python of the package leaves out
hint: restore it with `include = ["ensurepip"]` under [tool.flavor.python]"#,
    }
    NOT_IN_WHEEL = 447 {
        title: "a data file is missing from the wheel",
        cause: "A warning: a module names a file that is beside it in the project, and the build back end has not packed that file.",
        remedy: "Tell the back end to pack it, as the hint shows.",
        example: r"warning[FLV0447]: hello/cli.py:6 reads data.json, which is beside it in the project and is not in the wheel
hint: make sure that the build packs `hello/data.json`",
    }
    MISSING_PLUGIN = 448 {
        title: "an entry point names a module that is not in the package",
        cause: "A warning: `[project.entry-points]` has a line for others to find, and what it names is not there.",
        remedy: "Correct the name, or make sure that the build packs the module.",
        example: r"warning[FLV0448]: the entry point `plug` of `some.group` names hello.plug, which nothing in the package provides
hint: correct the name in the project's metadata, or make sure that the build packs the module",
    }
    BEYOND_TARGET = 450 {
        title: "the package needs more than `[tool.flavor.target]` promises",
        cause: "`glibc` is older than a file in the package allows, or `libraries` does not list one that has to come from the \
            machine that the package runs on. The pack ends with 5.",
        remedy: "Raise the promise if it holds, or take the file away that asks for more: `flavor pack -v` names it.",
        example: r"warning[FLV0450]: the package needs glibc 2.34; `[tool.flavor.target]` promises 2.2: `probe` in slot `script` needs it
hint: use a build for older systems, or pack on an older system",
    }
    FROM_TARGET = 451 {
        title: "the machine that the package runs on must have a library",
        cause: "It belongs to a graphics driver, a display or a sound server, which a copy from this machine would not fit.",
        remedy: "If every target has it, say so: `libraries = [\"libGL.so.1\"]` under `[tool.flavor.target]`. A list says also that \
            nothing else may be needed.",
        example: r#"warning[FLV0451]: the package needs a library of the target that it cannot carry: libGL.so.1 (`probe` in slot `script`)
hint: if every target has it, declare it with `libraries = ["libGL.so.1"]` under [tool.flavor.target]"#,
    }
    NO_LIBRARY = 452 {
        title: "a library is neither in the package nor on this machine",
        cause: "A native file is linked against it. An error if the main program needs the file in any case, else a warning: \
            many a plug-in is never loaded.",
        remedy: "Install it here, and it is carried; or name it under `[tool.flavor.target] libraries` if every target has it; or \
            leave the file out with `exclude` under `[tool.flavor.build]`.",
        example: r#"error[FLV0452]: cannot pack `pyproject.toml`
  there is no library `libneeded.so.1` in the package or on this machine, which `probe` in slot `script` needs
hint: install it on this machine to include it; if every target has it, list it in `libraries = ["libneeded.so.1"]` under [tool.flavor.target]"#,
    }
    OLD_LIBRARY = 453 {
        title: "a library is too old for a file that needs it",
        cause: "The file asks for versions of symbols that neither the library in the package nor this machine's has. A loader \
            refuses the file.",
        remedy: "Install a newer one here, or take a build of the file for older systems.",
        example: r"error[FLV0453]: cannot pack `pyproject.toml`
  the library `libneeded.so.1` lacks NEEDED_2, which `probe` in slot `script` needs
hint: install a newer one here, or use a build of the file for older systems",
    }
    NOT_CARRIED = 454 {
        title: "a library of this machine cannot be carried beside the file that needs it",
        cause: "A slot of one file that comes and goes has no place for another, or the file cannot be given a search path.",
        remedy: "Make it a slot with a directory as its source, or bring the library in a slot.",
        example: r#"error[FLV0454]: cannot pack `pyproject.toml`
  the library `libneeded.so.1` cannot be carried, which `probe` in slot `script` needs: a temporary single-file slot cannot have libraries beside the file
hint: add it as a slot, or list it in `libraries = ["libneeded.so.1"]` under [tool.flavor.target] if every target has it"#,
    }
    OPENS_LIBRARY = 455 {
        title: "Python code opens a library by its name",
        cause: "Code that calls `ctypes` or `cffi` with a name needs a library that no header mentions, and the package does \
            not have it. Whether that code is run, only the program knows.",
        remedy: "Carry it with `include = [\"libmagic.so.1\"]` under `[tool.flavor.python]`, or name it under \
            `[tool.flavor.target] libraries` if every target has it.",
        example: r#"warning[FLV0455]: `lib/python3.11/site-packages/magic/loader.py` in slot `deps` opens `libmagic.so.1` by name, which is not in the package
hint: if the program needs it: `include = ["libmagic.so.1"]` under [tool.flavor.python] carries it, `libraries = ["libmagic.so.1"]` under [tool.flavor.target] says that every target has it"#,
    }
    RESERVED_PATH = 460 {
        title: "a slot has a file or directory that a start has itself",
        cause: "At the root of the work environment `.flavor` is the launcher's, and in a Python package `pyvenv.cfg`, `bin/python`, \
            `bin/python3`, `bin/python3.N` and `runtime` are the interpreter's. A start would refuse what a tree has there, or \
            overwrite it.",
        remedy: "Leave it out with `exclude` under `[tool.flavor.build]`, or give the slot a `target` of its own.",
        example: r#"error[FLV0460]: cannot pack `pyproject.toml`
  slot `data` has `{workenv}/.flavor`, and the launcher keeps its own files there
hint: leave it out with `exclude = ["/.flavor"]` under [tool.flavor.build], or give the slot another `target`"#,
    }
    HIDDEN_DIRECTORY = 461 {
        title: "a slot has a file where another slot has a directory",
        cause: "Directories of several slots are merged, and of two files the later slot's counts. A file and a directory at one \
            place are neither: one would hide the other.",
        remedy: "Give one of the slots another `target`, or leave one of the two out with `exclude` under `[tool.flavor.build]`.",
        example: r"error[FLV0461]: cannot pack `pyproject.toml`
  slot `data` has a file at `{workenv}/share`, where slot `more` has a directory
hint: give one of the slots another `target`, or leave one of the two out with `exclude`",
    }
    SOURCE_OUTSIDE = 462 {
        title: "the source of a slot is outside the project",
        cause: "By `..`, by an absolute path or by a link it leads to something that is neither below the directory of the manifest \
            nor in the same repository. Another checkout of the project would not have it.",
        remedy: "Move it into the project, or say `follow = true` in the slot. Then links in its directory are followed out of it, \
            too.",
        example: r"error[FLV0462]: cannot pack `pyproject.toml`
  slot `data` (line 16): the source `../elsewhere` leads to `[ROOT]/elsewhere`, outside the project
hint: move it into the project, or set `follow = true` in the slot to allow it",
    }
}
