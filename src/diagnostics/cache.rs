//! The cache and starting a package.

codes! {
    NO_CACHE_PLACE = 801 {
        title: "no cache directory can be created",
        cause: "No candidate for the cache directory is usable.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory that you own, on a file system where programs can be executed.",
        example: r"error[FLV0801]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  no directory for the cache: the directory `/dev/null` is writable by other users (mode 0666) and cannot hold the cache (HOME); the directory `/dev/null` is writable by other users (mode 0666) and cannot hold the cache (the password file)
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    CACHE_NOT_WRITABLE = 802 {
        title: "the cache directory is not writable",
        cause: "You do not have write permission for the cache directory, or for a directory above it.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory that you own, on a file system where programs can be executed.",
        example: r"error[FLV0802]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the cache directory `[ROOT]/locked/cache`, or a directory above it, cannot be written to
  cannot create directory `[ROOT]/locked/cache`
  Permission denied (os error 13)
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    FOREIGN_CACHE = 803 {
        title: "the cache directory is owned by another user",
        cause: "The owner of the directory could change the programs in it.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory that you own.",
        example: r"error[FLV0803]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the directory `[ROOT]/open` is owned by user 12345, not by user 0, and cannot hold the cache
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    OPEN_CACHE = 804 {
        title: "the cache directory is writable by other users",
        cause: "Other users could change the programs in it.",
        remedy: "Run `chmod go-w DIRECTORY`, or set `FLAVOR_CACHE_DIR` to another directory.",
        example: r"error[FLV0804]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the directory `[ROOT]/open` is writable by other users (mode 0777) and cannot hold the cache
hint: run `chmod go-w [ROOT]/open`, or set FLAVOR_CACHE_DIR to another directory",
    }
    NOEXEC = 805 {
        title: "the cache is on a file system mounted noexec",
        cause: "Programs cannot be executed on a file system that is mounted noexec.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory on another file system.",
        example: r"error[FLV0805]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the cache directory `[ROOT]/locked/cache` is on a file system mounted noexec
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    NO_SPACE = 806 {
        title: "not enough space for the package",
        cause: "The file system of the cache has less free space than the extracted package requires.",
        remedy: "Free space, or set `FLAVOR_CACHE_DIR` to another directory.",
        example: r"error[FLV0806]: cannot prepare the environment of `[ROOT]/data.psp`
  not enough space in `[ROOT]/small/cache`: [SIZE] needed, [SIZE] available
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    NO_LOCKS = 807 {
        title: "the file system of the cache does not support locks",
        cause: "The operation, such as a set-up command, must not run twice at the same time, which requires a lock.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory on a local file system.",
        example: r"error[FLV0807]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the cache directory `[ROOT]/cache` is on a file system without file locks, which a package with set-up commands requires
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    SET_UP_FAILED = 808 {
        title: "a set-up command of the package failed",
        cause: "The command exited with a code other than 0. Its last output is in the hint.",
        remedy: "Correct the cause; the next start runs the command again.",
        example: r"error[FLV0808]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the set-up command `sh` ended with 3
hint: its output ends with: no licence",
    }
    SLOT_NOT_THERE = 809 {
        title: "the slot exists only temporarily",
        cause: "Temporary slots exist while the program runs, init slots while the work environment is set up.",
        remedy: "Access it from the running program.",
        example: r"error[FLV0809]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  slot `short` exists only while the program runs",
    }
    BAD_ENVIRONMENT_NAME = 810 {
        title: "invalid name of a work environment",
        cause: "The argument does not have the form of the names that `flavor workenv list` prints.",
        remedy: "Correct the name.",
        example: r"error[FLV0810]: `../victim` is not the name of a work environment
hint: `flavor workenv list` shows the names",
    }
    NO_ENVIRONMENT = 811 {
        title: "no work environment has this name",
        cause: "It was removed, or never existed.",
        remedy: "Run `flavor workenv list` to list the names.",
        example: r"error[FLV0811]: no work environment `nothing` in the cache
hint: `flavor workenv list` shows the names",
    }
    IN_USE = 812 {
        title: "a work environment is in use",
        cause: "A program is running in it, or it keeps being changed by other processes.",
        remedy: "Try again when the program has ended.",
        example: r"error[FLV0812]: `probe-1.0.0-7f83b1657ff1fc53` is in use by a running program",
    }
    NO_CACHE_YET = 813 {
        title: "there is no cache yet",
        cause: "The cache is created when a package is first started or built.",
        remedy: "Start a package, or set `FLAVOR_CACHE_DIR` to the cache directory.",
        example: r"error[FLV0813]: there is no cache yet
hint: it is created when a package starts for the first time",
    }
    FILE_SYSTEM_LACKS = 814 {
        title: "the file system lacks a feature that the package requires",
        cause: "Packages require symbolic links, executable files and case-sensitive names. FAT, exFAT and some \
            network file systems do not support them.",
        remedy: "Set `FLAVOR_CACHE_DIR`, or the output directory of an extraction, to a directory on a file system \
            that does.",
        example: r"error[FLV0814]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  cannot create link `[ROOT]/cache/v1/staging/work-[ID]/workenv/bin/probe`
  the file system does not support symbolic links
hint: set FLAVOR_CACHE_DIR to a directory on a file system with symbolic links, where programs may run",
    }
    NO_PROGRAM = 821 {
        title: "the package has no command to start",
        cause: "The metadata of the package does not contain a command.",
        remedy: "Report it to the publisher.",
        example: r"error[FLV0821]: the package has no command to start",
    }
    NOT_STARTED = 822 {
        title: "the program could not be started",
        cause: "The program exists, but the operating system reported an error when starting it.",
        remedy: "Check the cause that the system reports. `flavor workenv verify` finds damaged files.",
        example: r"error[FLV0822]: cannot start `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe`
  Argument list too long (os error 7)",
    }
    PROGRAM_NOT_FOUND = 823 {
        title: "the program to start does not exist",
        cause: "The command is the path of a file that does not exist, or a name that is not on `PATH`.",
        remedy: "Install the program on this machine, or pack it.",
        example: r"error[FLV0823]: cannot start `no-such-program`
  no directory in PATH has a program of that name
hint: install it on this machine, or pack it and name it by its path in the package",
    }
    NO_LOADER = 824 {
        title: "the interpreter or loader of the program does not exist",
        cause: "The first line of a script names an interpreter that is not on this machine, or a program was linked \
            for a dynamic loader that is not.",
        remedy: "Install it, or pack an interpreter or a statically linked program.",
        example: r"error[FLV0824]: cannot start `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe`
  the first line of `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe` names `/nowhere/sh`, which does not exist
hint: install it on this machine, or start the script by an interpreter in the package",
    }
    NOT_EXECUTABLE_HERE = 825 {
        title: "the program is not for this machine",
        cause: "The file is a program for another processor, or not a program.",
        remedy: "Use the package for this machine.",
        example: r"error[FLV0825]: cannot start `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe`
  `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe` is a program for aarch64, this machine is x86_64
hint: use a package for this machine, or pack the program for it",
    }
    NOT_PERMITTED = 826 {
        title: "the program is not executable",
        cause: "The file does not have execute permission, or is on a file system mounted noexec.",
        remedy: "Set `permissions = \"0755\"` for its slot, or set `FLAVOR_CACHE_DIR` to a directory where programs \
            can be executed.",
        example: r#"error[FLV0826]: cannot start `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe`
  `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe` is not executable: its mode is 0444
hint: set `permissions = "0755"` for its slot, or run `chmod 755` on the file before packing"#,
    }
    LOCKED_OUT = 827 {
        title: "a file or directory belongs to another user",
        cause: "Another user owns a file or directory in one of your directories, and you cannot read it. Programs \
            that root starts with your `HOME` (`sudo -E`) leave such files behind. flavor does not ignore them, \
            because they may contain a policy.",
        remedy: "Change the owner: `sudo chown -R $(id -u) DIRECTORY`.",
        example: r"error[FLV0827]: cannot accept `[ROOT]/dist/probe.psp`
  cannot read policy `[ROOT]/user/.config/flavor/policy.json`
  Permission denied (os error 13)
hint: `[ROOT]/user/.config` belongs to user 0, not to user 12345; `sudo chown -R 12345 [ROOT]/user/.config` changes that",
    }
    SIGNER_NOT_NOTED = 828 {
        title: "the signer of the package cannot be recorded",
        cause: "A warning: another user owns the directory of the known-signer records. Without a record, a later \
            version by another signer is not detected.",
        remedy: "Change the owner: `sudo chown -R $(id -u) DIRECTORY`.",
        example: r"warning[FLV0828]: [ROOT]/dist/probe.psp: its signer is not recorded: `[ROOT]/user/.config/flavor/known` belongs to user 0, not to user 12345
hint: `sudo chown -R 12345 [ROOT]/user/.config/flavor/known` changes that",
    }
    NO_LASTING_CACHE = 829 {
        title: "no persistent directory for the cache",
        cause: "A warning, printed on terminals only: no directory that the environment names is usable for the \
            cache. The package is extracted again at every start, which can take seconds.",
        remedy: "Set `FLAVOR_CACHE_DIR` or `HOME` to a persistent directory that you own. For a systemd service, use \
            `CacheDirectory=`.",
        example: r"warning[FLV0829]: there is no permanent cache directory: every start extracts the package again
hint: set FLAVOR_CACHE_DIR, or HOME, to a permanent directory of your own",
    }
    UNKNOWN_PROGRAM = 836 {
        title: "the package has no program of that name",
        cause: "The package was started through a link whose name is not that of a program in the package.",
        remedy: "Give the link one of the names that the message lists, or start the package directly.",
        example: r"error[FLV0836]: the package has no program `far`
hint: name the link after a program: offline, ahoy, old, sound",
    }
    SET_USER_ID = 840 {
        title: "the package is set-user-id or set-group-id",
        cause: "The user who starts the package controls its cache, settings and environment variables, and could use \
            them to gain the rights of the file's owner or group.",
        remedy: "Remove the bits with `chmod ug-s`, and use sudo if other rights are required.",
        example: r"error[FLV0840]: the package would run with the rights of another user: its file is set-user-id or set-group-id
hint: remove the bits with `chmod ug-s`, and use sudo where other rights are needed",
    }
}
