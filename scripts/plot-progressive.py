#!/usr/bin/env python3
"""Draws the table that bench_progressive prints: mean gap and rank correlation against time.

    build/bench/bench_progressive | scripts/plot-progressive.py docs/math/progressive.svg
"""
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "persihash"
from matplotlib import pyplot  # noqa: E402


def main():
    rows = [[float(x) for x in line.split()] for line in sys.stdin if line.strip() and not line.startswith("#")]
    if not rows or len(sys.argv) != 2:
        sys.exit(__doc__)
    share, gap, spearman = [r[0] for r in rows], [100 * r[3] for r in rows], [r[7] for r in rows]
    figure, axes = pyplot.subplots(figsize=(6, 3.4), constrained_layout=True)
    axes.plot(share, gap, "o-", color="#1f6f8b", label="mean gap of the bounds")
    axes.set(xscale="log", xlabel="time limit, in units of the exact matrix's time", ylabel="mean gap, % of the upper bound", ylim=(0, 100))
    other = axes.twinx()
    other.plot(share, spearman, "s--", color="#c8553d", label="Spearman of the midpoint with the exact distance")
    other.set(ylabel="Spearman", ylim=(0.7, 1.005))
    axes.legend(handles=axes.get_lines() + other.get_lines(), loc="center right", frameon=False, fontsize=8)
    axes.grid(alpha=0.3)
    figure.savefig(sys.argv[1], metadata={"Date": None})


main()
