"""What a row of the run gives back."""


class Outcome:
    """A figure for the reader, and whatever did not hold."""

    def __init__(self):
        self.figures = []
        self.failures = []

    def figure(self, text):
        self.figures.append(text)

    def expect(self, holds, failure):
        """Notes a failure unless something holds. `failure` is text, or a function that makes it."""
        if not holds:
            self.failures.append(failure() if callable(failure) else failure)
        return holds


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
