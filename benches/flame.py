#!/usr/bin/env python3
"""Where the time of a server goes: a figure, docs/performance/ingest.svg.

crossfoot bench stream --reports 400000 --rounds 1 &           # and while reports come in:
perf record -F 997 --call-graph dwarf,8192 -p PID_OF_THE_SERVER -o served.data -- sleep 2
perf script -i served.data --no-inline -F comm,ip,sym | benches/flame.py

A bar is as wide as the time spent in what it names and in what that calls, which stands below.
"""

import collections
import html
import pathlib
import re
import sys

FIGURE = pathlib.Path(__file__).resolve().parent.parent / "docs/performance/ingest.svg"
WIDTH, BAR, TOP, LETTER = 1200, 17, 24, 6.2
THINNEST = 0.003
# threads that are told apart, and what other threads are
THREADS = {"ledger": "ledger", "tokio-rt-worker": "tasks"}
# what is between a thread and what it does, and says nothing
PASSED = re.compile(r"0x|\[unknown|clone3|start_thread|__libc_start|__rust|syscall$|<?(std::|alloc::|tokio::runtime)|<core::|"
                    r"core::(ops|future|pin)")


class Bar:
    """What was spent in one place, and in what it calls."""

    def __init__(self):
        self.samples = 0
        self.below = collections.defaultdict(Bar)


def name_of(frame):
    """A symbol without the address before it, the crate, and what stands for any type."""
    symbol = frame.split(None, 1)[1] if " " in frame.strip() else frame
    symbol = re.sub(r" \([^()]*\)$", "", symbol.strip())
    return symbol.replace("crossfoot::", "").replace("::{{closure}}", "")


def read(lines):
    """The bars of all samples."""
    root = Bar()
    for sample in "".join(lines).split("\n\n"):
        comm, *frames = sample.strip().split("\n")
        if not frames:
            continue
        bar, last = root, None
        for name in [THREADS.get(comm.strip(), "sled"), *map(name_of, reversed(frames))]:
            if name == last or (bar is not root and PASSED.match(name)):
                continue
            bar.samples += 1
            bar, last = bar.below[name], name
        bar.samples += 1
    return root


def drawn(bar, left, level, every, out):
    """Draws what a bar calls, the most first; gives the deepest level."""
    deepest = level
    for name, below in sorted(bar.below.items(), key=lambda item: -item[1].samples):
        share = below.samples / every
        if share < THINNEST:
            continue
        width, y = share * WIDTH, TOP + level * BAR
        hue = 20 if level == 0 else 45 if "::" in name and not name.startswith("<") else 200
        shown = html.escape(name[: int(width / LETTER)]) if width > 40 else ""
        out.append(
            f'<g><title>{html.escape(name)} {share * 100:.1f} %</title>'
            f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="{BAR - 1}" fill="hsl({hue},70%,{68 + level % 3 * 5}%)"/>'
            f'<text x="{left + 2:.1f}" y="{y + 12}">{shown}</text></g>'
        )
        deepest = max(deepest, drawn(below, left, level + 1, every, out))
        left += width
    return deepest


def main():
    root = read(sys.stdin)
    every = root.samples or sys.exit("no samples")
    bars = []
    height = TOP + (drawn(root, 0, 0, every, bars) + 1) * BAR + 8
    title = (f"Ingest through a stream, the server's threads: {every} samples; a bar is as wide as the time spent in it, "
             "what it calls stands below")
    FIGURE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">\n'
        f'<text x="4" y="14">{html.escape(title)}</text>\n' + "\n".join(bars) + "\n</svg>\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
