"""crossfoot itself: it makes the reports, and measures itself through a real gRPC server."""

import json
import os
import statistics

import program

SCENARIOS = ["stream", "unary", "rollup", "scan"]
MEASURED = ["stream", "unary_1_p50_us", "unary_512", "districts_us", "scan_ms"]


class Crossfoot:
    name = "crossfoot"

    def __init__(self, binary, folder, reports):
        self.binary, self.folder, self.reports, self.commands = binary, folder, reports, []
        folder.mkdir()

    def run(self, *arguments):
        command = [self.binary, *arguments]
        said = " ".join(map(str, command))
        if said not in self.commands:
            self.commands.append(said)
        # its stores lie on the same disk as those of the others
        return program.run(command, env=os.environ | {"TMPDIR": str(self.folder)})

    def make(self):
        """Writes units, reports and totals."""
        made = self.folder / "made"
        made.mkdir()
        self.run("bench", "make", made, "--reports", self.reports)
        with open(made / "totals.csv", encoding="utf-8") as totals:
            self.districts = sum(1 for _ in totals) - 1
        return made

    def versions(self):
        return {"crossfoot": self.run("--version").removeprefix("crossfoot ")}

    def measure(self):
        """Everything once, by the names of the others."""
        out = self.folder / "measured.json"
        self.run("bench", *SCENARIOS, "--reports", self.reports, "--rounds", 1, "--json", out)
        self.measured = json.loads(out.read_text(encoding="utf-8"))
        found = {result["name"]: statistics.median(result["rounds"]) for result in self.measured["results"]}
        missing = [name for name in MEASURED if name not in found]
        if missing:
            raise ValueError(f"crossfoot bench does not tell {', '.join(missing)}")
        return {
            "single": 1_000_000 / found["unary_1_p50_us"],
            "concurrent": found["unary_512"],
            "bulk": found["stream"],
            "districts_ms": found["districts_us"] / 1_000,
            # they are asked for one by one
            "district_ms": found["districts_us"] / 1_000 / self.districts,
            "all_ms": found["scan_ms"],
        }

    def settings(self):
        """As it tells them."""
        return self.measured["settings"]
