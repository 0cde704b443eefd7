"""Refresh the third-party files that are kept in the tree: ``python tools/vendor.py``.

Needs npm and a registry, unlike installing or running the portal. Everything taken is listed below;
what lands in the tree is written down with its SHA-256 in ``portal/static/vendor/MANIFEST``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from itertools import starmap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
VENDOR = ROOT / "portal" / "static" / "vendor"
CHECKING = ROOT / "portal" / "checking" / "vendor"

# package -> (version, folder, files to take; a pair gives the name it gets here)
PACKAGES: dict[str, tuple[str, str, list[str | tuple[str, str]]]] = {
    "@tabler/core": ("1.6.1", "tabler", ["dist/css/tabler.min.css"]),
    "bootstrap": ("5.3.9", "bootstrap", ["dist/js/bootstrap.bundle.min.js", "LICENSE"]),
    "htmx.org": ("4.0.1", "htmx", ["dist/htmx.min.js", "LICENSE"]),
    "@fontsource-variable/inter": (
        "5.3.0",
        "inter",
        [
            "files/inter-latin-wght-normal.woff2",
            "files/inter-latin-ext-wght-normal.woff2",
            "LICENSE",
        ],
    ),
    "barcode-detector": ("3.2.2", "barcode-detector", ["dist/iife/ponyfill.js", "LICENSE"]),
    # The version that barcode-detector is built for: it checks.
    "zxing-wasm": ("3.1.3", "zxing-wasm", ["dist/reader/zxing_reader.wasm", "LICENSE"]),
    "@tabler/icons": ("3.51.0", "tabler-icons", ["LICENSE"]),
}
AXE: tuple[str, str, list[str | tuple[str, str]]] = (
    "axe-core",
    "4.14.1",
    ["axe.min.js", ("LICENSE", "axe-LICENSE"), ("LICENSE-3RD-PARTY.txt", "axe-LICENSE-3RD-PARTY")],
)
SOURCE_MAP = re.compile(rb"\n?(?://|/\*)# sourceMappingURL=\S+(?: \*/)?\s*$")


def unpacked(package: str, version: str, into: Path) -> Path:
    """Fetch one package with npm and return the folder it was unpacked into."""
    said = subprocess.run(
        ["npm", "pack", "--silent", f"{package}@{version}"],
        cwd=into,
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(into / said.stdout.strip().splitlines()[-1]) as tar:
        tar.extractall(into / package, filter="data")
    return into / package / "package"


def take(source: Path, target: Path, files: Sequence[str | tuple[str, str]]) -> None:
    """Copy the named files; a source map that is not shipped is not pointed at either."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in files:
        path, name = entry if isinstance(entry, tuple) else (entry, Path(entry).name)
        content = (source / path).read_bytes()
        if name.endswith((".js", ".css")):
            content = SOURCE_MAP.sub(b"\n", content)
        (target / name).write_bytes(content)
        if name.endswith((".js", ".css", ".wasm")) and VENDOR in target.parents:
            # Sent to every browser that reads gzip; mtime=0 keeps it the same each time.
            (target / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))


def write_icons(source: Path, target: Path) -> None:
    """Write the drawings named in ``icons.txt`` to one JSON file: name -> inside of the svg."""
    nodes = json.loads((source / "tabler-nodes-outline.json").read_text())
    names = (HERE / "icons.txt").read_text().split()
    missing = [name for name in names if name not in nodes]
    if missing:
        raise SystemExit(f"no such icons: {', '.join(missing)}")
    drawings = {name: "".join(starmap(element, nodes[name])) for name in sorted(names)}
    target.write_text(json.dumps(drawings, indent=0) + "\n")


def element(tag: str, attributes: dict[str, str]) -> str:
    """Return one empty SVG element as markup."""
    return f"<{tag}" + "".join(f' {name}="{value}"' for name, value in attributes.items()) + "/>"


def write_manifest() -> None:
    """Write the SHA-256 of every vendored file, in the format ``sha256sum -c`` reads."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(VENDOR).as_posix()}"
        for path in sorted(VENDOR.rglob("*"))
        if path.is_file() and path.name not in {"MANIFEST", "README.md"}
    ]
    (VENDOR / "MANIFEST").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Replace every vendored folder and write the manifest."""
    with tempfile.TemporaryDirectory() as temporary:
        into = Path(temporary)
        for package, (version, folder, files) in PACKAGES.items():
            for old in VENDOR.glob(f"{folder}-[0-9]*"):
                shutil.rmtree(old)
            source = unpacked(package, version, into)
            target = VENDOR / f"{folder}-{version}"
            take(source, target, files)
            if folder == "tabler":  # Its package carries no licence file.
                shutil.copy(HERE / "tabler-LICENSE", target / "LICENSE")
            if folder == "tabler-icons":
                write_icons(source, target / "outline.json")
        package, version, taken = AXE
        take(unpacked(package, version, into), CHECKING, taken)
    write_manifest()


if __name__ == "__main__":
    main()
