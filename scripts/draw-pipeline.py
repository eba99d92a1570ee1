#!/usr/bin/env python3
"""Draws docs/pipeline.svg, the README's picture: six panels, from an image to a map. Made-up data, seeded; standard library only."""
import math
import pathlib
import random

INK, SOFT, BLUE, RUST, GREEN = "#1f2933", "#9aa5b1", "#2563a8", "#c2571a", "#2f855a"
PANEL, GAP, TOP = 150, 34, 46


def circle(x, y, r, fill, more=""):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}" {more}/>'


def rect(x, y, w, h, fill, more=""):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}" {more}/>'


def field(x, y):
    return sum(a * math.exp(-((x - u) ** 2 + (y - v) ** 2) / s) for u, v, s, a in ((.3, .3, .02, 1), (.7, .35, .03, .8), (.45, .7, .04, .9), (.8, .8, .01, .6)))


def image_panel():
    n = 25
    size = PANEL / n
    for i in range(n):
        for j in range(n):
            grey = int(235 - 190 * min(1, field((j + .5) / n, (i + .5) / n)))
            yield rect(j * size, i * size, size + .3, size + .3, f"rgb({grey},{grey},{min(255, grey + 8)})")


def diagram_panel(rng):
    yield f'<path d="M0 {PANEL} L{PANEL} 0" stroke="{SOFT}" stroke-width="1.2"/>'
    for n, colour, spread in ((16, BLUE, .16), (12, RUST, .2)):
        for _ in range(n):
            birth = rng.uniform(.05, .75)
            death = min(.97, birth + rng.expovariate(1 / spread) + .02)
            yield circle(birth * PANEL, (1 - death) * PANEL, 3.4, colour, 'fill-opacity="0.8"')


def code_panel(rng):
    size = PANEL / 8
    for i in range(64):
        yield rect(i % 8 * size + 1, i // 8 * size + 1, size - 2, size - 2, INK if rng.random() < .5 else "#e4e7eb", 'rx="2"')


def distance_panel():
    n = 15
    size = PANEL / n
    for i in range(n):
        for j in range(n):
            near = (i // 5 == j // 5)
            shade = 0 if i == j else (40 if near else 150) + (i * 7 + j * 7) % 40
            yield rect(j * size, i * size, size + .2, size + .2, f"rgb({40 + shade},{80 + shade * 3 // 4},{140 + shade // 2})")


def tree_panel():
    lines = [(10, 150, 60), (35, 150, 60), (22, 60, 20), (60, 150, 90), (82, 150, 90), (71, 90, 45), (105, 150, 70), (128, 150, 70), (116, 70, 45), (94, 45, 20)]
    for x, lower, upper in lines:
        yield f'<path d="M{x} {lower} V{upper}" stroke="{INK}" stroke-width="1.6"/>'
    for x0, x1, y in ((10, 35, 60), (60, 82, 90), (105, 128, 70), (71, 116, 45), (22, 94, 20)):
        yield f'<path d="M{x0} {y} H{x1}" stroke="{INK}" stroke-width="1.6"/>'
    yield f'<path d="M0 33 H{PANEL}" stroke="{RUST}" stroke-width="1.2" stroke-dasharray="5 4"/>'


def map_panel(rng):
    for u, v, colour in ((.25, .3, BLUE), (.7, .3, RUST), (.5, .75, GREEN)):
        for _ in range(16):
            yield circle((u + rng.gauss(0, .07)) * PANEL, (v + rng.gauss(0, .07)) * PANEL, 3.6, colour, 'fill-opacity="0.75"')


def main():
    rng = random.Random(4)
    panels = [("image", "input, homology", image_panel()), ("persistence diagram", "(birth, death, dim)", diagram_panel(rng)),
              ("code", "64 bits, fitted", code_panel(rng)), ("distance", "Hamming, all pairs", distance_panel()), ("cluster", "linkage, cut, elbow", tree_panel()),
              ("report", "map, members, scores", map_panel(rng))]
    width, height = len(panels) * PANEL + (len(panels) - 1) * GAP + 40, PANEL + TOP + 46
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="Helvetica, Arial, sans-serif">',
           "<title>From an image to its persistence diagram, a 64-bit code, Hamming distances, clusters and a map</title>",
           rect(0, 0, width, height, "#ffffff"), '<g fill="none">']
    for k, (title, below, shapes) in enumerate(panels):
        x = 20 + k * (PANEL + GAP)
        out.append(f'<text x="{x + PANEL / 2}" y="28" text-anchor="middle" font-size="15" font-weight="600" fill="{INK}">{title}</text>')
        out.append(f'<g transform="translate({x} {TOP})">' + "".join(shapes) + rect(0, 0, PANEL, PANEL, "none", f'stroke="{SOFT}"') + "</g>")
        out.append(f'<text x="{x + PANEL / 2}" y="{TOP + PANEL + 22}" text-anchor="middle" font-size="12.5" fill="#52606d">{below}</text>')
        if k:
            y = TOP + PANEL / 2
            out.append(f'<path d="M{x - GAP + 6} {y} H{x - 9} m-6 -5 l6 5 l-6 5" stroke="{INK}" stroke-width="1.8"/>')
    out.append("</g></svg>\n")
    pathlib.Path(__file__).resolve().parent.parent.joinpath("docs", "pipeline.svg").write_text("\n".join(out), encoding="utf-8")


main()
