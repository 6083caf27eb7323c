//! Slots and the build.

codes! {
    MISSING_SOURCE = 401 {
        title: "the source of a slot does not exist",
        cause: "Sources are resolved relative to the directory of `pyproject.toml`.",
        remedy: "Correct the path, or create the file first.",
        example: r"error[FLV0401]: cannot pack `pyproject.toml`
  slot `script` (line 9): the source `./probe.sh` does not exist
hint: sources are relative to the directory of pyproject.toml",
    }
    LAUNCHER_CANNOT_READ = 402 {
        title: "the launcher does not support an operation",
        cause: "The launcher passed with `--launcher-bin` is from another tool and supports fewer operations.",
        remedy: "Use gzip or raw for the slot, or omit `--launcher-bin`.",
        example: r"error[FLV0402]: cannot pack `[ROOT]/tool/pyproject.toml`
  slot `words`: `xz` is not supported by the launcher of FlavorPack
hint: use gzip or raw for this slot, or omit --launcher-bin",
    }
    LAUNCHER_LACKS = 403 {
        title: "the launcher does not support a key of the manifest",
        cause: "The launcher passed with `--launcher-bin` is from another tool.",
        remedy: "Remove the key from the manifest, or omit `--launcher-bin`.",
        example: r"error[FLV0403]: cannot pack `pyproject.toml`
  `post_extract` is not supported by the launcher of FlavorPack
hint: remove it, or omit --launcher-bin",
    }
    WHOLE_TARGET = 404 {
        title: "a slot that is not eager targets the whole work environment",
        cause: "A slot that is extracted later or removed requires its own directory.",
        remedy: "Set a `target` for the slot.",
        example: r"error[FLV0404]: cannot pack `pyproject.toml`
  slot `data`: with the lifecycle `lazy` it cannot be the whole work environment
hint: set its `target` to a subdirectory",
    }
    BAD_CHAIN = 405 {
        title: "incompatible operations",
        cause: "Only one codec is allowed per slot: compressing data twice does not make it smaller.",
        remedy: "Use one of gzip, xz and zstd, after `tar` for a directory: `operations = [\"tar\", \"zstd\"]`.",
        example: r#"error[FLV0405]: cannot pack `pyproject.toml`
  slot `data`: `gzip` and `xz` are both codecs; only one is allowed
hint: use one of gzip, xz and zstd, after `tar` for a directory: `operations = ["tar", "gzip"]`"#,
    }
    SAME_TARGET = 406 {
        title: "two slots have the same target",
        cause: "The targets are equal, or one is below a file of the other.",
        remedy: "Change the `target` of one of them.",
        example: r"error[FLV0406]: cannot pack `pyproject.toml`
  slots `script` and `data` both target `{workenv}/bin/probe`
hint: give one of them another `target`",
    }
    TARGET_TAKEN = 407 {
        title: "a target is reserved for the virtual environment",
        cause: "In a Python package, `bin/python`, `pyvenv.cfg` and some other paths belong to the virtual environment.",
        remedy: "Change the `target` of the slot.",
        example: r"error[FLV0407]: cannot pack `app/pyproject.toml`
  slot `own`: the target `{workenv}/pyvenv.cfg` is reserved for the virtual environment
hint: give one of them another `target`",
    }
    OUTPUT_IN_THE_WAY = 408 {
        title: "the output file exists and is not a package",
        cause: "flavor only overwrites packages, never devices, links, directories or the manifest.",
        remedy: "Choose another file with `--output`.",
        example: r"error[FLV0408]: cannot pack `pyproject.toml`
  `taken.psp` exists and is not a package; it is not replaced
hint: choose another file with --output",
    }
    MEMORY_LIMIT = 409 {
        title: "one thread requires more than `--memory-limit`",
        cause: "The compression level determines how much memory a thread requires.",
        remedy: "Raise `--memory-limit`, or lower `--compress` or the slot's level.",
        example: r"error[FLV0409]: cannot pack `pyproject.toml`
  encoding `data` requires [SIZE] with one thread; the limit is [SIZE]
hint: raise --memory-limit, or lower --compress or the slot's level",
    }
    NO_BUILD_RECORD = 410 {
        title: "the package has no record of how it was built",
        cause: "The package was not built by this version of flavor, so it cannot be rebuilt and compared.",
        remedy: "Only rebuild packages that flavor has built.",
        example: r"error[FLV0410]: cannot pack `./pyproject.toml`
  the package has no build record",
    }
    NOT_EXECUTABLE = 411 {
        title: "the launcher is not an executable for this system",
        cause: "The file passed with `--launcher-bin` is not an ELF executable for this processor.",
        remedy: "Omit `--launcher-bin` to use the built-in launcher.",
        example: r"error[FLV0411]: cannot pack `pyproject.toml`
  `text` is not an executable file for Linux on this processor
hint: omit --launcher-bin to use the embedded launcher",
    }
    NOT_A_LAUNCHER = 412 {
        title: "the executable is not a launcher",
        cause: "The file is executable, but is not a launcher of packages.",
        remedy: "Omit `--launcher-bin` to use the built-in launcher.",
        example: r"error[FLV0412]: cannot pack `pyproject.toml`
  `/bin/true` is an executable, but not a launcher
hint: omit --launcher-bin to use the embedded launcher",
    }
    HOOK_FAILED = 413 {
        title: "a build hook failed",
        cause: "The command of `pre_build` or `post_build` under `[tool.flavor.build]` could not be started or exited \
            with a code other than 0. Its output is above the message.",
        remedy: "Run it manually in the project directory, or pass `--no-hooks`.",
        example: r"error[FLV0413]: cannot pack `pyproject.toml`
  `pre_build` failed: `sh -c 'echo no >&2; exit 3'` ended with 3
hint: run it by hand in `.`, or pass `--no-hooks`",
    }
    SOURCE_CHANGED = 420 {
        title: "a file changed while it was being read",
        cause: "Another process is writing to the files that are being packed.",
        remedy: "Pack again when the files no longer change.",
        example: r"error[FLV0420]: cannot pack `pyproject.toml`
  cannot encode the slots
  `./data` changed while it was read
hint: pack again when nothing writes to the tree",
    }
    SPECIAL_FILE = 421 {
        title: "a device, socket or pipe cannot be packed",
        cause: "Packages contain files, directories and links only.",
        remedy: "Exclude it from the source of the slot.",
        example: r"error[FLV0421]: cannot pack `pyproject.toml`
  cannot encode slot `tree`
  `./tree/pipe` is a device, socket or pipe
hint: leave it out of the slot's source",
    }
    ESCAPING_LINK = 422 {
        title: "a link points outside the packed directory",
        cause: "On another machine, the target of the link would be missing or different.",
        remedy: "Replace the link with a copy, or use a source that includes the target.",
        example: r"error[FLV0422]: cannot pack `pyproject.toml`
  cannot encode slot `script`
  the link `./probe.sh/link` points to `/etc/passwd`, outside the packed tree
hint: replace the link by a copy, or widen the slot's source",
    }
    LINK_LOOP = 423 {
        title: "links form a loop",
        cause: "The links refer to each other.",
        remedy: "Remove one of the links.",
        example: r"error[FLV0423]: cannot pack `pyproject.toml`
  cannot encode slot `data`
  the links below `[ROOT]/data/inner/again` form a loop",
    }
    DIRECTORY_WITHOUT_TAR = 424 {
        title: "a directory needs `tar`",
        cause: "A codec compresses a single stream. `tar` turns a directory into one.",
        remedy: "Write `operations = [\"tar\", \"zstd\"]`.",
        example: r#"error[FLV0424]: cannot pack `pyproject.toml`
  cannot encode slot `script`
  `./probe.sh` is a directory, and the operations have no `tar`
hint: write `operations = ["tar", "zstd"]`"#,
    }
    TOO_LARGE = 425 {
        title: "a slot exceeds the size limit",
        cause: "Readers extract at most 64 GiB per slot. For packages of FlavorPack, which do not sign the extracted \
            size, the limit is lower.",
        remedy: "Split it into several slots.",
        example: r"error[FLV0425]: cannot pack `pyproject.toml`
  cannot encode slot `data`
  the slot has [NUMBER] bytes; the limit is [NUMBER]
hint: split it into several slots",
    }
    DANGLING_LINK = 426 {
        title: "broken link",
        cause: "The target of the link does not exist.",
        remedy: "Remove the link, or exclude it in `.flavorignore`.",
        example: r"error[FLV0426]: cannot pack `site`
  the link `site/gone` is broken: `nowhere`
hint: remove the link, or leave it out with a line in `.flavorignore`",
    }
    NO_LONGER_IMPORTS = 430 {
        title: "a module can no longer be imported",
        cause: "`--slim` removed a file that a module of a dependency requires.",
        remedy: "Restore it with `include` under `[tool.flavor.build]`, or remove fewer files.",
        example: r#"error[FLV0430]: cannot pack `app/pyproject.toml`
  with tests, stubs left out, `ballast` can no longer be imported: FileNotFoundError: [Errno 2] No such file or directory: 'lib/python3.13/site-packages/ballast/core.pyi'
hint: restore the files that it needs, as in `include = ["deps:**/ballast/**"]` under [tool.flavor.build], or leave less out"#,
    }
    LOOKS_SECRET = 440 {
        title: "the package may contain secrets",
        cause: "A warning: the package contains files named like secrets, such as `.env`, `.netrc` or `id_rsa`, or a \
            private key in PEM format. Packages are not encrypted.",
        remedy: "Exclude the files with `exclude` under `[tool.flavor.build]` or in `.flavorignore`.",
        example: r"warning[FLV0440]: slot `app` has what looks like secrets: app/site/deploy.pem, app/site/id_rsa
hint: anyone with the package can read it; exclude it with a line `deploy.pem` in `.flavorignore`",
    }
    FROM_OUTSIDE = 441 {
        title: "a link added files from outside the project",
        cause: "A warning: the build back end followed a link in the sources that points outside the project.",
        remedy: "If that is intended, replace the link with a copy. Otherwise exclude it in `.flavorignore`.",
        example: r"warning[FLV0441]: what a link leads to, outside the project, is in the package: more.py
hint: replace the link by a copy if that is intended, or list it in `.flavorignore`",
    }
    PASSED_OVER = 442 {
        title: "some files of the project are excluded from its build",
        cause: "A warning: broken links, link loops, devices, sockets, pipes and unreadable files are not visible to \
            the build.",
        remedy: "Remove them, or list them in `.flavorignore`.",
        example: r"warning[FLV0442]: the build does not see unreadable files and dangling links: gone
hint: remove it, or list it in `.flavorignore`",
    }
    NOTHING_THERE = 443 {
        title: "a path in the work environment does not exist",
        cause: "The command or a variable has a path below `{workenv}` that no slot provides. An error for the \
            program itself, otherwise a warning.",
        remedy: "Correct the path, or add a slot with that `target`.",
        example: r"error[FLV0443]: cannot pack `pyproject.toml`
  the command names `{workenv}/bin/prob`, which no slot provides
hint: did you mean `{workenv}/bin/probe`?",
    }
    OVER_BUDGET = 444 {
        title: "a budget is exceeded",
        cause: "A warning: the size exceeds a limit in `[tool.flavor.budget]`. With `--check-budget`, the exit code is 5.",
        remedy: "Find large files with `flavor inspect --largest 10 PACKAGE` and exclude some, or raise the limit.",
        example: r"warning[FLV0444]: slot `data` has 3.0 kB; its budget is 1.0 kB
hint: `flavor inspect --largest 10 ./dist/probe.psp` shows what is large",
    }
    MISSING_MODULE = 445 {
        title: "an imported module is missing from the package",
        cause: "A warning: a module contains an unconditional import of a module that neither the package nor the \
            runtime has.",
        remedy: "Declare the distribution that provides it, or make the import conditional. If the program works \
            without it, add `unmet = [\"NAME\"]` under `[tool.flavor.build]`.",
        example: r"warning[FLV0445]: hello/cli.py:2 imports click, which nothing in the package provides
hint: add the distribution that provides it to `dependencies` under [project]",
    }
    MODULE_LEFT_OUT = 446 {
        title: "an imported module of the standard library is excluded",
        cause: "A warning: the runtime of a package is slim. It excludes Tk, test suites and similar parts.",
        remedy: "Restore it with `include` under `[tool.flavor.python]`.",
        example: r#"warning[FLV0446]: src.py:1 imports ensurepip, which the slim Python of the package leaves out
hint: restore it with `include = ["ensurepip"]` under [tool.flavor.python]"#,
    }
    NOT_IN_WHEEL = 447 {
        title: "a data file is missing from the wheel",
        cause: "A warning: a module refers to a file next to it in the project, but the build back end did not \
            include that file in the wheel.",
        remedy: "Configure the build back end to include it, as the hint shows.",
        example: r"warning[FLV0447]: hello/cli.py:6 reads data.json, which is beside it in the project and is not in the wheel
hint: make sure that the build packs `hello/data.json`",
    }
    MISSING_PLUGIN = 448 {
        title: "an entry point names a module that the package lacks",
        cause: "A warning: an entry point under `[project.entry-points]` names a module that is not in the package.",
        remedy: "Correct the name, or configure the build to include the module.",
        example: r"warning[FLV0448]: the entry point `plug` of `some.group` names hello.plug, which nothing in the package provides
hint: correct the name in the project's metadata, or make sure that the build packs the module",
    }
    BEYOND_TARGET = 450 {
        title: "the package requires more than `[tool.flavor.target]` allows",
        cause: "`glibc` is lower than the version that a file in the package requires, or `libraries` does not list a \
            library that the target machine has to provide. The exit code is 5.",
        remedy: "Raise the version or add the library if every target has it. Otherwise remove the file that requires \
            it: `flavor pack -v` names it.",
        example: r"warning[FLV0450]: the package needs glibc 2.34; `[tool.flavor.target]` promises 2.2: `probe` in slot `script` needs it
hint: use a build for older systems, or pack on an older system",
    }
    FROM_TARGET = 451 {
        title: "the target machine must provide a library",
        cause: "The library belongs to a graphics driver, a display server or a sound server. A copy from this \
            machine would not match the ones of the target.",
        remedy: "If every target has it, declare it with `libraries = [\"libGL.so.1\"]` under `[tool.flavor.target]`. \
            Libraries that are not in the list are then reported as FLV0450.",
        example: r#"warning[FLV0451]: the package needs a library of the target that it cannot carry: libGL.so.1 (`probe` in slot `script`)
hint: if every target has it, declare `libraries = ["libGL.so.1"]` under [tool.flavor.target]"#,
    }
    NO_LIBRARY = 452 {
        title: "a library is missing from the package and from this machine",
        cause: "A native file is linked against the library. An error if the main program always loads the file, \
            otherwise a warning, because many plug-ins are never loaded.",
        remedy: "Install the library on this machine to include it. If every target has it, list it in `libraries` \
            under `[tool.flavor.target]`. Otherwise exclude the file with `exclude` under `[tool.flavor.build]`.",
        example: r#"error[FLV0452]: cannot pack `pyproject.toml`
  there is no library `libneeded.so.1` in the package or on this machine, which `probe` in slot `script` needs
hint: install it on this machine to include it; if every target has it, list it in `libraries = ["libneeded.so.1"]` under [tool.flavor.target]"#,
    }
    OLD_LIBRARY = 453 {
        title: "a library is too old for a file that needs it",
        cause: "The file requires symbol versions that neither the library in the package nor the one on this machine \
            has. The dynamic loader would not load the file.",
        remedy: "Install a newer version of the library on this machine, or use a build of the file for older systems.",
        example: r"error[FLV0453]: cannot pack `pyproject.toml`
  the library `libneeded.so.1` lacks NEEDED_2, which `probe` in slot `script` needs
hint: install a newer one here, or use a build of the file for older systems",
    }
    NOT_CARRIED = 454 {
        title: "a library cannot be included next to the file that requires it",
        cause: "A single-file slot that is not permanent has no directory for the library, or the search path of the \
            file cannot be changed.",
        remedy: "Use a directory as the source of the slot, or add the library as a slot.",
        example: r#"error[FLV0454]: cannot pack `pyproject.toml`
  the library `libneeded.so.1` cannot be carried, which `probe` in slot `script` needs: a temporary single-file slot cannot have libraries beside the file
hint: add it as a slot, or list it in `libraries = ["libneeded.so.1"]` under [tool.flavor.target] if every target has it"#,
    }
    OPENS_LIBRARY = 455 {
        title: "Python code loads a library by name",
        cause: "The code loads a library with `ctypes` or `cffi`, and the package does not contain that library. \
            flavor cannot determine whether the code is executed.",
        remedy: "Include the library with `include = [\"libmagic.so.1\"]` under `[tool.flavor.python]`, or list it in \
            `libraries` under `[tool.flavor.target]` if every target has it.",
        example: r#"warning[FLV0455]: `lib/python3.11/site-packages/magic/loader.py` in slot `deps` opens `libmagic.so.1` by name, which is not in the package
hint: if the program needs it: `include = ["libmagic.so.1"]` under [tool.flavor.python] carries it, `libraries = ["libmagic.so.1"]` under [tool.flavor.target] says that every target has it"#,
    }
    RESERVED_PATH = 460 {
        title: "a slot contains a reserved path",
        cause: "At the root of the work environment, `.flavor` belongs to the launcher. In a Python package, \
            `pyvenv.cfg`, `bin/python`, `bin/python3`, `bin/python3.N` and `runtime` belong to the virtual \
            environment. A start would reject or overwrite what a slot has there.",
        remedy: "Exclude it with `exclude` under `[tool.flavor.build]`, or set a `target` for the slot.",
        example: r#"error[FLV0460]: cannot pack `pyproject.toml`
  slot `data` has `{workenv}/.flavor`, and the launcher keeps its own files there
hint: leave it out with `exclude = ["/.flavor"]` under [tool.flavor.build], or give the slot another `target`"#,
    }
    HIDDEN_DIRECTORY = 461 {
        title: "a slot has a file where another slot has a directory",
        cause: "The directories of several slots are merged, and files of later slots replace those of earlier ones. \
            A file and a directory at the same path cannot be merged.",
        remedy: "Change the `target` of one of the slots, or exclude one of the paths with `exclude` under \
            `[tool.flavor.build]`.",
        example: r"error[FLV0461]: cannot pack `pyproject.toml`
  slot `data` has a file at `{workenv}/share`, where slot `more` has a directory
hint: give one of the slots another `target`, or leave one of the two out with `exclude`",
    }
    SOURCE_OUTSIDE = 462 {
        title: "the source of a slot is outside the project",
        cause: "The source is an absolute path, contains `..` or is a link, and its target is neither below the \
            directory of the manifest nor in the same repository. Another checkout of the project would not have it.",
        remedy: "Move it into the project, or set `follow = true` for the slot. Links in its directory may then point \
            outside the project as well.",
        example: r"error[FLV0462]: cannot pack `pyproject.toml`
  slot `data` (line 16): the source `../elsewhere` leads to `[ROOT]/elsewhere`, outside the project
hint: move it into the project, or set `follow = true` in the slot to allow it",
    }
}
