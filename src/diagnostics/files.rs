//! Input and output.

codes! {
    NOT_FOUND = 901 {
        title: "a file or directory does not exist",
        cause: "There is no file or directory at the path.",
        remedy: "Correct the path.",
        example: r"error[FLV0901]: cannot write `no/such/page.html`
  No such file or directory (os error 2)",
    }
    PERMISSION_DENIED = 902 {
        title: "permission denied",
        cause: "You do not have permission to read or write the file or to enter the directory.",
        remedy: "Change the permissions, or choose another directory.",
        example: r"error[FLV0902]: cannot pack `pyproject.toml`
  cannot write to directory `closed`
  Permission denied (os error 13)",
    }
    NO_ROOM = 903 {
        title: "the file system is full",
        cause: "There is no free space, there are no free inodes, or the quota is exceeded.",
        remedy: "Free some space (check with `df` and `df -i`), or choose another directory.",
        example: r"error[FLV0903]: cannot pack `pyproject.toml`
  cannot write `small/probe.psp`
  No space left on device (os error 28)",
    }
    SYSTEM = 904 {
        title: "the operating system reported an error",
        cause: "A read or write failed for a reason that is not specific to flavor.",
        remedy: "Check the cause that the system reports.",
        example: r"error[FLV0904]: cannot pack `pyproject.toml`
  cannot create directory `file`
  File exists (os error 17)",
    }
    STDOUT = 905 {
        title: "cannot write to standard output",
        cause: "The file or device is full, or closed. It is not an error if the reader of a pipe exits early.",
        remedy: "Check where standard output is redirected to.",
        example: r"error[FLV0905]: cannot write to standard output
  No space left on device (os error 28)",
    }
    EXISTS = 906 {
        title: "the file or directory already exists",
        cause: "flavor does not overwrite it.",
        remedy: "Choose another path, or remove it first.",
        example: r"error[FLV0906]: `there` already exists
hint: existing files are not overwritten; choose another path or remove it first",
    }
}
