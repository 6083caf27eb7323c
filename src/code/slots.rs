//! Slots and the build.

codes! {
    MISSING_SOURCE = 401 {
        title: "the source of a slot does not exist",
        cause: "Sources are relative to the directory of `pyproject.toml`.",
        remedy: "Correct the path, or make the file first.",
        example: r"error[FLV0401]: the source of a slot does not exist",
    }
    LAUNCHER_CANNOT_READ = 402 {
        title: "the launcher cannot read an operation",
        cause: "The launcher that was given belongs to another tool, which decodes less.",
        remedy: "Use gzip or raw for the slot, or leave `--launcher-bin` out.",
        example: r"error[FLV0402]: the launcher cannot read an operation",
    }
    LAUNCHER_LACKS = 403 {
        title: "the launcher does not know something that the manifest asks for",
        cause: "The launcher that was given belongs to another tool.",
        remedy: "Take it out of the manifest, or leave `--launcher-bin` out.",
        example: r"error[FLV0403]: the launcher does not know something that the manifest asks for",
    }
    WHOLE_TARGET = 404 {
        title: "a slot that comes and goes is to be the whole work environment",
        cause: "What is extracted late, or removed, needs a place of its own.",
        remedy: "Give it a `target`.",
        example: r"error[FLV0404]: a slot that comes and goes is to be the whole work environment",
    }
    BAD_CHAIN = 405 {
        title: "operations cannot be combined so",
        cause: "A bundle comes first, and only one compression may follow.",
        remedy: "Write `operations = [\"tar\", \"zstd\"]`.",
        example: r"error[FLV0405]: operations cannot be combined so",
    }
    SAME_TARGET = 406 {
        title: "two slots are in each other's way",
        cause: "They have the same target, or one lies within a file of the other.",
        remedy: "Give one of them another `target`.",
        example: r"error[FLV0406]: two slots are in each other's way",
    }
    TARGET_TAKEN = 407 {
        title: "a target belongs to the virtual environment",
        cause: "A Python package has `bin/python`, `pyvenv.cfg` and others there.",
        remedy: "Give the slot another `target`.",
        example: r"error[FLV0407]: a target belongs to the virtual environment",
    }
    OUTPUT_IN_THE_WAY = 408 {
        title: "something that is no package stands where the output goes",
        cause: "Only packages are replaced: never devices, links, directories, or the manifest.",
        remedy: "Choose another file with `--output`.",
        example: r"error[FLV0408]: something that is no package stands where the output goes",
    }
    MEMORY_LIMIT = 409 {
        title: "one thread alone takes more than `--memory-limit`",
        cause: "The level of compression decides how much memory a frame takes.",
        remedy: "Raise `--memory-limit`, or lower `--compress` or the slot's level.",
        example: r"error[FLV0409]: one thread alone takes more than `--memory-limit`",
    }
    NO_BUILD_RECORD = 410 {
        title: "the package does not say how it was made",
        cause: "It was not made by this flavor, so it cannot be made again and compared.",
        remedy: "Rebuild and compare packages of flavor.",
        example: r"error[FLV0410]: the package does not say how it was made",
    }
    NOT_EXECUTABLE = 411 {
        title: "the launcher is not an executable for this system",
        cause: "The file of `--launcher-bin` is not an ELF program for this processor.",
        remedy: "Leave `--launcher-bin` out to use the launcher that flavor carries.",
        example: r"error[FLV0411]: the launcher is not an executable for this system",
    }
    NOT_A_LAUNCHER = 412 {
        title: "the program is not a launcher",
        cause: "It is executable, but would not start a package.",
        remedy: "Leave `--launcher-bin` out to use the launcher that flavor carries.",
        example: r"error[FLV0412]: the program is not a launcher",
    }
    SOURCE_CHANGED = 420 {
        title: "a file changed while it was read",
        cause: "Something writes to the tree that is being packed.",
        remedy: "Pack again when nothing writes to it.",
        example: r"error[FLV0420]: a file changed while it was read",
    }
    SPECIAL_FILE = 421 {
        title: "a tree has a device, a socket or a pipe in it",
        cause: "Only files, directories and links are packed.",
        remedy: "Leave it out of the slot's source.",
        example: r"error[FLV0421]: a tree has a device, a socket or a pipe in it",
    }
    ESCAPING_LINK = 422 {
        title: "a link leads out of the packed tree",
        cause: "On another machine it would lead nowhere, or to something else.",
        remedy: "Replace it by a copy, or widen the slot's source.",
        example: r"error[FLV0422]: a link leads out of the packed tree",
    }
    LINK_LOOP = 423 {
        title: "links lead in a circle",
        cause: "Following them never ends.",
        remedy: "Remove one of them.",
        example: r"error[FLV0423]: links lead in a circle",
    }
    DIRECTORY_WITHOUT_TAR = 424 {
        title: "a directory is to be stored without `tar`",
        cause: "A codec compresses one stream of bytes, a directory is none.",
        remedy: "Write `operations = [\"tar\", \"zstd\"]`.",
        example: r"error[FLV0424]: a directory is to be stored without `tar`",
    }
    TOO_LARGE = 425 {
        title: "a slot is larger than readers unpack",
        cause: "Readers stop where so few bytes become so many: it would be how a bomb looks.",
        remedy: "Store what it consists of without compression: `operations = [\"tar\"]`.",
        example: r"error[FLV0425]: a slot is larger than readers unpack",
    }
    NO_LONGER_IMPORTS = 430 {
        title: "a module can no longer be imported",
        cause: "`--slim` has left out something that a module of a dependency needs.",
        remedy: "Bring it back with `include` under `[tool.flavor.build]`, or leave less out.",
        example: r"error[FLV0430]: a module can no longer be imported",
    }
}
