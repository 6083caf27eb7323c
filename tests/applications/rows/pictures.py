"""opencv, matplotlib and polars: wheels with large libraries of their own."""

from root import said

SCRIPT = """
# /// script
# dependencies = ["opencv-python-headless", "matplotlib", "polars"]
# ///
import cv2
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import polars as pl

frame = pl.DataFrame({"x": [1, 2, 3], "y": [1, 4, 9]})
assert frame.lazy().filter(pl.col("x") > 1).select(pl.col("y").sum()).collect().item() == 13
figure, axes = plt.subplots()
axes.plot(frame["x"], frame["y"], label="squares")
axes.legend()
figure.savefig("/tmp/plot.png")
picture = cv2.imread("/tmp/plot.png")
edges = cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 100, 200)
print("right" if edges.any() and picture.shape[2] == 3 else "wrong")
"""


def run(workshop, full, outcome):
    project = workshop.project("pictures", {"pictures.py": SCRIPT})
    root = workshop.pack(outcome, "pictures", project / "pictures.py")
    if root is None:
        return
    done = root.run()
    outcome.expect(done.stdout == "right\n", lambda: f"pictures: {said(done)}")
