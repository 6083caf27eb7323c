//! Input and output.

codes! {
    NOT_FOUND = 901 {
        title: "a file or directory does not exist",
        cause: "The path leads nowhere.",
        remedy: "Correct the path.",
        example: r"error[FLV0901]: cannot write `no/such/page.html`
  No such file or directory (os error 2)",
    }
    PERMISSION_DENIED = 902 {
        title: "permission denied",
        cause: "The user may not read, write or enter there.",
        remedy: "Change the permissions, or choose another place.",
        example: r"error[FLV0902]: cannot pack `pyproject.toml`
  cannot write to directory `closed`
  Permission denied (os error 13)",
    }
    NO_ROOM = 903 {
        title: "the file system is full",
        cause: "No room for more bytes, or no more files, or the quota is used up.",
        remedy: "Free space (`df`, `df -i`), or choose another directory.",
        example: r"error[FLV0903]: cannot pack `pyproject.toml`
  cannot write `small/probe.psp`
  No space left on device (os error 28)",
    }
    SYSTEM = 904 {
        title: "the operating system reported an error",
        cause: "Reading or writing failed in a way that is not particular to flavor.",
        remedy: "Look at the cause that the system gives.",
        example: r"error[FLV0904]: cannot pack `pyproject.toml`
  cannot create directory `file`
  File exists (os error 17)",
    }
    STDOUT = 905 {
        title: "standard output cannot be written to",
        cause: "Where it leads is full or closed. A reader that left early is no error.",
        remedy: "Look at where it is redirected to.",
        example: r"error[FLV0905]: cannot write to standard output
  No space left on device (os error 28)",
    }
    EXISTS = 906 {
        title: "the file or directory exists already",
        cause: "Nothing is overwritten.",
        remedy: "Choose another place, or remove it first.",
        example: r"error[FLV0906]: `there` already exists
hint: existing files are not overwritten; choose another path or remove it first",
    }
}
