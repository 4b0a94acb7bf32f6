"""JSON for people and programs."""

from __future__ import annotations

import json

import pytest

from simulator.files import json_text

DOCUMENT = {
    "name": "größe",
    "none": [],
    "layers": [
        {"name": "a", "cycles": {"pe": 3, "dram": 5.5}, "bounds": (1, 2)},
        {"name": "b", "cycles": {}, "bounds": ()},
    ],
    "ratio": None,
}


def test_inner_lists_and_objects_stand_on_one_line() -> None:
    assert json_text(DOCUMENT) == "\n".join(
        [
            "{",
            '  "name": "größe",',
            '  "none": [],',
            '  "layers": [',
            "    {",
            '      "name": "a",',
            '      "cycles": {"pe": 3, "dram": 5.5},',
            '      "bounds": [1, 2]',
            "    },",
            "    {",
            '      "name": "b",',
            '      "cycles": {},',
            '      "bounds": []',
            "    }",
            "  ],",
            '  "ratio": null',
            "}",
        ]
    )


@pytest.mark.parametrize(
    "document",
    [DOCUMENT, {}, [], [[]], {"a": [[1], {"b": {}}]}, 'a "quoted" \n text', 3, -2.5e-7, None, True],
)
def test_it_is_the_same_document(document: object) -> None:
    assert json.loads(json_text(document)) == json.loads(json.dumps(document))
