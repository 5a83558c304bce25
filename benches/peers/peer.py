"""What the engines have in common: one table, two questions, and how both are timed."""

import statistics
import time

# Reports inserted one after the other by one client.
SINGLES = 4_000
# Districts asked for one at a time.
DISTRICTS = 20


class Peer:
    """An engine. Its constructor opens it in a folder of its own, and has `cleanup`, an ExitStack,
    close it; every statement and every program that it runs is in `commands`."""

    name = ""
    # Names of its types for words, years and figures.
    types = ("text", "integer", "bigint")
    # How it adds up a column, and how it names a parameter.
    sum, parameter = "sum({})", "?"
    # Reports inserted with one client; how many clients it is tried with besides.
    singles, clients = SINGLES, 0

    def __init__(self, folder, data):
        self.folder, self.data, self.commands = folder, data, []
        self.connection = None
        folder.mkdir()
        sums = ", ".join(self.sum.format(cell) for cell in data.cells)
        self.total_of_all = f"SELECT {sums} FROM reports WHERE year = {data.year}"
        self.total_of_one = f"{self.total_of_all} AND district = {self.parameter}"
        self.totals_of_districts = f"SELECT district, {sums} FROM reports WHERE year = {data.year} GROUP BY district"

    def versions(self):
        """Its version and that of its driver."""
        raise NotImplementedError

    def settings(self):
        """What differs from its defaults, and what durability depends on."""
        raise NotImplementedError

    def clear(self):
        """Makes the table of reports anew."""
        raise NotImplementedError

    def insert(self, clients, count):
        """Inserts this many, each durable before the next of its client; gives reports a second."""
        raise NotImplementedError

    def load(self):
        """Loads all reports."""
        raise NotImplementedError

    def settle(self):
        """What its operator would do after a load; takes no time that is measured."""
        raise NotImplementedError

    def sql(self, text, parameters=()):
        """Runs a statement and notes it."""
        self.note(text)
        return self.connection.execute(text, parameters)

    def note(self, command):
        """Notes what is run, once."""
        if command not in self.commands:
            self.commands.append(command)

    def create_table(self):
        """One index, of the primary key: it refuses a second report of a unit, and finds a district."""
        words, year, figure = self.types
        figures = ", ".join(f"{cell} {figure} NOT NULL" for cell in self.data.cells)
        self.sql(
            f"CREATE TABLE reports (district {words} NOT NULL, unit {words} NOT NULL, year {year} NOT NULL, "
            f"{figures}, PRIMARY KEY (year, district, unit))"
        )

    def measure(self):
        """Everything once. A total that is not crossfoot's is an error."""
        values = {"single": self.inserted(1, self.singles)}
        if self.clients:
            values["concurrent"] = self.inserted(self.clients, self.data.few_count)
        self.clear()
        seconds, _ = timed(self.load)
        self.settle()
        self.expect_count(self.data.count)
        values["bulk"] = self.data.count / seconds
        values["districts_ms"] = self.ask_for_districts() * 1_000
        values["district_ms"] = self.ask_for_some() * 1_000
        values["all_ms"] = self.ask_for_all() * 1_000
        self.clear()
        return values

    def inserted(self, clients, count):
        each = min(count, self.data.few_count) // clients
        self.clear()
        rate = self.insert(clients, each)
        self.expect_count(clients * each)
        return rate

    def expect_count(self, expected):
        (count,) = self.sql("SELECT count(*) FROM reports").fetchone()
        if count != expected:
            raise ValueError(f"{self.name} has {count} reports, not {expected}")

    def ask_for_districts(self):
        """Seconds for the totals of all districts."""
        seconds, rows = self.ask(self.totals_of_districts)
        self.compare({district: tuple(figures) for district, *figures in rows}, self.data.totals)
        return seconds

    def ask_for_all(self):
        """Seconds for the total of all reports."""
        seconds, rows = self.ask(self.total_of_all)
        self.compare({"all": rows[0]}, {"all": tuple(map(sum, zip(*self.data.totals.values())))})
        return seconds

    def ask_for_some(self):
        """Seconds for the total of one district, the median over some."""
        asked = {district: self.ask(self.total_of_one, [district]) for district in self.data.some_districts(DISTRICTS)}
        self.compare(
            {district: rows[0] for district, (_, rows) in asked.items()},
            {district: self.data.totals[district] for district in asked},
        )
        return statistics.median(seconds for seconds, _ in asked.values())

    def ask(self, question, parameters=()):
        """Asks twice, for the first finds cold pages; gives the seconds of the second and its answer."""
        self.sql(question, parameters).fetchall()
        return timed(lambda: self.sql(question, parameters).fetchall())

    def compare(self, found, expected):
        """Exactly, as integers."""
        wrong = [key for key in expected.keys() | found.keys() if found.get(key) != expected.get(key)]
        if wrong:
            raise ValueError(f"{self.name} and crossfoot differ in {len(wrong)} totals, {min(wrong)} first")


def timed(work):
    """Seconds that it takes, and what it gives."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result
