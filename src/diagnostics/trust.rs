//! Trust and policies.

codes! {
    NOT_COMPLETE = 701 {
        title: "the signature does not cover every byte",
        cause: "The package was built by another tool, whose signature does not cover the whole file.",
        remedy: "Start it as the documentation of that tool describes, or pack the program with flavor.",
        example: r"error[FLV0701]: cannot accept `[ROOT]/theirs.psp`
  the signature does not cover all bytes: the package was made by another tool",
    }
    OTHER_TARGET = 702 {
        title: "the package is for another operating system or processor",
        cause: "The target of the package does not match this machine.",
        remedy: "Download the package for this machine.",
        example: r"error[FLV0702]: cannot accept `[ROOT]/changed.psp`
  it is for linux-z80; this machine is linux-x86_64",
    }
    OPERATOR_POLICY = 703 {
        title: "the policy of this machine refuses the package",
        cause: "The administrator of this machine has set requirements that the package does not meet.",
        remedy: "`flavor policy show` prints the policies in effect. `flavor trust add` trusts a key.",
        example: r"error[FLV0703]: cannot accept `[ROOT]/known-1.9-s.psp`
  the policy of this machine (`[ROOT]/home/.config/flavor/policy.json`) refuses it: version 1.9 is older than 1.10, which was started here before
hint: `flavor policy show` prints the policies in force",
    }
    PACKAGE_POLICY = 704 {
        title: "the package's own policy refuses to start it",
        cause: "The package has requirements for the machine, the user or the date that are not met.",
        remedy: "Follow the message, or download a newer package.",
        example: r"error[FLV0704]: cannot accept `[ROOT]/known-1-s.psp`
  its own policy refuses: it may not be started by root",
    }
    BAD_POLICY = 705 {
        title: "a policy file is not valid",
        cause: "flavor never ignores a policy that it cannot read.",
        remedy: "Correct the file or remove it.",
        example: r"error[FLV0705]: cannot accept `[ROOT]/known-1-s.psp`
  `[ROOT]/home/.config/flavor/policy.json` is not a policy: unknown field `trsut`, expected one of `version`, `trust`, `execution`, `attestation`, `enforcement` at line 1 column 20
hint: an invalid policy is never ignored: correct the file or remove it",
    }
    WRITABLE_POLICY = 706 {
        title: "other users can change a policy or trust file",
        cause: "Trust decisions cannot depend on a file that other users can write to.",
        remedy: "Run `chmod go-w FILE`.",
        example: r"error[FLV0706]: cannot accept `[ROOT]/known-1-s.psp`
  `[ROOT]/home/.config/flavor/policy.json` is writable by other users
hint: chmod go-w [ROOT]/home/.config/flavor/policy.json",
    }
    BAD_NOTE = 707 {
        title: "a known-signer record is damaged",
        cause: "The settings directory contains one record for each package name.",
        remedy: "Remove the file; the next start records the signer again.",
        example: r"error[FLV0707]: cannot accept `[ROOT]/dist/probe.psp`
  `[ROOT]/home/.config/flavor/known/probe.json` is not a known-signer record: expected ident at line 1 column 2
hint: remove the file; the next start notes the signer again",
    }
    CHANGED_SIGNER = 708 {
        title: "the signer or the package has changed",
        cause: "A package of this name, or of a similar name, was signed with another key before, or another package \
            was started from this path before. Either the publisher changed it, or someone else built this package.",
        remedy: "If the publisher has announced the change, run `flavor trust accept PACKAGE`.",
        example: r"error[FLV0708]: cannot accept `[ROOT]/known-1-theirs.psp`
  `known` was signed by [DIGEST] before and is now signed by [DIGEST]
hint: if its publisher has told you about the new key: `flavor trust accept PACKAGE`, or `FLAVOR_LAUNCHER_CLI=1 PACKAGE accept`",
    }
}
