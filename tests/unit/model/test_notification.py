"""What a notification says, alone and joined with others."""

from tidegate.model.notification import Notification, NotificationKind, Problem, Share, joined

SUCCESS, ERROR = NotificationKind.SUCCESS, NotificationKind.ERROR


def test_one_table_is_told_field_by_field() -> None:
    one = Notification(SUCCESS, (Share("public.orders", "upsert", 1, 30, 4000, "s3://b/1.csv"),), failed=2)
    assert one.title == "SUCCESS: 30 rows of 1 file loaded into public.orders"
    assert one.lines == (
        "table: public.orders",
        "operation: upsert",
        "file: s3://b/1.csv",
        "rows: 30",
        "bytes: 4,000",
        "status: partial, 2 files in quarantine",
    )
    assert one.facts == {
        "kind": "success",
        "status": "partial",
        "table": "public.orders",
        "files": 1,
        "rows": 30,
        "bytes": 4000,
        "failed": 2,
    }


def test_each_kind_has_a_title_of_its_own() -> None:
    share = (Share("public.orders", "append", 2),)
    assert Notification(NotificationKind.UPLOAD, share).title == "UPLOAD: 2 files landed for public.orders"
    assert (
        Notification(NotificationKind.WARNING, share).title == "WARNING: 2 files for public.orders gone before the load"
    )
    assert Notification(ERROR, share).title == "ERROR: 2 files failed to load into public.orders"
    assert Notification(ERROR, (Share("public.orders"),)).title == "ERROR: loading into public.orders failed"
    assert Notification(ERROR, text="2 failures in cycle 1").title == "ERROR: 2 failures in cycle 1"


def test_a_problem_names_its_object_once() -> None:
    assert Problem("a.csv", "no rows", "Write it again.").lines == ("a.csv: no rows", "  Write it again.")
    assert Problem("a.csv", "a.csv has no rows").lines == ("a.csv has no rows",)


def test_joined_sums_up_tables_and_keeps_the_first_problems_each_once() -> None:
    away = Problem("public.orders", "the warehouse is away")
    bad = [Problem(f"{number}.csv", "bad") for number in range(30)]
    many = [
        Notification(ERROR, (Share("public.orders", "append", 2, 0, 10, "a"),), (away,), 1),
        Notification(ERROR, (Share("public.items", "append", 30, 0, 5, "b"),), tuple(bad[:20]), 30),
        Notification(ERROR, (Share("public.orders", "append", 3, 0, 10, "c"),), (away,), 1),
    ]
    one = joined(many)
    assert one.title == "ERROR: 35 files failed to load into 2 tables"
    assert one.shares == (
        Share("public.orders", "append", 5, 0, 20, "a"),
        Share("public.items", "append", 30, 0, 5, "b"),
    )
    assert (one.failed, one.problems) == (31, (away, *bad[:19]))
    assert one.lines[:3] == (
        "public.orders: 5 files (append)",
        "public.items: 30 files (append)",
        "status: failed",
    )
    assert (len(one.lines), one.lines[-1]) == (24, "and 11 more")
    assert joined(many[:1]) is many[0]


def test_of_many_tables_twenty_are_listed() -> None:
    shares = tuple(Share(f"public.t{number}", "append", 1, 2) for number in range(22))
    one = Notification(SUCCESS, shares)
    assert one.title == "SUCCESS: 44 rows of 22 files loaded into 22 tables"
    assert (one.lines[0], one.lines[-2:]) == ("public.t0: 1 file, 2 rows (append)", ("and 2 more", "status: loaded"))
