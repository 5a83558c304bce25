"""crossfoot itself: it makes the reports, and measures itself through a real gRPC server."""

import json
import os
import subprocess

SCENARIOS = ["stream", "unary", "rollup", "scan"]
LONGEST_SECONDS = 1_800
# Name in its JSON -> name here.
RESULTS = {
    "stream": "bulk",
    "unary_1_p50_us": "single",
    "unary_512": "concurrent",
    "rollup_p50_us": "one_ms",
    "districts_us": "all_ms",
    "scan_ms": "scan_ms",
}


class Crossfoot:
    name = "crossfoot"

    def __init__(self, program, folder, reports):
        self.program, self.folder, self.reports, self.commands = program, folder, reports, []
        folder.mkdir()

    def run(self, *arguments):
        command = [str(word) for word in (self.program, *arguments)]
        if " ".join(command) not in self.commands:
            self.commands.append(" ".join(command))
        # its temporary files lie on the same disk as those of the others
        environment = os.environ | {"TMPDIR": str(self.folder)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def make(self):
        """Writes units, reports and totals."""
        made = self.folder / "made"
        made.mkdir()
        self.run("bench", "make", made, "--reports", self.reports)
        return made

    def versions(self):
        return {"crossfoot": self.run("--version").removeprefix("crossfoot ")}

    def measure(self):
        """Everything once."""
        out = self.folder / "measured.json"
        self.run("bench", *SCENARIOS, "--reports", self.reports, "--rounds", 1, "--json", out)
        self.measured = json.loads(out.read_text(encoding="utf-8"))
        found = {result["name"]: result["rounds"] for result in self.measured["results"]}
        missing = RESULTS.keys() - found.keys()
        if missing:
            raise ValueError(f"crossfoot bench does not tell {', '.join(sorted(missing))}")
        values = {ours: found[theirs][0] for theirs, ours in RESULTS.items()}
        # its time for one call, as calls a second; the rest from microseconds
        values["single"] = 1_000_000 / values["single"]
        values["all_ms"] /= 1_000
        values["one_ms"] /= 1_000
        return values

    def settings(self):
        """As it tells them."""
        return self.measured["settings"]
