//! Packages that are damaged, or none.

codes! {
    NOT_A_PACKAGE = 601 {
        title: "the file is not a package, or cut short",
        cause: "The last bytes of a package say where everything is, and they are not there.",
        remedy: "Copy the file again; `flavor pack` prints the full size when it writes one.",
        example: r"error[FLV0601]: cannot open package `foreign`
  no package trailer at the end of the file
hint: it may be cut short, or no package: `flavor pack` prints the full size when it writes one",
    }
    UNKNOWN_FORMAT = 602 {
        title: "the package is of a version that this flavor does not read",
        cause: "The index names a version of the format.",
        remedy: "Use the flavor that goes with it.",
        example: r"error[FLV0602]: cannot open package `changed.psp`
  the index says version 0x20250002, this program reads 0x20250001
hint: do not run it; get the file again from where it was published",
    }
    INDEX_DAMAGED = 603 {
        title: "the index is damaged",
        cause: "Its checksum does not hold.",
        remedy: "Get the file again from where it was published.",
        example: r"error[FLV0603]: cannot open package `changed.psp`
  the index has checksum [SUM], its bytes give [SUM]
hint: do not run it; get the file again from where it was published",
    }
    WRONG_SIZE = 604 {
        title: "the file is longer or shorter than the package says",
        cause: "It was cut short, or bytes were added at the end.",
        remedy: "Copy the file again.",
        example: r"error[FLV0604]: cannot open package `hole.psp`
  the index says the package has [NUMBER] bytes, the file has [NUMBER]
hint: the file looks cut short or has bytes appended; copy it again",
    }
    OUT_OF_BOUNDS = 605 {
        title: "the package points outside itself",
        cause: "An offset or a length in the index does not fit in the file.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0605]: cannot open package `changed.psp`
  the metadata at byte [NUMBER], [NUMBER] bytes long, does not fit before byte [NUMBER]
hint: do not run it; get the file again from where it was published",
    }
    OVER_LIMIT = 606 {
        title: "the package is beyond a limit of the format",
        cause: "A number in it is larger than any reader accepts; or it unpacks to more than a package of its size may, or reading it takes longer.",
        remedy: "Do not run it; get the file again from where it was published. `inspect`, `diff`, `verify`, `extract` and `extract-all` take `--limits none` for a package that you trust.",
        example: r"error[FLV0606]: cannot open package `changed.psp`
  slots: [NUMBER] is more than the limit of 4096
hint: do not run it; get the file again from where it was published",
    }
    BAD_METADATA = 607 {
        title: "the metadata is not valid",
        cause: "It is not one gzip stream of JSON with what a package must say.",
        remedy: "Get the file again from where it was published; or its maker did not write PSPF/2025.",
        example: r"error[FLV0607]: cannot open package `changed.psp`
  the metadata block is not one gzip stream: damaged stream
hint: do not run it; get the file again from where it was published",
    }
    METADATA_CHANGED = 609 {
        title: "the metadata was changed",
        cause: "It does not have the digest that the index has, or not the only form that it may have.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0609]: cannot open package `changed.psp`
  the metadata block has a digest other than the one in the index
hint: do not run it; get the file again from where it was published",
    }
    INDEX_DIFFERS = 610 {
        title: "the index does not agree with the signed metadata",
        cause: "One of the two was changed.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0610]: cannot open package `changed.psp`
  the index does not agree with the signed metadata, first at byte 4
hint: do not run it; get the file again from where it was published",
    }
    SLOT_TABLE_DIFFERS = 611 {
        title: "the slot table does not agree with the signed metadata",
        cause: "One of the two was changed.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0611]: cannot open package `changed.psp`
  the slot table does not agree with the signed metadata: slot `script`
hint: do not run it; get the file again from where it was published",
    }
    PADDING = 612 {
        title: "there is something where nothing may be",
        cause: "The bytes between the parts of a package are zero.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0612]: cannot open package `changed.psp`
  the padding before the slot table is not zero
hint: do not run it; get the file again from where it was published",
    }
    LAUNCHER_CHANGED = 613 {
        title: "the launcher was changed",
        cause: "The program at the front of the package is not the one that was signed.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0613]: cannot open package `changed.psp`
  the launcher has digest [DIGEST], the signed metadata says [DIGEST]
hint: do not run it; get the file again from where it was published",
    }
    SLOT_CHANGED = 614 {
        title: "a slot was changed",
        cause: "Its bytes do not have the digest that was signed.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0614]: cannot open package `tampered.psp`
  slot `tree` has digest [DIGEST], the signed metadata says [DIGEST]
hint: do not run it; get the file again from where it was published",
    }
    BAD_CONTENT = 615 {
        title: "a slot does not decode to what it says",
        cause: "The archive or the stream is not one that may be unpacked: cut short, larger than declared, with \
            names that lead elsewhere, or of a kind that this flavor does not know.",
        remedy: "Do not run it; get the file again from where it was published.",
        example: r"error[FLV0615]: cannot extract slot `data` of `changed.psp`
  the stored bytes do not decode: Unknown frame descriptor",
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
