#!/usr/bin/env python3
"""How cost grows with the reports in the ledger: a figure, docs/performance/growth.svg.

cargo build --release && benches/growth.py            # some ten minutes
benches/growth.py FILE...                              # draws what `crossfoot bench --json` wrote before

Every size is two years of so many agencies. Both axes are logarithmic, so that what does not
grow is level and what grows like the ledger rises one decade in one.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
AGENCIES = [500, 5_000, 50_000, 500_000]
SCENARIOS = ["rollup", "scan", "memory", "start"]
# name of a result, what it is, microseconds in its unit
LINES = [
    ("rollup_p50_us", "roll-up of all, a call", 1),
    ("scan_ms", "the same as of an earlier position", 1_000),
    ("start_ms", "start by checkpoint", 1_000),
    ("replay_ms", "start by full replay", 1_000),
]
COLOURS = ["#1b6ca8", "#3a9d5d", "#c77c11", "#b3261e"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 90, 220, 20, 50


def measured():
    """What `crossfoot bench` says, one result a size."""
    with tempfile.TemporaryDirectory() as folder:
        for agencies in AGENCIES:
            out = pathlib.Path(folder) / "out.json"
            command = [ROOT / "target/release/crossfoot", "bench", *SCENARIOS]
            subprocess.run([*command, "--reports", str(agencies), "--rounds", "3", "--json", out], check=True)
            yield json.loads(out.read_text(encoding="utf-8"))


def points(results):
    """For each line, (reports, microseconds) in order."""
    found = {name: [] for name, _, _ in LINES}
    for result in results:
        reports = 2 * result["settings"]["reports"]
        medians = {one["name"]: one["median"] for one in result["results"]}
        for name, _, micros in LINES:
            if name in medians:
                found[name].append((reports, max(medians[name] * micros, 1)))
    return {name: sorted(line) for name, line in found.items()}


def drawn(lines):
    """The figure."""
    every = [point for line in lines.values() for point in line]
    lows = [math.floor(math.log10(min(values))) for values in zip(*every)]
    highs = [math.ceil(math.log10(max(values))) for values in zip(*every)]
    place = lambda value, axis: (math.log10(value) - lows[axis]) / (highs[axis] - lows[axis])
    x = lambda reports: LEFT + place(reports, 0) * (WIDTH - LEFT - RIGHT)
    y = lambda micros: HEIGHT - BOTTOM - place(micros, 1) * (HEIGHT - TOP - BOTTOM)
    said = lambda micros: f"{micros // 1_000_000:g} s" if micros >= 1_000_000 else f"{micros / 1_000:g} ms"
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    for power in range(lows[1], highs[1] + 1):
        at = y(10**power)
        yield f'<path d="M{LEFT} {at:.0f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{at + 4:.0f}" text-anchor="end">{said(10**power)}</text>'
    for power in range(lows[0], highs[0] + 1):
        yield f'<text x="{x(10**power):.0f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{10**power:,}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">reports in the ledger</text>'
    for (name, label, _), colour in zip(LINES, COLOURS):
        line = lines[name]
        if not line:
            continue
        way = "L".join(f"{x(reports):.1f} {y(micros):.1f}" for reports, micros in line)
        yield f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for reports, micros in line:
            yield f'<circle cx="{x(reports):.1f}" cy="{y(micros):.1f}" r="3" fill="{colour}"/>'
        yield f'<text x="{x(line[-1][0]) + 8:.0f}" y="{y(line[-1][1]) + 4:.0f}" fill="{colour}">{label}</text>'
    yield "</svg>"


def main():
    given = [json.loads(pathlib.Path(file).read_text(encoding="utf-8")) for file in sys.argv[1:]]
    out = ROOT / "docs/performance/growth.svg"
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(drawn(points(given or measured()))) + "\n", encoding="utf-8")
    print(f"written to {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
