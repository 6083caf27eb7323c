//! Packages that are damaged, or none.

codes! {
    NOT_A_PACKAGE = 601 {
        title: "the file is not a package, or cut short",
        cause: "The last bytes of a package say where everything is, and they are not there.",
        remedy: "Copy the file again; `flavor pack` prints the full size when it writes one.",
        example: r"error[FLV0601]: the file is not a package, or cut short",
    }
    UNKNOWN_FORMAT = 602 {
        title: "the package is of a version that this flavor does not read",
        cause: "The index names a version of the format.",
        remedy: "Use the flavor that goes with it.",
        example: r"error[FLV0602]: the package is of a version that this flavor does not read",
    }
    INDEX_DAMAGED = 603 {
        title: "the index is damaged",
        cause: "Its checksum does not hold.",
        remedy: "Get the file again from where it was published.",
        example: r"error[FLV0603]: the index is damaged",
    }
    WRONG_SIZE = 604 {
        title: "the file is longer or shorter than the package says",
        cause: "It was cut short, or bytes were added at the end.",
        remedy: "Copy the file again.",
        example: r"error[FLV0604]: the file is longer or shorter than the package says",
    }
    OUT_OF_BOUNDS = 605 {
        title: "the package points outside itself",
        cause: "An offset or a length in the index does not fit in the file.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0605]: the package points outside itself",
    }
    OVER_LIMIT = 606 {
        title: "the package is beyond a limit of the format",
        cause: "A number in it is larger than any reader accepts.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0606]: the package is beyond a limit of the format",
    }
    BAD_METADATA = 607 {
        title: "the metadata is not valid",
        cause: "It is not one gzip stream of JSON with what a package must say.",
        remedy: "Get the file again from where it was published; or its maker did not write PSPF/2025.",
        example: r"error[FLV0607]: the metadata is not valid",
    }
    UNKNOWN_OPERATION = 608 {
        title: "a slot is encoded in a way that this flavor does not know",
        cause: "The number of an operation is not in its table.",
        remedy: "Use the tool that made the package.",
        example: r"error[FLV0608]: a slot is encoded in a way that this flavor does not know",
    }
    METADATA_CHANGED = 609 {
        title: "the metadata was changed",
        cause: "It does not have the digest that the index has, or not the only form that it may have.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0609]: the metadata was changed",
    }
    INDEX_DIFFERS = 610 {
        title: "the index does not agree with the signed metadata",
        cause: "One of the two was changed.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0610]: the index does not agree with the signed metadata",
    }
    SLOT_TABLE_DIFFERS = 611 {
        title: "the slot table does not agree with the signed metadata",
        cause: "One of the two was changed.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0611]: the slot table does not agree with the signed metadata",
    }
    PADDING = 612 {
        title: "there is something where nothing may be",
        cause: "The bytes between the parts of a package are zero.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0612]: there is something where nothing may be",
    }
    LAUNCHER_CHANGED = 613 {
        title: "the launcher was changed",
        cause: "The program at the front of the package is not the one that was signed.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0613]: the launcher was changed",
    }
    SLOT_CHANGED = 614 {
        title: "a slot was changed",
        cause: "Its bytes do not have the digest that was signed.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0614]: a slot was changed",
    }
    BAD_CONTENT = 615 {
        title: "a slot does not decode to what it says",
        cause: "The archive or the stream is not one that may be unpacked: cut short, larger than declared, with \
            names that lead elsewhere.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0615]: a slot does not decode to what it says",
    }
    NOT_A_FILE = 616 {
        title: "a path is not a regular file",
        cause: "A package is a file, not a directory, a pipe or a device.",
        remedy: "Correct the path.",
        example: r"error[FLV0616]: a path is not a regular file",
    }
    NO_SLOT = 617 {
        title: "the package has no such slot",
        cause: "Slots are named by number or by name.",
        remedy: "`flavor inspect PACKAGE` shows them.",
        example: r"error[FLV0617]: the package has no such slot",
    }
}
