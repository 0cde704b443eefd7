"""Prove that a stranger's machine is enough: clone, `make demo`, sign in as everybody, start again.

The clone lies in a new folder; HOME is empty, so no cache of pip or uv helps and no setting of
this account leaks in. Everybody whom `kantor demo accounts --json` names signs in over HTTP with
the form a browser would send. Prints what each part took; leaves with 1 at the first thing wrong.
"""

from __future__ import annotations

import contextlib
import html
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SET_UP, LONGEST_START, LONGEST_STOP = 900, 120, 30
# What a machine's network needs to reach the package registry; nothing else is handed down.
HANDED_DOWN = (
    "LANG",
    "LC_ALL",
    "TERM",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


class Failed(Exception):
    """Something did not go as a stranger may expect."""


class Fields(HTMLParser):
    """The hidden fields of the sign-in form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._inside = found.get("action", "/sign-in").startswith("/sign-in")
        if tag == "input" and self._inside and found.get("type") == "hidden":
            self.hidden[found["name"]] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def environment(home: Path) -> dict[str, str]:
    """Return what the demo may know of this machine: the way to python3, and to the registry."""
    kept = {key: value for key, value in os.environ.items() if key.upper() in HANDED_DOWN}
    kept |= {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "UV_"))}
    kept.pop("UV_CACHE_DIR", None)
    kept.pop("PIP_CACHE_DIR", None)
    # Version managers put scripts on the PATH that need the real HOME; the Python itself does not.
    here = Path(sys.base_prefix) / "bin"
    return {**kept, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "HOME": str(home)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Demo:
    """One running `make demo` in the clone, in a process group of its own."""

    def __init__(self, clone: Path, settings: dict[str, str], log: Path) -> None:
        self.clone = clone
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                ["make", "demo", f"PORT={self.port}"],
                cwd=clone,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self, seconds: float) -> None:
        """Return as soon as the portal says it is ready."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed(
                    f"make demo ended with status {self.process.returncode}:\n{self.tail()}"
                )
            try:
                with build_opener().open(f"{self.address}/ready", timeout=5):
                    return
            except (URLError, OSError, http.client.HTTPException):
                time.sleep(0.1)
        raise Failed(f"not ready after {seconds:.0f} s:\n{self.tail()}")

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])

    def stop(self, kind: signal.Signals) -> None:
        """Stop as a terminal or an init system does; complain about anything that stays behind."""
        os.killpg(self.process.pid, kind)
        end = time.monotonic() + LONGEST_STOP
        while self._lives() and time.monotonic() < end:
            self.process.poll()
            time.sleep(0.05)
        if self._lives():
            self.kill()
            raise Failed(f"still running {LONGEST_STOP} s after {kind.name}:\n{self.tail()}")
        if left := strays(self.clone):
            raise Failed(f"left behind after {kind.name}: {', '.join(left.values())}")

    def kill(self) -> None:
        """End whatever is left, first with time to end its own children, then without."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            if self._lives():
                os.killpg(self.process.pid, kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=15)
        for number in strays(self.clone):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def _lives(self) -> bool:
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True


def strays(clone: Path) -> dict[int, str]:
    """Return number and command of what still runs out of the clone, the worker for instance."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(clone) in command:
                found[int(file.parent.name)] = command.strip()
    return found


def page(browser: OpenerDirector, request: Request) -> tuple[int, str, Message]:
    """Return status, body and headers, redirects followed."""
    try:
        with browser.open(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace"), error.headers


def sign_in(address: str, account: dict[str, Any]) -> float:
    """Sign in with the form, look at the home page; return the seconds it took without waiting."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    who = f"{account['username']} ({account['role']}, {account['department']})"
    for _ in range(4):
        started = time.monotonic()
        status, body, _ = page(browser, Request(f"{address}/sign-in"))
        if status != 200:
            raise Failed(f"{who}: the sign-in page answers {status}")
        form = Fields(body).hidden
        if "csrf_token" not in form:
            raise Failed(f"{who}: the sign-in form has no csrf_token")
        form |= {"username": account["username"], "password": account["password"]}
        headers = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
        posted = Request(f"{address}/sign-in", urlencode(form).encode(), headers)
        status, body, answered = page(browser, posted)
        if status != 429:
            break
        # The portal counts sign-ins by address, here as for everybody.
        time.sleep(min(float(answered.get("Retry-After", 10)), 65))
    if status != 200:
        raise Failed(f"{who}: signing in answers {status}")
    status, body, _ = page(browser, Request(f"{address}/"))
    if status != 200 or html.escape(account["name"]) not in body:
        raise Failed(f"{who}: the home page answers {status} and does not greet them by name")
    return time.monotonic() - started


def accounts(clone: Path, settings: dict[str, str]) -> list[dict[str, Any]]:
    """Return the demo's accounts as the command for scripts lists them."""
    command = [str(clone / ".venv/bin/kantor"), "demo", "accounts", "--json"]
    listing = subprocess.run(command, cwd=clone, env=settings, capture_output=True, check=False)
    if listing.returncode:
        raise Failed(f"kantor demo accounts --json:\n{listing.stderr.decode()}")
    found: list[dict[str, Any]] = json.loads(listing.stdout)
    if not found:
        raise Failed("kantor demo accounts --json lists nobody")
    return found


def timed(what: str, action: Callable[[], Any]) -> Any:
    """Do it and print what it took."""
    started = time.monotonic()
    result = action()
    print(f"{what:44}{time.monotonic() - started:8.2f} s", flush=True)
    return result


def try_out(folder: Path) -> None:
    """Clone, start, sign in, stop, start again."""
    clone, home = folder / "kantor", folder / "home"
    home.mkdir()
    settings = environment(home)
    command = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)]
    timed("clone", lambda: subprocess.run(command, env=settings, check=True))
    running = Demo(clone, settings, folder / "first.log")
    try:
        timed("make demo, first start until ready", lambda: running.wait(LONGEST_SET_UP))
        everybody = accounts(clone, settings)
        for account in everybody:
            took = sign_in(running.address, account)
            print(f"  {account['username']:24}{account['role']:24}{took:6.2f} s", flush=True)
        timed("stop (SIGINT, as Ctrl-C)", lambda: running.stop(signal.SIGINT))
        running = Demo(clone, settings, folder / "second.log")
        timed("make demo, second start until ready", lambda: running.wait(LONGEST_START))
        if accounts(clone, settings) != everybody:
            raise Failed("the second start lists other accounts than the first")
        sign_in(running.address, everybody[0])
        timed("stop (SIGTERM, as an init system)", lambda: running.stop(signal.SIGTERM))
    finally:
        running.kill()
    print(f"{len(everybody)} accounts signed in.")


def main() -> None:
    """Try it out in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kantor-fresh-"))
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    if changed:
        print("Uncommitted changes are not part of the clone.")
    started = time.monotonic()
    try:
        try_out(folder)
    except (Failed, subprocess.CalledProcessError) as failure:
        sys.exit(f"make fresh failed: {failure}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"make fresh passed in {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
