import gzip
import signal
import subprocess
import sys

import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import StatementRefused

__all__ = ["place"]


@pytest.fixture
def values(place: Place) -> Place:
    place.run(
        "CREATE TABLE t (id INTEGER, v DECIMAL(6,2), s VARCHAR(20), b BOOLEAN, d DATE, at TIMESTAMPTZ)",
        "INSERT INTO t VALUES (1, 1.5, 'a,\"b', true, '2020-01-31', '2020-01-01 10:00:00.5+02'), "
        "(2, NULL, NULL, NULL, NULL, NULL), (3, -3, '', false, '1999-12-31', '2020-01-01 00:00:00+00')",
    )
    return place


def test_csv_is_written_as_redshift_writes_it(values: Place) -> None:
    assert values.run("UNLOAD ('SELECT * FROM t ORDER BY id') TO 'out/' FORMAT CSV HEADER PARALLEL OFF") == 3

    assert values.files("out") == ["000"]
    assert (values.base / "out/000").read_text() == (
        "id,v,s,b,d,at\n"
        '1,1.50,"a,""b",t,2020-01-31,2020-01-01 08:00:00.5+00\n'
        "2,,,,,\n"
        '3,-3.00,"",f,1999-12-31,2020-01-01 00:00:00+00\n'
    )


def test_csv_takes_another_delimiter_and_null(values: Place) -> None:
    values.run("UNLOAD ('SELECT id, v, s FROM t ORDER BY id') TO 'out/' CSV DELIMITER AS '|' NULL AS '\\N'")

    assert (values.base / "out/0000_part_00").read_text() == '1|1.50|"a,""b"\n2|\\N|\\N\n3|-3.00|\n'


@pytest.mark.parametrize(("word", "ending"), [("GZIP", ".gz"), ("ZSTD", ".zst")])
def test_compressed_files_say_so_in_their_names(values: Place, word: str, ending: str) -> None:
    values.run(f"UNLOAD ('SELECT id FROM t') TO 'out/' CSV {word}")

    assert values.files("out") == [f"0000_part_00{ending}"]


def test_gzip_can_be_read_and_extension_replaces_the_ending(values: Place) -> None:
    values.run("UNLOAD ('SELECT id FROM t ORDER BY id') TO 'out/' CSV GZIP EXTENSION 'csv.gz'")

    assert gzip.decompress((values.base / "out/0000_part_00.csv.gz").read_bytes()) == b"1\n2\n3\n"


def test_text_has_pipes_and_no_quotes(values: Place) -> None:
    values.run("UNLOAD ('SELECT id, v, s, b FROM t ORDER BY id') TO 'out/' HEADER")

    assert (values.base / "out/0000_part_00").read_text() == 'id|v|s|b\n1|1.50|a,"b|t\n2|||\n3|-3.00||f\n'


def test_text_takes_quotes_escapes_and_null(place: Place) -> None:
    place.run(
        "CREATE TABLE t (id INTEGER, s VARCHAR(30))",
        "INSERT INTO t VALUES (1, 'a|b\\\\c\"d'), (2, NULL), (3, 'line\nfeed')",
        "UNLOAD ('SELECT id, s FROM t ORDER BY id') TO 'out/' ADDQUOTES ESCAPE NULL AS 'none'",
    )

    assert (place.base / "out/0000_part_00").read_text() == ('"1"|"a\\|b\\\\c\\"d"\n"2"|none\n"3"|"line\\\nfeed"\n')


def test_partitions_and_record_counts_of_csv(values: Place) -> None:
    values.run(
        "UNLOAD ('SELECT id, s, d FROM t') TO 'out/' CSV HEADER PARTITION BY (d) MANIFEST VERBOSE",
    )

    manifest = values.json("out/manifest")
    root = str(values.base / "out")
    assert [(e["url"].removeprefix(root), e["meta"]["record_count"]) for e in manifest["entries"]] == [
        ("/d=1999-12-31/0000_part_00", 2),
        ("/d=2020-01-31/0000_part_00", 2),
        ("/d=__HIVE_DEFAULT_PARTITION__/0000_part_00", 2),
    ]
    assert manifest["meta"]["record_count"] == 6
    assert [e["name"] for e in manifest["schema"]["elements"]] == ["id", "s"]


def test_maxfilesize_ends_files_of_csv(place: Place) -> None:
    place.run(
        "CREATE TABLE t (n INTEGER, a VARCHAR(64))",
        "INSERT INTO t SELECT 1, MD5('x') || MD5('y')",
        *["INSERT INTO t SELECT n + (SELECT MAX(n) FROM t), a FROM t"] * 18,
        "UNLOAD ('SELECT * FROM t') TO 'out/' CSV MAXFILESIZE 5 MB MANIFEST VERBOSE",
    )

    counts = [e["meta"]["record_count"] for e in place.json("out/manifest")["entries"]]
    assert len(counts) == len(place.files("out")) - 1 >= 3
    assert sum(counts) == 2**18


def test_varbyte_and_super_have_a_text(place: Place) -> None:
    place.run(
        "CREATE TABLE t (b VARBYTE(10), j SUPER)",
        "INSERT INTO t SELECT TO_VARBYTE('aBcD', 'hex'), JSON_PARSE('{\"k\": [1]}')",
        "UNLOAD ('SELECT * FROM t') TO 'out/' CSV DELIMITER ';'",
    )

    assert (place.base / "out/0000_part_00").read_text() == 'abcd;"{""k"":[1]}"\n'


def test_records_of_several_text_files_are_counted_unless_a_value_holds_a_line_end(place: Place) -> None:
    unload = "UNLOAD ('SELECT n, a FROM t') TO 'out/' PARTITION BY (n) HEADER GZIP MANIFEST VERBOSE"
    place.run("CREATE TABLE t (n INTEGER, a VARCHAR(9))", "INSERT INTO t VALUES (1, 'x|y'), (1, NULL), (2, '')", unload)
    counts = {e["url"].split("/")[-2]: e["meta"]["record_count"] for e in place.json("out/manifest")["entries"]}
    assert counts == {"n=1": 3, "n=2": 2}
    place.run("INSERT INTO t VALUES (2, 'one' || CHR(10) || 'two')")
    message = "the embedded warehouse cannot count the records of several text files with line ends in their values"
    with refused(StatementRefused, message):
        place.run(unload.replace("out/", "more/"))
    assert place.files("more") == []


_KILLED = """
import os, signal, sys
from pathlib import Path
from tidegate.warehouse.embedded.objects.staging import staging_in
with staging_in(sys.argv[1], Path(sys.argv[2])) as folder:
    Path(folder, "0").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_at_its_target_is_removed_by_the_next_unload(values: Place) -> None:
    values.run("UNLOAD ('SELECT id FROM t') TO 'elsewhere/' CSV")
    command = [sys.executable, "-c", _KILLED, str(values.base / "out"), str(values.base / "w.duckdb")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    (values.base / "out" / ".unload-of-another-warehouse").mkdir()
    (left,) = [file for file in values.files("out") if file.endswith("/0")]
    assert left.startswith(".unload-")

    values.run("UNLOAD ('SELECT id FROM t') TO 'third/' CSV")
    assert [entry.name for entry in (values.base / "out").iterdir()] == [".unload-of-another-warehouse"]
    assert sorted(entry.name for entry in values.base.iterdir() if ".unload-" in entry.name) == []
