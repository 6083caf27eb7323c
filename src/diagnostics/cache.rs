//! The cache, and starting a package.

codes! {
    NO_CACHE_PLACE = 801 {
        title: "no cache directory can be created",
        cause: "No directory for the cache can be made.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory of your own where programs may run.",
        example: r"error[FLV0801]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  no directory for the cache: the directory `/dev/null` is writable by other users (mode 0666) and cannot hold the cache (HOME); the directory `/dev/null` is writable by other users (mode 0666) and cannot hold the cache (the password file)
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    CACHE_NOT_WRITABLE = 802 {
        title: "the cache directory is not writable",
        cause: "The directory, or one above it, does not take files.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory of your own where programs may run.",
        example: r"error[FLV0802]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the cache directory `[ROOT]/locked/cache`, or a directory above it, cannot be written to
  cannot create directory `[ROOT]/locked/cache`
  Permission denied (os error 13)
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    FOREIGN_CACHE = 803 {
        title: "the cache directory is owned by another user",
        cause: "Whoever owns a directory can change what is in it.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory of your own.",
        example: r"error[FLV0803]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the directory `[ROOT]/open` is owned by user 12345, not by user 0, and cannot hold the cache
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    OPEN_CACHE = 804 {
        title: "the cache directory is writable by other users",
        cause: "They could change the programs that are started from it.",
        remedy: "`chmod go-w DIRECTORY`, or set `FLAVOR_CACHE_DIR` to another one.",
        example: r"error[FLV0804]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the directory `[ROOT]/open` is writable by other users (mode 0777) and cannot hold the cache
hint: run `chmod go-w [ROOT]/open`, or set FLAVOR_CACHE_DIR to another directory",
    }
    NOEXEC = 805 {
        title: "the cache is on a file system mounted noexec",
        cause: "Its file system is mounted noexec.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory where programs may run.",
        example: r"error[FLV0805]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the cache directory `[ROOT]/locked/cache` is on a file system mounted noexec
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    NO_SPACE = 806 {
        title: "not enough space for the package",
        cause: "The file system of the cache has less room than the package takes when it is unpacked.",
        remedy: "Free space, or set `FLAVOR_CACHE_DIR` to another directory.",
        example: r"error[FLV0806]: cannot prepare the environment of `[ROOT]/data.psp`
  not enough space in `[ROOT]/small/cache`: [SIZE] needed, [SIZE] available
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    NO_LOCKS = 807 {
        title: "the file system of the cache has no locks",
        cause: "Something was asked for that must not happen twice at the same time.",
        remedy: "Set `FLAVOR_CACHE_DIR` to a directory on a local file system.",
        example: r"error[FLV0807]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the cache directory `[ROOT]/cache` is on a file system without file locks, which a package with set-up commands requires
hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run",
    }
    SET_UP_FAILED = 808 {
        title: "a set-up command of the package failed",
        cause: "Its last words are in the hint.",
        remedy: "Do what it asks for; the next start tries again.",
        example: r"error[FLV0808]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  the set-up command `sh` ended with 3
hint: its output ends with: no licence",
    }
    SLOT_NOT_THERE = 809 {
        title: "the slot exists only at certain times",
        cause: "Temporary slots exist while a program runs, those for set-up while it is set up.",
        remedy: "Ask for it inside the running program.",
        example: r"error[FLV0809]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  slot `short` exists only while the program runs",
    }
    BAD_ENVIRONMENT_NAME = 810 {
        title: "a text is not the name of a work environment",
        cause: "Names are those that `flavor workenv list` shows.",
        remedy: "Correct the name.",
        example: r"error[FLV0810]: `../victim` is not the name of a work environment
hint: `flavor workenv list` shows the names",
    }
    NO_ENVIRONMENT = 811 {
        title: "no environment has this name",
        cause: "It was removed, or never there.",
        remedy: "`flavor workenv list` shows the names.",
        example: r"error[FLV0811]: no work environment `nothing` in the cache
hint: `flavor workenv list` shows the names",
    }
    IN_USE = 812 {
        title: "an environment is in use",
        cause: "A program runs in it, or others change it without pause.",
        remedy: "Wait until the program has ended.",
        example: r"error[FLV0812]: `probe-1.0.0-7f83b1657ff1fc53` is in use by a running program",
    }
    NO_CACHE_YET = 813 {
        title: "there is no cache yet",
        cause: "It is made when a package starts for the first time, or at the first pack.",
        remedy: "Start a package, or set `FLAVOR_CACHE_DIR` to where the cache is.",
        example: r"error[FLV0813]: there is no cache yet
hint: it is created when a package starts for the first time",
    }
    FILE_SYSTEM_LACKS = 814 {
        title: "the file system lacks something that the package needs",
        cause: "Trees have symbolic links, files that may run, and names that differ in case alone. FAT, exFAT and some network mounts have none of them.",
        remedy: "Set `FLAVOR_CACHE_DIR`, or the output of an extraction, to a directory on a file system that has them.",
        example: r"error[FLV0814]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
  cannot create link `[ROOT]/cache/v1/staging/work-[ID]/workenv/bin/probe`
  the file system does not support symbolic links
hint: set FLAVOR_CACHE_DIR to a directory on a file system with symbolic links, where programs may run",
    }
    NO_PROGRAM = 821 {
        title: "the package has no command to start",
        cause: "What it runs is not recorded in it.",
        remedy: "Tell its publisher.",
        example: r"error[FLV0821]: the package has no command to start",
    }
    NOT_STARTED = 822 {
        title: "the program could not be started",
        cause: "It is there, but the operating system reported an error to run it.",
        remedy: "Look at the cause that the system gives; `flavor workenv verify` finds damage.",
        example: r"error[FLV0822]: cannot start `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe`
  Argument list too long (os error 7)",
    }
    PROGRAM_NOT_FOUND = 823 {
        title: "the program to start does not exist",
        cause: "The command names a file that is not there, or a program that is not in PATH.",
        remedy: "Install the program on this machine, or pack it.",
        example: r"error[FLV0823]: cannot start `no-such-program`
  no directory in PATH has a program of that name
hint: install it on this machine, or pack it and name it by its path in the package",
    }
    NO_LOADER = 824 {
        title: "the interpreter or loader of the program does not exist",
        cause: "The first line of a script names an interpreter that this machine does not have, or a program was linked \
            for a dynamic loader that it does not have.",
        remedy: "Install it, or pack an interpreter or a static build.",
        example: r"error[FLV0824]: cannot start `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe`
  the first line of `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe` names `/nowhere/sh`, which does not exist
hint: install it on this machine, or start the script by an interpreter in the package",
    }
    NOT_EXECUTABLE_HERE = 825 {
        title: "the program is not for this machine",
        cause: "It is a program for another processor, or no program at all.",
        remedy: "Take the package for this machine.",
        example: r"error[FLV0825]: cannot start `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe`
  `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe` is a program for aarch64, this machine is x86_64
hint: use a package for this machine, or pack the program for it",
    }
    NOT_PERMITTED = 826 {
        title: "the program is not executable",
        cause: "Its file has no permission to be executed, or is on a file system mounted noexec.",
        remedy: "Give its slot `permissions = \"0755\"`, or set `FLAVOR_CACHE_DIR` to a directory where programs may run.",
        example: r#"error[FLV0826]: cannot start `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe`
  `[ROOT]/cache/v1/workenv/probe-1.0.0-[DIGEST]/bin/probe` is not executable: its mode is 0444
hint: set `permissions = "0755"` for its slot, or run `chmod 755` on the file before packing"#,
    }
    LOCKED_OUT = 827 {
        title: "a file or directory belongs to another user",
        cause: "In a directory of yours is a file or directory that belongs to another user and is closed to you. Programs that \
            root starts with your `HOME` (`sudo -E`) leave such behind; a policy may be in it, and is never passed over.",
        remedy: "Take it over: `sudo chown -R $(id -u) DIRECTORY`.",
        example: r"error[FLV0827]: cannot accept `[ROOT]/dist/probe.psp`
  cannot read policy `[ROOT]/user/.config/flavor/policy.json`
  Permission denied (os error 13)
hint: `[ROOT]/user/.config` belongs to user 0, not to user 12345; `sudo chown -R 12345 [ROOT]/user/.config` changes that",
    }
    SIGNER_NOT_NOTED = 828 {
        title: "the signer of the package cannot be recorded",
        cause: "A warning: the directory for notes belongs to another user. Without them another signer of a later version is \
            not noticed.",
        remedy: "Take the directory over: `sudo chown -R $(id -u) DIRECTORY`.",
        example: r"warning[FLV0828]: [ROOT]/dist/probe.psp: its signer is not recorded: `[ROOT]/user/.config/flavor/known` belongs to user 0, not to user 12345
hint: `sudo chown -R 12345 [ROOT]/user/.config/flavor/known` changes that",
    }
    NO_LASTING_CACHE = 829 {
        title: "no lasting place for the cache",
        cause: "A warning, on terminals: no directory that the environment names can hold the cache, and the package is \
            extracted at every start, which may take seconds.",
        remedy: "Set `FLAVOR_CACHE_DIR`, or `HOME`, to a directory of your own that stays. A service of systemd gets one with \
            `CacheDirectory=`.",
        example: r"warning[FLV0829]: there is no permanent cache directory: every start extracts the package again
hint: set FLAVOR_CACHE_DIR, or HOME, to a permanent directory of your own",
    }
    UNKNOWN_PROGRAM = 836 {
        title: "the package has no program of that name",
        cause: "It was called by a link, and the link's name is that of no program in the package.",
        remedy: "Call the link by one of the names that the message lists, or start the file itself.",
        example: r"error[FLV0836]: the package has no program `far`
hint: name the link after a program: offline, ahoy, old, sound",
    }
    SET_USER_ID = 840 {
        title: "the package is set-user-id or set-group-id",
        cause: "Its file is set-user-id or set-group-id. Whoever calls it chooses the cache, the settings and the variables that it \
                goes by.",
        remedy: "Take the bits away with `chmod ug-s`, and use sudo where other rights are needed.",
        example: r"error[FLV0840]: the package would run with the rights of another user: its file is set-user-id or set-group-id
hint: remove the bits with `chmod ug-s`, and use sudo where other rights are needed",
    }
}
