"""Columns that link elements of lists to the record they stand in."""

RECORD = "tg_record"
"""The number of the record, the same in its row and in those of its elements, while they are staged."""

DIGEST = "tg_digest"
"""The MD5 of what is read of a record: what tells records of one key whose lists alone differ. Staged only."""

POSITION = "tg_position"
"""The number of the element in its list, from 1; of the lists around it `tg_position_1` and so on, from the outside."""


def positions(depth: int) -> tuple[str, ...]:
    """The columns of the numbers of an element that lies in so many lists, from the outermost one inwards."""
    return tuple(f"{POSITION}_{level}" if level < depth else POSITION for level in range(1, depth + 1))
