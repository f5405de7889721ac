"""What a session knows of itself, for the functions that ask: PG_BACKEND_PID(), PG_LAST_UNLOAD_COUNT(), …"""

import itertools
from dataclasses import dataclass, field

USER = "tidegate"
"""Who runs statements where nobody is named."""

_numbers = itertools.count(1)


@dataclass
class SessionFacts:
    """`id` is the session's process id towards its clients. The last COPY, UNLOAD and query are of this session, as
    PG_LAST_COPY_COUNT, PG_LAST_UNLOAD_COUNT and PG_LAST_QUERY_ID tell them (developer guide).
    """

    user: str = USER
    id: int = field(default_factory=lambda: next(_numbers))
    last_copy_count: int = 0
    last_copy_id: int = -1
    last_unload_count: int = 0
    last_unload_id: int = -1
    last_query_id: int = -1
    transaction_id: int = 0
    settings: dict[str, str] = field(default_factory=dict)
