"""A project whose module is Rust, by maturin and PyO3."""

from root import said

FILES = {
    "pyproject.toml": """
[build-system]
requires = ["maturin>=1.7,<2"]
build-backend = "maturin"
[project]
name = "summer"
version = "1.0"
[project.scripts]
summer = "summer:main"
[tool.maturin]
python-source = "python"
module-name = "summer._native"
""",
    "Cargo.toml": """
[package]
name = "summer"
version = "1.0.0"
edition = "2021"
[lib]
name = "_native"
crate-type = ["cdylib"]
[dependencies]
pyo3 = { version = "0.25", features = ["extension-module"] }
""",
    "src/lib.rs": """
use pyo3::prelude::*;

#[pyfunction]
fn sum(values: Vec<i64>) -> i64 {
    values.iter().sum()
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(sum, module)?)
}
""",
    "python/summer/__init__.py": """
from ._native import sum

def main():
    print("sum", sum([1, 2, 3]))
""",
}


def run(workshop, full, outcome):
    root = workshop.pack(outcome, "pyo3", workshop.project("summer", FILES))
    if root is None:
        return
    done = root.run()
    outcome.expect(done.stdout == "sum 6\n", lambda: f"summer: {said(done)}")
