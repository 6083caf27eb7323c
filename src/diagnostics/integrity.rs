//! Damaged packages.

codes! {
    NOT_A_PACKAGE = 601 {
        title: "the file is not a package, or is truncated",
        cause: "The file does not end with the trailer of a package.",
        remedy: "Copy the file again. `flavor pack` prints the size of each package that it writes.",
        example: r"error[FLV0601]: cannot open package `foreign`
  no package trailer at the end of the file
hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes",
    }
    UNKNOWN_FORMAT = 602 {
        title: "the package has an unsupported format version",
        cause: "The index names a format version that this version of flavor does not read.",
        remedy: "Use a version of flavor that supports it.",
        example: r"error[FLV0602]: cannot open package `changed.psp`
  the index has format version 0x20250002; this version of flavor reads 0x20250001
hint: do not run it; download the file again from its publisher",
    }
    INDEX_DAMAGED = 603 {
        title: "the index is damaged",
        cause: "The checksum of the index does not match.",
        remedy: "Download the file again from its publisher.",
        example: r"error[FLV0603]: cannot open package `changed.psp`
  the index has checksum [SUM]; expected [SUM]
hint: do not run it; download the file again from its publisher",
    }
    WRONG_SIZE = 604 {
        title: "the file size differs from the size in the index",
        cause: "The file was truncated, or bytes were appended to it.",
        remedy: "Copy the file again.",
        example: r"error[FLV0604]: cannot open package `hole.psp`
  the package has [NUMBER] bytes according to its index; the file has [NUMBER]
hint: the file is truncated or has bytes appended; copy it again",
    }
    OUT_OF_BOUNDS = 605 {
        title: "the index refers to bytes outside the file",
        cause: "An offset or a length in the index exceeds the size of the file.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0605]: cannot open package `changed.psp`
  the metadata at byte [NUMBER], [NUMBER] bytes long, extends beyond byte [NUMBER]
hint: do not run it; download the file again from its publisher",
    }
    OVER_LIMIT = 606 {
        title: "the package exceeds a limit of the format",
        cause: "A value in the package exceeds its maximum, the extracted size is too large for a package of its \
            size, or reading it takes too long.",
        remedy: "Do not run it; download the file again from its publisher. For a package that you trust, pass \
            `--limits none` to `inspect`, `diff`, `verify`, `extract` or `extract-all`.",
        example: r"error[FLV0606]: cannot open package `changed.psp`
  slots: [NUMBER] is more than the limit of 4096
hint: do not run it; download the file again from its publisher",
    }
    BAD_METADATA = 607 {
        title: "the metadata is not valid",
        cause: "The metadata is not a single gzip stream of JSON, or lacks required keys.",
        remedy: "Download the file again from its publisher. If the error persists, the tool that built the package \
            does not conform to PSPF/2025.",
        example: r"error[FLV0607]: cannot open package `changed.psp`
  the metadata block is not a single gzip stream: damaged stream
hint: do not run it; download the file again from its publisher",
    }
    METADATA_CHANGED = 609 {
        title: "the metadata was changed",
        cause: "The digest of the metadata does not match the index, or the metadata is not canonical JSON.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0609]: cannot open package `changed.psp`
  the digest of the metadata block does not match the index
hint: do not run it; download the file again from its publisher",
    }
    INDEX_DIFFERS = 610 {
        title: "the index does not match the signed metadata",
        cause: "The index or the metadata was changed after signing.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0610]: cannot open package `changed.psp`
  the index does not match the signed metadata: the first difference is at byte 4
hint: do not run it; download the file again from its publisher",
    }
    SLOT_TABLE_DIFFERS = 611 {
        title: "the slot table does not match the signed metadata",
        cause: "The slot table or the metadata was changed after signing.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0611]: cannot open package `changed.psp`
  the slot table does not match the signed metadata: slot `script`
hint: do not run it; download the file again from its publisher",
    }
    PADDING = 612 {
        title: "the padding of the package is not all zeros",
        cause: "The bytes between the parts of a package must be zero.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0612]: cannot open package `changed.psp`
  the padding before the slot table is not all zeros
hint: do not run it; download the file again from its publisher",
    }
    LAUNCHER_CHANGED = 613 {
        title: "the launcher was changed",
        cause: "The launcher in the package is not the one that was signed.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0613]: cannot open package `changed.psp`
  the launcher has digest [DIGEST]; the signed metadata has [DIGEST]
hint: do not run it; download the file again from its publisher",
    }
    SLOT_CHANGED = 614 {
        title: "a slot was changed",
        cause: "The digest of the slot does not match the signed metadata.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0614]: cannot open package `tampered.psp`
  slot `tree` has digest [DIGEST]; the signed metadata has [DIGEST]
hint: do not run it; download the file again from its publisher",
    }
    BAD_CONTENT = 615 {
        title: "a slot cannot be decoded",
        cause: "The archive or the compressed stream is truncated, larger than declared, contains paths outside its \
            directory, or has an unsupported type.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0615]: cannot extract slot `data` of `changed.psp`
  cannot decode: Unknown frame descriptor",
    }
    NOT_A_FILE = 616 {
        title: "a path is not a regular file",
        cause: "A package is a regular file, not a directory, pipe or device.",
        remedy: "Correct the path.",
        example: r"error[FLV0616]: cannot open package `.`
  `.` is not a regular file",
    }
    NO_SLOT = 617 {
        title: "the package has no such slot",
        cause: "The slot is neither the number nor the name of a slot in the package.",
        remedy: "Run `flavor inspect PACKAGE` to list its slots.",
        example: r"error[FLV0617]: cannot open package `[ROOT]/dist/stored.psp`
  there is no slot `9`; the package has `plain`, `gzipped`, `zstd`, `xz`, `note`, `note-gz`, `note-zst`, `note-xz`, `_attestation`",
    }
}
