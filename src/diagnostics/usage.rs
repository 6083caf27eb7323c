//! Usage and settings.

codes! {
    UNKNOWN_ARGUMENT = 101 {
        title: "no such command or option",
        cause: "The command line has a word that flavor does not know.",
        remedy: "Take the word that the message proposes; `flavor help` lists the commands and `flavor COMMAND \
            --help` their options.",
        example: r"error[FLV0101]: unrecognized subcommand 'pakc'

  hint: a similar subcommand exists: 'pack'",
    }
    MISSING_ARGUMENT = 102 {
        title: "something is missing on the command line",
        cause: "A command was called without an argument that it cannot do without.",
        remedy: "`flavor COMMAND --help` shows what it takes.",
        example: r"error[FLV0102]: the following required arguments were not provided:
  <PACKAGE>",
    }
    BAD_ARGUMENT = 103 {
        title: "an argument has a value that is not possible",
        cause: "The value is not of the kind that this argument takes.",
        remedy: "Write it as the message says.",
        example: r"error[FLV0103]: `lots` is not a size such as 20GB or 512MiB",
    }
    ARGUMENT_CONFLICT = 104 {
        title: "two options exclude each other",
        cause: "Options that contradict each other were given together.",
        remedy: "Leave one of them out.",
        example: r"error[FLV0104]: the argument '--key-seed <TEXT>' cannot be used with '--private-key <FILE>'",
    }
    BAD_VARIABLE = 105 {
        title: "an environment variable has a value that is not possible",
        cause: "A variable that flavor reads holds something that it cannot use.",
        remedy: "Correct the variable or unset it.",
        example: r"error[FLV0105]: SOURCE_DATE_EPOCH is not a number: yesterday",
    }
    NOBODY_TO_ASK = 106 {
        title: "nobody is there to be asked",
        cause: "What cannot be undone is asked for first, and standard input is not a terminal.",
        remedy: "Pass `-y`, or look with `--dry-run` at what would go.",
        example: r"error[FLV0106]: cannot ask for confirmation: not a terminal
hint: pass -y to remove without asking",
    }
    BAD_SETTING = 107 {
        title: "a setting has a value that is not possible",
        cause: "A key of `config.toml`, or the variable that overrides it, holds something that flavor cannot use.",
        remedy: "Correct the line that the message names. `flavor config --show-origin` shows every setting and where \
            it comes from.",
        example: r#"error[FLV0107]: the environment: `FLAVOR_CACHE_MAX_SIZE` must be a size such as "20GB", or "none": huge"#,
    }
    UNKNOWN_CODE = 108 {
        title: "no such error code",
        cause: "`flavor explain` was asked for a code that no error has.",
        remedy: "`flavor explain --list` lists them all.",
        example: r"error[FLV0108]: `FLV0270` is not an error code
hint: did you mean `FLV0207`?",
    }
    NO_DIRECTORY = 109 {
        title: "the directory of `-C` cannot be entered",
        cause: "`-C DIR` names a directory that does not exist or may not be entered.",
        remedy: "Correct the path.",
        example: r"error[FLV0109]: cannot work in `a/c`
  No such file or directory (os error 2)",
    }
    LAUNCHER_USAGE = 110 {
        title: "a package was given a command that it does not have",
        cause: "With `FLAVOR_LAUNCHER_CLI=1` the arguments of a package are commands to its launcher.",
        remedy: "`FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands. Unset the variable to start the program.",
        example: r"error[FLV0110]: `extract` takes a slot and a directory
hint: `FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands",
    }
    BAD_SETTINGS_FILE = 111 {
        title: "the settings file cannot be read",
        cause: "`config.toml` is not TOML there, or has what no setting takes. A package starts all the same; nothing is \
            removed from its cache meanwhile.",
        remedy: "Write the line as the hint says. `flavor config` shows what is read.",
        example: r"error[FLV0111]: cannot read the settings
  [ROOT]/home/.config/flavor/config.toml:2: expected `]` after `[cache`
hint: write `[cache]`",
    }
}
