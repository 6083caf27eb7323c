"""JupyterLab and pandas: the server, its pages, and a notebook whose kernel is a process of its own."""

import json

from root import free_port, said

FILES = {
    "pyproject.toml": """
[project]
name = "lab"
version = "1.0"
dependencies = ["jupyterlab", "pandas"]
[tool.flavor]
entry_point = "jupyterlab.labapp:main"
[tool.flavor.scripts]
jupyter-execute = "nbclient.cli:main"
[tool.flavor.execution]
path = true
""",
    "lab.py": "",
}
CELL = "import pandas as pd; print('sum', pd.DataFrame({'a': [1, 2, 3]}).a.sum())"
NOTEBOOK = {
    "cells": [{"cell_type": "code", "source": CELL, "metadata": {}, "outputs": [], "execution_count": None, "id": "one"}],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def run(workshop, full, outcome):
    root = workshop.pack(outcome, "jupyterlab", workshop.project("lab", FILES))
    if root is None:
        return
    root.file("/home/one.ipynb", json.dumps(NOTEBOOK))
    done = root.run(root.named("jupyter-execute"), "--inplace", "/home/one.ipynb")
    text = (root.directory / "home/one.ipynb").read_text()
    outcome.expect("sum 6" in text, lambda: f"the notebook: {said(done)}")
    port = free_port()
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=word"]
    with root.serving("/app.psp", *options):
        status, text = root.get(f"http://127.0.0.1:{port}/api/status?token=word")
        outcome.expect(status == 200 and '"kernels"' in text, lambda: f"status: {status} {text}")
        status, text = root.get(f"http://127.0.0.1:{port}/lab?token=word")
        outcome.expect(status == 200 and "JupyterLab" in text, lambda: f"lab: {status} {text[:500]}")
