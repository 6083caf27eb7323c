//! Usage and settings.

codes! {
    UNKNOWN_ARGUMENT = 101 {
        title: "no such command or option",
        cause: "The command line has a word that is not a command or option of flavor.",
        remedy: "Use the word that the message suggests. `flavor help` lists the commands, `flavor COMMAND --help` \
            the options of one.",
        example: r"error[FLV0101]: unrecognized subcommand 'pakc'

  hint: a similar subcommand exists: 'pack'",
    }
    MISSING_ARGUMENT = 102 {
        title: "a required argument is missing",
        cause: "The command was called without an argument that it requires.",
        remedy: "Run `flavor COMMAND --help` to see its arguments.",
        example: r"error[FLV0102]: the following required arguments were not provided:
  <PACKAGE>",
    }
    BAD_ARGUMENT = 103 {
        title: "an argument has an invalid value",
        cause: "The value is not of the kind that the argument accepts.",
        remedy: "Use a value of the form that the message names.",
        example: r"error[FLV0103]: `lots` is not a size such as 20GB or 512MiB",
    }
    ARGUMENT_CONFLICT = 104 {
        title: "two options cannot be used together",
        cause: "The command line has options that contradict each other.",
        remedy: "Remove one of them.",
        example: r"error[FLV0104]: the argument '--key-seed <TEXT>' cannot be used with '--private-key <FILE>'",
    }
    BAD_VARIABLE = 105 {
        title: "an environment variable has an invalid value",
        cause: "The value of a variable that flavor reads is not valid.",
        remedy: "Correct the variable or unset it.",
        example: r"error[FLV0105]: SOURCE_DATE_EPOCH is not a number: yesterday",
    }
    NOBODY_TO_ASK = 106 {
        title: "cannot ask for confirmation",
        cause: "The command removes something and asks for confirmation first, but standard input is not a terminal.",
        remedy: "Pass `-y` to skip the question, or `--dry-run` to see what would be removed.",
        example: r"error[FLV0106]: cannot ask for confirmation: not a terminal
hint: pass -y to remove without asking",
    }
    BAD_SETTING = 107 {
        title: "a setting has an invalid value",
        cause: "A key in `config.toml`, or the environment variable that overrides it, has a value that is not valid.",
        remedy: "Correct the line that the message names. `flavor config --show-origin` shows every setting and its source.",
        example: r#"error[FLV0107]: the environment: `FLAVOR_CACHE_MAX_SIZE` must be a size such as "20GB", or "none": huge"#,
    }
    UNKNOWN_CODE = 108 {
        title: "no such error code",
        cause: "`flavor explain` was given a code that does not exist.",
        remedy: "Run `flavor explain --list` to list all codes.",
        example: r"error[FLV0108]: `FLV0270` is not an error code
hint: did you mean `FLV0207`?",
    }
    NO_DIRECTORY = 109 {
        title: "cannot change to the directory of `-C`",
        cause: "The directory that `-C DIR` names does not exist or is not accessible.",
        remedy: "Correct the path.",
        example: r"error[FLV0109]: cannot work in `a/c`
  No such file or directory (os error 2)",
    }
    LAUNCHER_USAGE = 110 {
        title: "the launcher has no such command, or its arguments are wrong",
        cause: "With `FLAVOR_LAUNCHER_CLI=1`, the arguments of a package are commands for its launcher.",
        remedy: "Run `FLAVOR_LAUNCHER_CLI=1 PACKAGE help` to list the commands. Unset the variable to start the program.",
        example: r"error[FLV0110]: `extract` takes a slot and a directory
hint: `FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands",
    }
    BAD_SETTINGS_FILE = 111 {
        title: "the settings file is not valid",
        cause: "`config.toml` has a syntax error or a value that is not valid. Packages still start, but nothing is \
            evicted from the cache until it is corrected.",
        remedy: "Correct the line as the hint shows. `flavor config` shows the settings in effect.",
        example: r#"error[FLV0111]: cannot read the settings
  [ROOT]/home/.config/flavor/config.toml:2:7: unclosed table, expected `]`
    |
  2 | [cache
    |       ^
hint: correct the line, as in `max-size = "20GB"` below `[cache]`"#,
    }
}
