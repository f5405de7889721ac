"""What the warehouse knows of the files of one place, in the order in which a listing tells them."""

from tidegate.redshift.control_tables import ControlTables
from tidegate.redshift.identifiers import literal, qualified


class LandedFiles(ControlTables):
    """The statements that are compared with listings."""

    def select_below(self, prefix: str, after: str | None = None) -> str:
        """uri, table_name, file_identity, is_loaded, reason of every version below `prefix`, by uri.

        `after`: only of addresses that come after this one. `is_loaded` is 1 for a version whose rows are in the
        table, else 0: it is in quarantine, for `reason`.
        """
        where = f"WHERE LEFT(uri, {len(prefix)}) = {literal(prefix)}"
        where += "" if after is None else f" AND uri > {literal(after)}"
        return (
            f"SELECT uri, table_name, file_identity, 1 AS is_loaded, '' AS reason FROM {qualified(self.loaded_files)} "
            f"{where}\nUNION ALL\nSELECT uri, table_name, file_identity, 0 AS is_loaded, reason "
            f"FROM {qualified(self.quarantined_files)} {where}\nORDER BY uri, is_loaded"
        )
