"""streamlit: a server that starts scripts of the package."""

from root import free_port, said

FILES = {
    "pyproject.toml": """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "board"
version = "1.0"
dependencies = ["streamlit"]
[project.scripts]
board = "board:main"
""",
    "board/__init__.py": """
import sys
from pathlib import Path

def main():
    from streamlit.web import cli
    sys.argv = ["streamlit", "run", str(Path(__file__).with_name("page.py")), *sys.argv[1:]]
    sys.exit(cli.main())
""",
    "board/page.py": """
import pandas as pd
import streamlit as st
st.title("Board")
st.line_chart(pd.DataFrame({"a": [1, 2, 3]}))
""",
    "board/check.py": """
from pathlib import Path

def main():
    from streamlit.testing.v1 import AppTest
    page = AppTest.from_file(str(Path(__file__).with_name("page.py")), default_timeout=60).run()
    print(page.title[0].value, len(page.exception))
""",
}
FILES["pyproject.toml"] += 'check = "board.check:main"\n'


def run(workshop, full, outcome):
    root = workshop.pack(outcome, "streamlit", workshop.project("board", FILES))
    if root is None:
        return
    done = root.run(root.named("check"))
    outcome.expect(done.stdout == "Board 0\n", lambda: f"the page: {said(done)}")
    port = free_port()
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    with root.serving("/app.psp", *options, "--browser.gatherUsageStats=false"):
        answer = root.get(f"http://127.0.0.1:{port}/_stcore/health")
        outcome.expect(answer == (200, "ok"), lambda: f"health: {answer}")
        status, text = root.get(f"http://127.0.0.1:{port}/")
        outcome.expect(status == 200 and "<title>Streamlit" in text, lambda: f"the page: {status} {text[:500]}")
