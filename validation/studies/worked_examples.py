"""``python -m validation.studies.worked_examples [PAGE...]``: the pictures of the worked examples, drawn anew.

A page that tells a tile step by step has a section of that name: Python that leaves its run as ``result``, tables, and first of its
pictures the timeline of that run. All pages of docs/ that have one when none is named. Seconds.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report import timeline

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEADING = "step by step"


@dataclass(frozen=True)
class Example:
    """A section of a page.

    Attributes
    ----------
    page : Path
    heading, text : str
        Of the section.
    code : str
        Python that leaves ``result``.
    picture : Path
        Its timeline.
    """

    page: Path
    heading: str
    text: str
    code: str
    picture: Path

    def run(self) -> Result:
        """The example's result; raises what its code raises."""
        names: dict[str, object] = {}
        exec(compile(self.code, str(self.page), "exec"), names)
        result = names.get("result")
        if not isinstance(result, Result):
            raise InputError(f"{self.page}: {self.heading}: the example leaves no Result called result")
        return result


def examples(pages: Iterable[Path] = ()) -> Iterator[Example]:
    """The sections of pages, of all of docs/ when none is given.

    Raises
    ------
    InputError
        A section without Python or without a picture.
    """
    for page in pages or sorted(DOCS.rglob("*.md")):
        sections = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for heading, text in zip(sections[::2], sections[1::2], strict=True):
            if HEADING in heading:
                code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
                picture = re.search(r"!\[[^\]]+\]\(([^)]+)\)", text)
                if code is None or picture is None:
                    raise InputError(
                        f"{page}: {heading}: needs an example in Python and a picture of its timeline"
                    )
                yield Example(page, heading, text, code[1], page.parent / picture[1])


def main() -> None:
    """Draw what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.worked_examples")
    options.add_argument(
        "pages", nargs="*", type=Path, metavar="PAGE", help="pages; all of docs/ when none is given"
    )
    for example in examples(options.parse_args().pages):
        timeline(example.run(), path=example.picture)
        sys.stdout.write(f"{example.picture.resolve()}\n")


if __name__ == "__main__":
    main()
