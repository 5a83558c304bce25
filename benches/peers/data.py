"""The reports that every engine gets, and the totals that every engine must give."""

import csv
import itertools
from dataclasses import dataclass
from pathlib import Path

# Reports that are inserted one at a time at most.
FEW = 20_480


@dataclass(frozen=True)
class Data:
    """Files of reports: a header, then district, unit, year and the figures in cell order."""

    all: Path
    count: int
    few: Path
    few_count: int
    year: int
    cells: list
    # district -> its figures, as crossfoot adds them up
    totals: dict

    @property
    def columns(self):
        """All columns of a report."""
        return ", ".join(["district", "unit", "year", *self.cells])

    def some_districts(self, count):
        """Districts that are asked for, evenly from all."""
        districts = list(self.totals)
        return districts[:: max(1, len(districts) // count)][:count]


def read(made, folder):
    """Reads what `crossfoot bench make` wrote, and puts the district to each report."""
    totals = read_totals(made / "totals.csv")
    districts = read_districts(made / "units.csv", totals)
    every, few = folder / "all.csv", folder / "few.csv"
    with open(made / "reports.csv", encoding="utf-8") as source, open(every, "w", encoding="utf-8") as rows:
        unit, year, coverage, *cells = next(source).rstrip("\n").split(",")
        assert (unit, year, coverage) == ("unit", "year", "coverage"), "another header than expected"
        rows.write(",".join(["district", "unit", "year", *cells]) + "\n")
        years, count = set(), 0
        for line in source:
            unit, year, coverage, figures = line.split(",", 3)
            assert coverage == "OWN", f"{unit} reports for others too"
            rows.write(f"{districts[unit]},{unit},{year},{figures}")
            years.add(int(year))
            count += 1
    assert len(years) == 1, f"reports of {len(years)} years"
    with open(every, encoding="utf-8") as rows, open(few, "w", encoding="utf-8") as out:
        out.writelines(itertools.islice(rows, FEW + 1))
    (made / "reports.csv").unlink()
    return Data(every, count, few, min(count, FEW), years.pop(), cells, totals)


def read_totals(path):
    with open(path, encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return {district: tuple(map(int, figures)) for district, *figures in lines}


def read_districts(path, totals):
    """The district above each unit."""
    with open(path, encoding="utf-8", newline="") as file:
        parents = {line["unit"]: line["parent"] for line in csv.DictReader(file)}

    def district(unit):
        while unit and unit not in totals:
            unit = parents[unit]
        return unit

    return {unit: district(unit) for unit in parents}
