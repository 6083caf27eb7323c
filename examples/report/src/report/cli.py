"""The command line."""

import argparse
import os
import sys
from importlib.metadata import version
from pathlib import Path

TABLE = Path("data") / "sales.csv"


def find_table() -> Path:
    """The table in the package's work environment, else in the checkout that this file belongs to."""
    workenv = os.environ.get("FLAVOR_WORKENV")
    if workenv and (Path(workenv) / TABLE).is_file():
        return Path(workenv) / TABLE
    return Path(__file__).resolve().parents[2] / TABLE


def render(table: Path, by: str) -> str:
    """Revenue by quarter and `by`, with totals and the spread between quarters."""
    # A start that only prints the version or the help need not load these.
    import numpy as np
    import pandas as pd

    sales = pd.read_csv(table, parse_dates=["date"])
    sales["revenue"] = sales["units"] * sales["price"]
    sales["quarter"] = sales["date"].dt.quarter.map("Q{}".format)
    pivot = sales.pivot_table(index=by, columns="quarter", values="revenue", aggfunc="sum")
    pivot["total"] = pivot.sum(axis=1)
    pivot["spread"] = np.ptp(pivot.filter(like="Q").to_numpy(), axis=1)
    pivot.loc["all"] = pivot.sum()
    return pivot.round(2).to_string(float_format="{:,.2f}".format)


def main() -> int:
    parser = argparse.ArgumentParser(prog="report", description="Revenue by quarter.")
    parser.add_argument("--by", choices=["region", "product"], default="region", help="rows (default: region)")
    parser.add_argument("--data", type=Path, metavar="CSV", help="read this table instead of the packaged one")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('report')}")
    options = parser.parse_args()
    table = options.data or find_table()
    if not table.is_file():
        print(f"report: no table at {table}", file=sys.stderr)
        return 1
    print(render(table, options.by))
    return 0
