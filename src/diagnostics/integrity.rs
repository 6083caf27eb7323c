//! Packages that are damaged, or none.

codes! {
    NOT_A_PACKAGE = 601 {
        title: "the file is not a package, or is truncated",
        cause: "The last bytes of a package say where everything is, and they are not there.",
        remedy: "Copy the file again; `flavor pack` prints the full size when it writes one.",
        example: r"error[FLV0601]: cannot open package `foreign`
  no package trailer at the end of the file
hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes",
    }
    UNKNOWN_FORMAT = 602 {
        title: "the package has an unsupported format version",
        cause: "The index names a version of the format.",
        remedy: "Use the flavor that goes with it.",
        example: r"error[FLV0602]: cannot open package `changed.psp`
  the index has format version 0x20250002; this version of flavor reads 0x20250001
hint: do not run it; download the file again from its publisher",
    }
    INDEX_DAMAGED = 603 {
        title: "the index is damaged",
        cause: "Its checksum does not hold.",
        remedy: "Download the file again from its publisher.",
        example: r"error[FLV0603]: cannot open package `changed.psp`
  the index has checksum [SUM]; expected [SUM]
hint: do not run it; download the file again from its publisher",
    }
    WRONG_SIZE = 604 {
        title: "the file is longer or shorter than the package says",
        cause: "It was cut short, or bytes were added at the end.",
        remedy: "Copy the file again.",
        example: r"error[FLV0604]: cannot open package `hole.psp`
  the package has [NUMBER] bytes according to its index; the file has [NUMBER]
hint: the file is truncated or has bytes appended; copy it again",
    }
    OUT_OF_BOUNDS = 605 {
        title: "the package points outside itself",
        cause: "An offset or a length in the index does not fit in the file.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0605]: cannot open package `changed.psp`
  the metadata at byte [NUMBER], [NUMBER] bytes long, extends beyond byte [NUMBER]
hint: do not run it; download the file again from its publisher",
    }
    OVER_LIMIT = 606 {
        title: "the package is beyond a limit of the format",
        cause: "A number in it is larger than any reader accepts; or it unpacks to more than a package of its size may, or reading it takes longer.",
        remedy: "Do not run it; download the file again from its publisher. `inspect`, `diff`, `verify`, `extract` and `extract-all` take `--limits none` for a package that you trust.",
        example: r"error[FLV0606]: cannot open package `changed.psp`
  slots: [NUMBER] is more than the limit of 4096
hint: do not run it; download the file again from its publisher",
    }
    BAD_METADATA = 607 {
        title: "the metadata is not valid",
        cause: "It is not one gzip stream of JSON with what a package must say.",
        remedy: "Download the file again from its publisher; or its maker did not write PSPF/2025.",
        example: r"error[FLV0607]: cannot open package `changed.psp`
  the metadata block is not a single gzip stream: damaged stream
hint: do not run it; download the file again from its publisher",
    }
    METADATA_CHANGED = 609 {
        title: "the metadata was changed",
        cause: "It does not have the digest that the index has, or not the only form that it may have.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0609]: cannot open package `changed.psp`
  the digest of the metadata block does not match the index
hint: do not run it; download the file again from its publisher",
    }
    INDEX_DIFFERS = 610 {
        title: "the index does not match the signed metadata",
        cause: "One of the two was changed.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0610]: cannot open package `changed.psp`
  the index does not match the signed metadata: the first difference is at byte 4
hint: do not run it; download the file again from its publisher",
    }
    SLOT_TABLE_DIFFERS = 611 {
        title: "the slot table does not match the signed metadata",
        cause: "One of the two was changed.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0611]: cannot open package `changed.psp`
  the slot table does not match the signed metadata: slot `script`
hint: do not run it; download the file again from its publisher",
    }
    PADDING = 612 {
        title: "the padding of the package is not all zeros",
        cause: "The bytes between the parts of a package are zero.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0612]: cannot open package `changed.psp`
  the padding before the slot table is not all zeros
hint: do not run it; download the file again from its publisher",
    }
    LAUNCHER_CHANGED = 613 {
        title: "the launcher was changed",
        cause: "The program at the front of the package is not the one that was signed.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0613]: cannot open package `changed.psp`
  the launcher has digest [DIGEST]; the signed metadata has [DIGEST]
hint: do not run it; download the file again from its publisher",
    }
    SLOT_CHANGED = 614 {
        title: "a slot was changed",
        cause: "Its bytes do not have the digest that was signed.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0614]: cannot open package `tampered.psp`
  slot `tree` has digest [DIGEST]; the signed metadata has [DIGEST]
hint: do not run it; download the file again from its publisher",
    }
    BAD_CONTENT = 615 {
        title: "a slot cannot be decoded",
        cause: "The archive or the stream is not one that may be unpacked: cut short, larger than declared, with \
            names that lead elsewhere, or of a kind that this flavor does not know.",
        remedy: "Do not run it; download the file again from its publisher.",
        example: r"error[FLV0615]: cannot extract slot `data` of `changed.psp`
  cannot decode: Unknown frame descriptor",
    }
    NOT_A_FILE = 616 {
        title: "a path is not a regular file",
        cause: "A package is a file, not a directory, a pipe or a device.",
        remedy: "Correct the path.",
        example: r"error[FLV0616]: cannot open package `.`
  `.` is not a regular file",
    }
    NO_SLOT = 617 {
        title: "the package has no such slot",
        cause: "Slots are named by number or by name.",
        remedy: "`flavor inspect PACKAGE` shows them.",
        example: r"error[FLV0617]: cannot open package `[ROOT]/dist/stored.psp`
  there is no slot `9`; the package has `plain`, `gzipped`, `zstd`, `xz`, `note`, `note-gz`, `note-zst`, `note-xz`, `_attestation`",
    }
}
