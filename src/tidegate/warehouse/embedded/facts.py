"""What a session knows of itself, for the functions that ask: PG_BACKEND_PID(), PG_LAST_UNLOAD_COUNT(), …"""

import itertools
from dataclasses import dataclass, field

USER = "tidegate"
"""Who runs statements where nobody is named."""

DATABASE = "dev"
"""What the one database is called where nobody names it."""

_numbers = itertools.count(1)


@dataclass
class SessionFacts:
    """`namespace` is where the warehouse lives, as its `place()` says; `id` the process id that clients see. The last
    COPY, UNLOAD and query are of this session, as PG_LAST_COPY_COUNT, PG_LAST_UNLOAD_COUNT and PG_LAST_QUERY_ID tell
    them (developer guide).
    """

    user: str = USER
    database: str = DATABASE
    namespace: str = ""
    id: int = field(default_factory=lambda: next(_numbers))
    last_copy_count: int = 0
    last_copy_id: int = -1
    last_unload_count: int = 0
    last_unload_id: int = -1
    last_query_id: int = -1
    transaction_id: int = 0
    settings: dict[str, str] = field(default_factory=dict)
