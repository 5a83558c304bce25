"""The same reports and the same roll-ups through PostgreSQL, SQLite, DuckDB and crossfoot.

Each round measures every engine once, each round beginning with another one, so that a machine
that changes its speed does so to all of them. Every total that an engine gives is compared with
crossfoot's, as integers; a difference ends the run. See README.md beside this file.
"""

import argparse
import contextlib
import json
import signal
import statistics
import sys
import tempfile
from pathlib import Path

import data
import machine
from crossfoot import Crossfoot
from duck import Duck
from postgres import Postgres
from sqlite import Sqlite

RELEASE = Path(__file__).resolve().parents[2] / "target/release/crossfoot"
# What is compared: its name, in words, and whether more is better.
ROWS = [
    ("single", "one report at a time, durable, 1 client, /s", True),
    ("concurrent", "one report at a time, durable, many clients, /s", True),
    ("bulk", "many reports, durable, /s", True),
    ("districts_ms", "totals of all districts, ms", False),
    ("district_ms", "total of one district, ms", False),
    ("all_ms", "total of all reports, as of an earlier moment, ms", False),
]


def main():
    options = arguments()
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, end)
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="peers-", dir=options.dir))).resolve()
        # PostgreSQL's user goes through it
        folder.chmod(0o711)
        described = machine.describe(folder)
        if described["filesystem"] in ("tmpfs", "ramfs"):
            sys.exit(f"{folder} is in memory, where nothing is durable: name a folder of a disk with --dir")
        engines = open_engines(options, folder, cleanup)
        versions = {name: version for engine in engines for name, version in engine.versions().items()}
        rounds = [measure(engines, number) for number in range(options.rounds)]
        report = {
            "machine": described,
            "versions": versions,
            "settings": {engine.name: engine.settings() for engine in engines},
            "reports": options.reports,
            "results": results(rounds),
            "commands": {engine.name: engine.commands for engine in engines},
        }
    print_table(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def end(number, _frame):
    """Asked to end, it cleans up and cannot be asked again."""
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.SIG_IGN)
    sys.exit(128 + number)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--reports", type=int, default=100_000, help="how many (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (%(default)s)")
    parser.add_argument("--crossfoot", type=Path, default=RELEASE, help="the program, built with --release")
    parser.add_argument("--postgres", type=Path, help="the folder with initdb, pg_ctl and pgbench")
    parser.add_argument("--postgres-user", default="postgres", help="whom the server runs as if this is root (%(default)s)")
    parser.add_argument("--dir", type=Path, help="a folder on the disk to measure on, for a temporary one")
    parser.add_argument("--json", type=Path, help="a file for all figures, versions, settings and commands")
    options = parser.parse_args()
    if not options.crossfoot.is_file():
        parser.error(f"{options.crossfoot} is not there: cargo build --release")
    return options


def open_engines(options, folder, cleanup):
    say(f"{options.reports:,} reports are made")
    crossfoot = Crossfoot(options.crossfoot.resolve(), folder / "crossfoot", options.reports)
    made = data.read(crossfoot.make(), folder)
    return [
        crossfoot,
        Postgres(folder / "postgres", made, cleanup, options.postgres_user, options.postgres),
        Sqlite(folder / "sqlite", made, cleanup),
        Duck(folder / "duckdb", made, cleanup),
    ]


def measure(engines, number):
    """One round: engine -> name -> value."""
    first = number % len(engines)
    values = {}
    for engine in engines[first:] + engines[:first]:
        say(f"round {number + 1}: {engine.name}")
        values[engine.name] = engine.measure()
    return values


def results(rounds):
    """Median and quartiles of every figure, and how many times as fast crossfoot is."""
    names = [engine.name for engine in (Crossfoot, Postgres, Sqlite, Duck)]
    found = []
    for name, measured, more_is_better in ROWS:
        ours = statistics.median(values[Crossfoot.name][name] for values in rounds)
        for engine in names:
            if name not in rounds[0][engine]:
                continue
            values = [values[engine][name] for values in rounds]
            lower, median, upper = quartiles(values)
            faster = ours / median if more_is_better else median / ours
            figures = {"median": median, "lower": lower, "upper": upper, "crossfoot_is_faster": faster, "rounds": values}
            found.append({"name": name, "measured": measured, "engine": engine} | figures)
    return found


def quartiles(values):
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


def print_table(report):
    described, versions = report["machine"], report["versions"]
    print(f"{report['reports']:,} reports, {len(report['results'][0]['rounds'])} rounds")
    print(", ".join(f"{name} {value}" for name, value in (described | versions).items()))
    print("\n| measured | engine | median | quartiles | crossfoot is faster by |\n|---|---|---:|---:|---:|")
    for result in report["results"]:
        lower, median, upper = (digits(result[name]) for name in ("lower", "median", "upper"))
        faster = "" if result["engine"] == Crossfoot.name else f"× {digits(result['crossfoot_is_faster'])}"
        print(f"| {result['measured']} | {result['engine']} | {median} | {lower} – {upper} | {faster} |")


def digits(value):
    """Three digits that count, as people write them."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def say(words):
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
