"""Searches of the record."""

from tidegate.model.names import TableName
from tidegate.redshift.audit import AuditSearch, select_audit

LOG = TableName("tidegate", "log")
ORDERS, ODD = TableName("public", "orders"), TableName("s", "it's")

CASES = {
    "everything": select_audit(LOG, AuditSearch()),
    "some of it": select_audit(
        LOG,
        AuditSearch(
            (ORDERS, ODD),
            ("publish", "hold"),
            "2020-06-01T00:00:00+00:00",
            "2020-07-01T00:00:00+00:00",
            "o'brien@",
            7,
        ),
    ),
}
