//! Trust and policies.

codes! {
    NOT_COMPLETE = 701 {
        title: "the signature does not cover every byte",
        cause: "The package was made by another tool, whose signature does not reach the whole file.",
        remedy: "Start it as its own tool says, or pack it with flavor.",
        example: r"error[FLV0701]: cannot accept `[ROOT]/theirs.psp`
  the signature does not cover all bytes: the package was made by another tool",
    }
    OTHER_TARGET = 702 {
        title: "the package is for another system or processor",
        cause: "It is not made for this machine.",
        remedy: "Get the one that is.",
        example: r"error[FLV0702]: cannot accept `[ROOT]/changed.psp`
  it is for linux-z80; this machine is linux-x86_64",
    }
    OPERATOR_POLICY = 703 {
        title: "the policy of this machine refuses the package",
        cause: "Whoever looks after this machine demands more of packages than this one has.",
        remedy: "`flavor policy show` prints the policies in force; `flavor trust add` trusts a key.",
        example: r"error[FLV0703]: cannot accept `[ROOT]/known-1.9-s.psp`
  the policy of this machine (`[ROOT]/home/.config/flavor/policy.json`) refuses it: version 1.9 is older than 1.10, which was started here before
hint: `flavor policy show` prints the policies in force",
    }
    PACKAGE_POLICY = 704 {
        title: "the package's own policy refuses",
        cause: "The package demands something of the machine, the user or the day.",
        remedy: "Do as the message says, or get a newer package.",
        example: r"error[FLV0704]: cannot accept `[ROOT]/known-1-s.psp`
  its own policy refuses: it may not be started by root",
    }
    BAD_POLICY = 705 {
        title: "a policy is not one",
        cause: "A policy that cannot be read is never passed over.",
        remedy: "Correct the file or remove it.",
        example: r"error[FLV0705]: cannot accept `[ROOT]/known-1-s.psp`
  `[ROOT]/home/.config/flavor/policy.json` is not a policy: unknown field `trsut`, expected one of `version`, `trust`, `execution`, `attestation`, `enforcement` at line 1 column 20
hint: an invalid policy is never ignored: correct the file or remove it",
    }
    WRITABLE_POLICY = 706 {
        title: "others can change a file that decides on trust",
        cause: "What others may write decides nothing here.",
        remedy: "`chmod go-w FILE`.",
        example: r"error[FLV0706]: cannot accept `[ROOT]/known-1-s.psp`
  `[ROOT]/home/.config/flavor/policy.json` is writable by other users
hint: chmod go-w [ROOT]/home/.config/flavor/policy.json",
    }
    BAD_NOTE = 707 {
        title: "a note about a package's signer is damaged",
        cause: "It is kept in the settings directory, one file for each name.",
        remedy: "Remove the file; the next start notes the signer again.",
        example: r"error[FLV0707]: cannot accept `[ROOT]/dist/probe.psp`
  `[ROOT]/home/.config/flavor/known/probe.json` is not a known-signer record: expected ident at line 1 column 2
hint: remove the file; the next start notes the signer again",
    }
    CHANGED_SIGNER = 708 {
        title: "the package is not the one that was known",
        cause: "Another key signs a package of this name, or of one that looks like it, or another package was started from this \
            path before. Either the publisher has changed it, or somebody else made this package.",
        remedy: "If the publisher has told you about the change: `flavor trust accept PACKAGE`.",
        example: r"error[FLV0708]: cannot accept `[ROOT]/known-1-theirs.psp`
  `known` was signed by [DIGEST] before and is now signed by [DIGEST]
hint: if its publisher has told you about the new key: `flavor trust accept PACKAGE`, or `FLAVOR_LAUNCHER_CLI=1 PACKAGE accept`",
    }
}
