"""scikit-learn with loky: worker processes, OpenMP and BLAS libraries."""

from root import said

SCRIPT = """
# /// script
# dependencies = ["scikit-learn"]
# ///
import os
import numpy as np
from joblib import Parallel, delayed
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score


def pid(_):
    return os.getpid()


if __name__ == "__main__":
    x, y = load_digits(return_X_y=True)
    score = cross_val_score(RandomForestClassifier(50, random_state=0), x, y, cv=3, n_jobs=2).mean()
    others = set(Parallel(n_jobs=2, backend="loky")(delayed(pid)(n) for n in range(20))) - {os.getpid()}
    print("right" if score > 0.9 and others else (score, others))
"""


def run(workshop, full, outcome):
    project = workshop.project("digits", {"digits.py": SCRIPT})
    root = workshop.pack(outcome, "scikit-learn", project / "digits.py")
    if root is None:
        return
    done = root.run()
    outcome.expect(done.stdout == "right\n", lambda: f"digits: {said(done)}")
