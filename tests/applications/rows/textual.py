"""textual: a program on a terminal, driven by its keys."""

import os
import pty
import select
import subprocess
import time

FILES = {
    "pyproject.toml": """
[build-system]
requires = ["flit_core>=3.11"]
build-backend = "flit_core.buildapi"
[project]
name = "counter"
version = "1.0"
description = "counts"
dependencies = ["textual"]
[project.scripts]
counter = "counter:main"
""",
    "counter.py": """
'counts'
from textual.app import App, ComposeResult
from textual.widgets import Footer, Static

class Counter(App):
    CSS = 'Static { content-align: center middle; }'
    BINDINGS = [('a', 'add', 'Add'), ('q', 'quit', 'Quit')]
    count = 0

    def compose(self) -> ComposeResult:
        yield Static('count 0', id='count')
        yield Footer()

    def action_add(self):
        self.count += 1
        self.query_one('#count', Static).update(f'count {self.count}')

def main():
    app = Counter()
    app.run()
    print('ended at', app.count)
""",
}


def run(workshop, full, outcome):
    root = workshop.pack(outcome, "textual", workshop.project("counter", FILES))
    if root is None:
        return
    screen = typed(root, [("count 0", "a"), ("count 1", "q"), ("ended at 1", None)])
    outcome.expect("ended at 1" in screen, lambda: f"the screen: {screen[-2000:]!r}")


def typed(root, story, patience=90):
    """Types each key when the text before it is on the screen; returns everything that the program wrote."""
    ours, theirs = pty.openpty()
    command = root._command(["/app.psp"], {"COLUMNS": "80", "LINES": "24"})
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, cwd="/")
    os.close(theirs)
    screen, seen, end = "", 0, time.monotonic() + patience
    for text, key in story:
        while text not in screen[seen:] and time.monotonic() < end:
            if select.select([ours], [], [], 0.5)[0]:
                try:
                    screen += os.read(ours, 65536).decode(errors="replace")
                except OSError:
                    break
        if key:
            seen = len(screen)
            os.write(ours, key.encode())
    child.kill() if child.poll() is None and time.monotonic() > end else child.wait(30)
    os.close(ours)
    return screen
