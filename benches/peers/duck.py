"""DuckDB: a file, inside this process, with all cores."""

import duckdb

from peer import Peer, timed


class Duck(Peer):
    name = "DuckDB"
    types = ("VARCHAR", "INTEGER", "BIGINT")
    # made for bulk: one insert takes it some ten milliseconds
    singles = 200

    def __init__(self, folder, data, cleanup):
        super().__init__(folder, data)
        self.path = folder / "reports.duckdb"
        self.figures = self.first_rows()
        cleanup.callback(self.close)

    def first_rows(self):
        """The reports that are inserted one at a time, as Python's integers."""
        with open(self.data.few, encoding="utf-8") as rows:
            next(rows)
            split = (next(rows).rstrip("\n").split(",") for _ in range(min(self.singles, self.data.few_count)))
            return [[district, unit, *map(int, figures)] for district, unit, *figures in split]

    def close(self):
        if self.connection:
            self.connection.close()

    def versions(self):
        return {"DuckDB": duckdb.__version__}

    def settings(self):
        """All defaults; a commit syncs its log."""
        names = ["threads", "memory_limit", "checkpoint_threshold"]
        return {name: self.sql(f"SELECT current_setting('{name}')").fetchone()[0] for name in names}

    def clear(self):
        """A new file, for a table that is emptied leaves its blocks behind."""
        self.close()
        for end in ["", ".wal"]:
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        self.connection = duckdb.connect(str(self.path))
        self.create_table()

    def insert(self, clients, count):
        insert = f"INSERT INTO reports VALUES ({', '.join('?' * (3 + len(self.data.cells)))})"
        seconds, _ = timed(lambda: [self.sql(insert, row) for row in self.figures[:count]])
        return count / seconds

    def load(self):
        words, year, figure = self.types
        types = {"district": words, "unit": words, "year": year} | dict.fromkeys(self.data.cells, figure)
        self.sql(f"INSERT INTO reports SELECT * FROM read_csv('{self.data.all}', header = true, columns = {types})")

    def settle(self):
        self.sql("CHECKPOINT")
