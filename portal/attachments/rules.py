"""What a file is, told by its first bytes and its name, and what is not taken. No database here."""

from __future__ import annotations

from portal.messages import Message, message

HEAD = 64  # bytes that are looked at
PICTURES = ("jpeg", "png", "gif", "webp", "bmp", "avif")
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xfe\xed\xfa", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"#!")
_RUN_BY_A_CLICK = frozenset(
    [
        "apk",
        "appimage",
        "application",
        "bat",
        "chm",
        "cmd",
        "com",
        "cpl",
        "deb",
        "desktop",
        "dll",
        "dmg",
        "exe",
        "gadget",
        "hta",
        "inf",
        "ins",
        "iso",
        "jar",
        "js",
        "jse",
        "lnk",
        "mde",
        "msc",
        "msh",
        "msi",
        "msp",
        "mst",
        "pif",
        "pkg",
        "ps1",
        "psm1",
        "reg",
        "rpm",
        "scf",
        "scr",
        "sct",
        "sh",
        "sys",
        "url",
        "vb",
        "vbe",
        "vbs",
        "vhd",
        "vhdx",
        "ws",
        "wsc",
        "wsf",
        "wsh",
        "xll",
    ]
)
MOST_FILES = 20  # with one comment


def picture_kind(head: bytes) -> str:
    """Return which kind of picture begins with these bytes, empty for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "bmp"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "avif" if brand in (b"avif", b"avis") else "heic" if brand in _HEIC else ""
    return ""


def refusal(name: str, head: bytes) -> Message | None:
    """Return why a file is not taken, or None."""
    if not head:
        return message("{name} is empty.", name=name)
    if picture_kind(head) == "heic":
        return message("{name} is a HEIC picture. Save it as JPEG and try again.", name=name)
    ending = name.rstrip(". ").rpartition(".")[2].casefold() if "." in name else ""
    if ending in _RUN_BY_A_CLICK or head.startswith(_PROGRAMS):
        return message("{name} is a program. Programs cannot be attached.", name=name)
    return None
