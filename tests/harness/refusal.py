"""What a refusal says: an error with its code."""

import re

ERROR = re.compile(rb"^error\[FLV[0-9]{4}\]: ", re.MULTILINE)


def says_why(stderr):
    """Whether there is an error in what a program wrote, as bytes."""
    return ERROR.search(stderr) is not None
