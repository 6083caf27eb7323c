//! Trust and policies.

codes! {
    NOT_COMPLETE = 701 {
        title: "the signature does not cover every byte",
        cause: "The package was made by another tool, whose signature does not reach the whole file.",
        remedy: "Start it as its own tool says, or pack it with flavor.",
        example: r"error[FLV0701]: the signature does not cover every byte",
    }
    OTHER_TARGET = 702 {
        title: "the package is for another system or processor",
        cause: "It is not made for this machine.",
        remedy: "Get the one that is.",
        example: r"error[FLV0702]: the package is for another system or processor",
    }
    OPERATOR_POLICY = 703 {
        title: "the policy of this machine refuses the package",
        cause: "Whoever looks after this machine demands more of packages than this one has.",
        remedy: "`flavor policy show` prints what is demanded; `flavor trust add` trusts a key.",
        example: r"error[FLV0703]: the policy of this machine refuses the package",
    }
    PACKAGE_POLICY = 704 {
        title: "the package's own policy refuses",
        cause: "The package demands something of the machine, the user or the day.",
        remedy: "Do as the message says, or get a newer package.",
        example: r"error[FLV0704]: the package's own policy refuses",
    }
    BAD_POLICY = 705 {
        title: "a policy is not one",
        cause: "A policy that cannot be read is never passed over.",
        remedy: "Correct the file or remove it.",
        example: r"error[FLV0705]: a policy is not one",
    }
    WRITABLE_POLICY = 706 {
        title: "others can change a file that decides on trust",
        cause: "What others may write decides nothing here.",
        remedy: "`chmod go-w FILE`.",
        example: r"error[FLV0706]: others can change a file that decides on trust",
    }
    BAD_NOTE = 707 {
        title: "a note about a package's signer is damaged",
        cause: "It is kept in the settings directory, one file for each name.",
        remedy: "Remove the file; the next start notes the signer again.",
        example: r"error[FLV0707]: a note about a package's signer is damaged",
    }
    CHANGED_SIGNER = 708 {
        title: "another key signs the package than before",
        cause: "Either the publisher has a new key, or somebody else made this package.",
        remedy: "If the publisher has told you about the new key: `flavor trust accept PACKAGE`.",
        example: r"error[FLV0708]: another key signs the package than before",
    }
}
