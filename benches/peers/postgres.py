"""PostgreSQL: a cluster of its own in a temporary folder, on a Unix socket, without a TCP port."""

import glob
import os
import re
import shutil

import psycopg

import program
from peer import Peer

# Durability is as it comes; the rest is in its favour.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "''",
    # a quarter of a small server's memory, and hash tables that stay in it
    "shared_buffers": "'1GB'",
    "work_mem": "'64MB'",
    # no checkpoint while it is measured
    "max_wal_size": "'8GB'",
    "checkpoint_timeout": "'1h'",
    # compiling 200 sums takes longer than adding them up
    "jit": "off",
}


class Postgres(Peer):
    name = "PostgreSQL"
    # as 64 bits, exactly or as an error, which is quicker to send than any number
    sum, parameter = "sum({})::bigint", "%s"
    clients = 64

    def __init__(self, folder, data, cleanup, user, programs):
        super().__init__(folder, data)
        self.user = user if os.geteuid() == 0 else None
        self.programs = programs or find_programs()
        self.start(cleanup)
        self.connection = psycopg.connect(host=str(folder), user="bench", dbname="postgres", autocommit=True)
        cleanup.callback(self.connection.close)
        # statements are prepared when they are run first
        self.connection.prepare_threshold = 0
        self.stage()

    def start(self, cleanup):
        self.folder.chmod(0o700)
        if self.user:
            shutil.chown(self.folder, self.user)
        cluster = self.folder / "cluster"
        self.server("initdb", "-D", cluster, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale")
        with open(cluster / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in SETTINGS.items())
            file.write(f"unix_socket_directories = '{self.folder}'\n")
        cleanup.callback(self.server, "pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop", check=False)
        self.server("pg_ctl", "-D", cluster, "-l", self.folder / "log", "-w", "start")

    def server(self, name, *arguments, check=True):
        """Runs a program as the server's user, for the server refuses to be root."""
        become = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        return self.run(os.path.join(self.programs, name), *arguments, check=check, **become)

    def run(self, *command, check=True, **become):
        self.note(" ".join(map(str, command)))
        # the server's user may not be allowed into the folder that this was started in
        return program.run(command, check, cwd="/", **become)

    def stage(self):
        """Numbers the reports that pgbench inserts, in a table that costs no log: no client has to
        write 200 figures, no server to parse them."""
        figures = ", ".join(f"{cell} bigint" for cell in self.data.cells)
        number = "id bigint GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0) PRIMARY KEY"
        self.sql(f"CREATE UNLOGGED TABLE staging ({number}, district text, unit text, year integer, {figures})")
        self.sql(f"COPY staging ({self.data.columns}) FROM '{self.data.few}' (FORMAT csv, HEADER)")
        self.sql("VACUUM ANALYZE staging")
        self.script = self.folder.parent / "pgbench.sql"
        self.script.write_text(
            "\\set n :n + 1\n"
            "\\set id :n * :clients + :client_id\n"
            f"INSERT INTO reports SELECT {self.data.columns} FROM staging WHERE id = :id;\n",
            encoding="utf-8",
        )
        self.note(self.script.read_text(encoding="utf-8"))

    def versions(self):
        return {"PostgreSQL": self.sql("SHOW server_version").fetchone()[0], "psycopg": psycopg.__version__}

    def settings(self):
        return {name: self.sql(f"SHOW {name}").fetchone()[0] for name in SETTINGS}

    def clear(self):
        self.sql("DROP TABLE IF EXISTS reports")
        self.create_table()
        self.sql("CHECKPOINT")

    def insert(self, clients, count):
        said = self.run(
            *(os.path.join(self.programs, "pgbench"), "-h", self.folder, "-U", "bench", "-n", "-M", "prepared"),
            *("-c", clients, "-j", min(clients, os.cpu_count()), "-t", count, "-f", self.script),
            *("-D", "n=-1", "-D", f"clients={clients}", "postgres"),
        )
        return float(re.search(r"tps = ([0-9.]+) \(without initial connection time\)", said).group(1))

    def load(self):
        self.sql(f"COPY reports ({self.data.columns}) FROM '{self.data.all}' (FORMAT csv, HEADER)")

    def settle(self):
        self.sql("VACUUM ANALYZE reports")
        self.sql("CHECKPOINT")


def find_programs():
    """The folder with initdb: where it is on the PATH, or the newest that Debian installed."""
    on_path = shutil.which("initdb")
    installed = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    found = [os.path.realpath(path) for path in [on_path, *installed[::-1]] if path]
    if not found:
        raise RuntimeError("PostgreSQL's server is not installed (initdb is not found); say where with --postgres")
    return os.path.dirname(found[0])
