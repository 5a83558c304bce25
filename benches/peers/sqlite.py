"""SQLite: a file with a write-ahead log that is synced at every commit, inside this process."""

import sqlite3

from peer import Peer, timed

# FULL (2) syncs the log at each commit; a cache of 1 GiB is in its favour.
SETTINGS = {"journal_mode": "wal", "synchronous": "2", "cache_size": "-1048576"}


class Sqlite(Peer):
    name = "SQLite"

    def __init__(self, folder, data, cleanup):
        super().__init__(folder, data)
        self.path, self.staged = folder / "reports.db", folder / "staging.db"
        self.stage()
        cleanup.callback(self.close)

    def stage(self):
        """Reads the reports into another file first: what is measured is a copy from table to
        table inside SQLite, without Python, and without text to parse."""
        names = ["district TEXT", "unit TEXT", "year INTEGER", *(f"{cell} INTEGER" for cell in self.data.cells)]
        staging = sqlite3.connect(self.staged)
        staging.execute("PRAGMA journal_mode = off")
        staging.execute(f"CREATE TABLE staging ({', '.join(names)})")
        with open(self.data.all, encoding="utf-8") as rows:
            next(rows)
            values = ", ".join("?" * len(names))
            # the columns make integers of the words
            staging.executemany(f"INSERT INTO staging VALUES ({values})", (row.rstrip("\n").split(",") for row in rows))
        staging.commit()
        staging.close()

    def close(self):
        if self.connection:
            self.connection.close()

    def versions(self):
        return {"SQLite": sqlite3.sqlite_version}

    def settings(self):
        return {name: self.sql(f"PRAGMA {name}").fetchone()[0] for name in SETTINGS}

    def clear(self):
        """A new file, for a table that is emptied leaves its pages behind."""
        self.close()
        for end in ["", "-wal", "-shm"]:
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        # transactions are begun and committed by statements alone
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        for name, value in SETTINGS.items():
            self.sql(f"PRAGMA {name} = {value}")
        self.sql(f"ATTACH '{self.staged}' AS staged")
        self.create_table()

    def insert(self, clients, count):
        insert = f"INSERT INTO reports SELECT {self.data.columns} FROM staged.staging WHERE rowid = ?"
        # rows are numbered from 1
        seconds, _ = timed(lambda: [self.sql(insert, [number + 1]) for number in range(count)])
        return count / seconds

    def load(self):
        self.sql("BEGIN")
        self.sql(f"INSERT INTO reports SELECT {self.data.columns} FROM staged.staging")
        self.sql("COMMIT")

    def settle(self):
        self.sql("ANALYZE main.reports")
