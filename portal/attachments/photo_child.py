"""Runs alone in a child process: read a picture from standard input, draw it anew, and write it.

It imports nothing of the portal, so that it starts fast and its memory limit is the decoder's.
The answer is a line of JSON (kind, width, height, sizes in bytes), then the picture, then the
preview. Nothing of what came but the picture itself is in them: no place, no camera, no comment.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from typing import Any

MEMORY = 1024 * 1024 * 1024
LARGEST_ANSWER = 64 * 1024 * 1024
CPU_SECONDS = 20
MOST_PIXELS = 40_000_000
KNOWN = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF")
LARGEST, PREVIEW = 2560, 320  # pixels of the longer side


def limit() -> None:
    """Take away what a decoder does not need: much memory, time, room on the disk."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's clock still runs.
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_ANSWER, LARGEST_ANSWER))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Draw one picture anew, or say why not."""
    limit()
    answer, *parts = _drawn(io.BytesIO(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(parts))


def _drawn(source: io.BytesIO) -> tuple[Any, ...]:
    """Return what to say of a picture, then the picture drawn anew and its preview.

    Decoders fail in as many ways as there are files; what they raise ends this process.
    """
    from PIL import Image

    try:
        picture, as_png = _opened(source)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return ({"refused": "pixels"},)
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    kind = "png" if transparent or as_png else "jpeg"
    whole = picture.convert("RGBA" if transparent else "RGB")
    whole.info.clear()
    whole.thumbnail((LARGEST, LARGEST))
    small = whole.copy()
    small.thumbnail((PREVIEW, PREVIEW))
    body, preview = _encoded(whole, kind), _encoded(small, kind)
    about = {"kind": kind, "width": whole.width, "height": whole.height}
    return about | {"size": len(body), "preview": len(preview)}, body, preview


def _opened(source: io.BytesIO) -> tuple[Any, bool]:
    """Return the first frame of a picture the right way up, and whether it was one without loss."""
    from PIL import Image, ImageFile, ImageOps

    warnings.simplefilter("error")
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    Image.init()
    known = [name for name in KNOWN if name in Image.OPEN]
    with Image.open(source, formats=known) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Image.DecompressionBombError
        if picture.format == "JPEG":
            picture.draft("RGB", (LARGEST, LARGEST))
        picture.load()
        return ImageOps.exif_transpose(picture), picture.format in ("PNG", "GIF", "BMP")


def _encoded(picture: Any, kind: str) -> bytes:
    target = io.BytesIO()
    if kind == "png":
        picture.save(target, "PNG", optimize=False)
    else:
        picture.save(target, "JPEG", quality=85, progressive=True)
    return target.getvalue()


if __name__ == "__main__":
    main()
