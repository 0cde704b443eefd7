"""What the books say of the shelf that is counted blind, and how to find it in an answer."""

import re
from io import BytesIO
from zipfile import ZipFile

from portal.testing import pdf_pages

# Nothing else in the portal is so much. Pens; a box holds twelve of them.
CAME, AFTER_DEWI, BOOK, ELSEWHERE = 7_340_041, 7_340_038, 7_340_033, 1_111_117
MINIMUM, MAXIMUM, COUNTED = 30_000_001, 50_000_017, 7_001_117
PRICE = 7
PACKS = (MAXIMUM - BOOK) // 12
FIGURES = {
    "what came": CAME,
    "what was left in between": AFTER_DEWI,
    "what the books say": BOOK,
    "what the books say of all places": BOOK + ELSEWHERE,
    "what it is worth": BOOK * PRICE,
    "what it is worth in all places": (BOOK + ELSEWHERE) * PRICE,
    "what is missing": MAXIMUM - BOOK,
    "the suggestion": PACKS,
    "the suggestion in pens": PACKS * 12,
    "the difference": BOOK - COUNTED,
}
SHOWN_TO_ASSISTANTS = {
    "what came",
    "what was left in between",
    "what the books say",
    "what the books say of all places",
    "the suggestion",
    "the suggestion in pens",
}


def written(figure):
    """Return the pattern of a figure however it is written."""
    grouped = re.sub(r",", "[.,]?", f"{figure:,}")
    return re.compile(rf"(?<![0-9a-z]){grouped}")


PATTERNS = {name: written(figure) for name, figure in FIGURES.items()}


def readable(answer):
    """Return everything that is said in an answer, inside packed files too."""
    content = answer.data
    if content[:2] == b"PK":
        with ZipFile(BytesIO(content)) as packed:
            return " ".join(packed.read(n).decode(errors="replace") for n in packed.namelist())
    if content[:4] == b"%PDF":
        return " ".join(pdf_pages(content))
    return content.decode(errors="replace") + " ".join(answer.headers.values())


def told(answer):
    """Return the names of the figures that stand in an answer."""
    said = readable(answer)
    return {name for name, pattern in PATTERNS.items() if pattern.search(said)}
