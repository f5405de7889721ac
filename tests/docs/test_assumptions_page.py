"""The page of assumptions and their live checks are the same set, room by room."""

import importlib
import re

from live.assumptions import ROOMS
from tests.docs.pages import read, rows, sections, word

PAGE = sections(read("assumptions"))


def test_every_assumption_has_a_check_and_every_check_a_row() -> None:
    listed = {room: [word(row[0]) for row in rows(PAGE[room])] for room in ROOMS}
    assert listed == {room: [each.id for each in checks] for room, checks in ROOMS.items()}
    ids = [id for room in listed.values() for id in room]
    assert len(ids) == len(set(ids))


def test_a_row_says_what_who_needs_it_where_it_stands_and_what_else_would_happen() -> None:
    for room in ROOMS:
        for row in rows(PAGE[room]):
            assert len(row) == 5, row[0]
            assert all(row), row[0]
            assert row[1].endswith("."), row[0]
            assert row[4].endswith("."), row[0]


def test_a_section_names_the_file_of_its_checks() -> None:
    for room, checks in ROOMS.items():
        named = re.search(r"`live/(\w+)\.py`", PAGE[room])
        assert named is not None, room
        assert importlib.import_module(f"live.{named[1]}").CHECKS is checks
