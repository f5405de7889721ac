import re
from pathlib import Path

import pytest
from tests.unit.config.conftest import BASE, Load

from tidegate.config.loader import load
from tidegate.config.remote import RemoteConfig
from tidegate.config.settings import EmbeddedSettings, Settings
from tidegate.errors import ConfigError, ConfigNotFound


def problem(tmp_path: Path, text: str) -> str:
    return f"^{re.escape(f'{tmp_path}/tidegate.toml: {text}')}$"


def test_the_least_file_has_every_default(settings: Load, tmp_path: Path) -> None:
    assert settings() == Settings(
        file=tmp_path / "tidegate.toml",
        timezone="UTC",
        warehouse=EmbeddedSettings(path=tmp_path / "warehouse.duckdb", base=tmp_path, lake_root=tmp_path / "lake"),
        lake=tmp_path / "lake",
        ledger=tmp_path / "tidegate.sqlite",
        cold=tmp_path / "lake.cold",
    )


def test_every_key_outside_of_policies_is_carried_over(settings: Load, tmp_path: Path) -> None:
    text = """
        timezone = "Europe/Berlin"
        delete_grace = "36h"
        [warehouse]
        url = "duckdb:////data/w.duckdb"
        iam_role = "arn:aws:iam::1:role/r"
        memory_limit = "1.5GB"
        lock_timeout = 2.5
        schema = "Gate"
        [lake]
        url = "file:///data/my%20lake/"
        cold = "/slow/disk"
        [ledger]
        url = "sqlite:///state/ledger.sqlite"
        [catalog]
        external_schema = "cold"
        glue_database = "glue"
    """
    assert settings(text, base="") == Settings(
        file=tmp_path / "tidegate.toml",
        timezone="Europe/Berlin",
        warehouse=EmbeddedSettings(
            path=Path("/data/w.duckdb"),
            base=tmp_path,
            lake_root=Path("/data/my lake"),
            lock_timeout=2.5,
            memory_limit="1.5GB",
        ),
        lake=Path("/data/my lake"),
        ledger=tmp_path / "state/ledger.sqlite",
        control_schema="gate",
        external_schema="cold",
        glue_database="glue",
        iam_role="arn:aws:iam::1:role/r",
        delete_grace_seconds=129_600,
        cold=Path("/slow/disk"),
    )


def test_the_named_file_wins_over_the_variable_and_the_variable_over_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("named", "variable", "folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tidegate.toml").write_text(BASE)
    monkeypatch.chdir(tmp_path / "folder")
    environ = {"TIDEGATE_CONFIG": str(tmp_path / "variable/tidegate.toml")}
    assert load(tmp_path / "named/tidegate.toml", environ).warehouse.base == tmp_path / "named"
    assert load(None, environ).warehouse.base == tmp_path / "variable"
    assert load(None, {"TIDEGATE_CONFIG": ""}).warehouse.base == tmp_path / "folder"
    assert load(Path("../named/tidegate.toml"), {}).lake == tmp_path / "named/lake"


def test_relative_paths_start_where_a_linked_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions/1.toml").write_text(BASE)
    (tmp_path / "tidegate.toml").symlink_to("versions/1.toml")
    assert load(tmp_path / "tidegate.toml", {}).lake == tmp_path / "lake"


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "tidegate.toml").write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert load(tmp_path / "tidegate.toml", {}).ledger == tmp_path / "tidegate.sqlite"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("s3://bucket/a/tidegate.toml", RemoteConfig("bucket", "a/tidegate.toml")),
        ("ssm:///prod/tidegate.toml", RemoteConfig(None, "/prod/tidegate.toml")),
        ("ssm://prod/tidegate.toml", RemoteConfig(None, "/prod/tidegate.toml")),
        ("ssm://tidegate.toml", RemoteConfig(None, "tidegate.toml")),
    ],
)
def test_a_configuration_elsewhere_is_fetched(
    address: str, place: RemoteConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[RemoteConfig] = []

    def fetch(remote: RemoteConfig) -> str:
        asked.append(remote)
        return BASE

    assert load(Path(address), {}, fetch).lake == tmp_path / "lake"
    assert load(None, {"TIDEGATE_CONFIG": address}, fetch).file == tmp_path / "tidegate.toml"
    assert asked == [place, place]
    with pytest.raises(ConfigError, match=f"^{place.address} is not valid TOML: "):
        load(Path(address), {}, lambda _: "[")
    with pytest.raises(ConfigError, match=f"^{place.address} is no file$"):
        load(Path(address), {})


def test_a_bucket_is_no_configuration() -> None:
    with pytest.raises(ConfigError, match=r"^the configuration s3://bucket has no key$"):
        load(Path("s3://bucket"), {}, str)


def test_a_missing_file_names_the_path_and_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigNotFound, match=rf"^there is no configuration file {tmp_path}/tidegate.toml$") as caught:
        load(None, {})
    assert caught.value.hint == ("Name the file with --config or TIDEGATE_CONFIG, or run `tidegate init` to make one.")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"^cannot read {tmp_path}: is a directory$"):
        load(tmp_path, {})


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tidegate.toml").write_bytes(b"timezone = '\xff'")
    with pytest.raises(ConfigError, match=r"is not UTF-8 text at byte 12$"):
        load(tmp_path / "tidegate.toml", {})


@pytest.mark.parametrize(
    ("text", "where"),
    [("a = 1\nb = \n", "invalid value (at line 2, column 5)"), ("a = ", "invalid value (at line 1, the end")],
)
def test_a_syntax_error_names_its_line(settings: Load, text: str, where: str) -> None:
    with pytest.raises(ConfigError, match=f"tidegate.toml is not valid TOML: {re.escape(where)}"):
        settings(text, base="")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('timezon = "UTC"\n' + BASE, "unknown key timezon, did you mean timezone?"),
        ('timezone = "europe/berlin"\n' + BASE, 'timezone is "europe/berlin", must be an IANA time zone such as '),
        ("delete_grace = -1\n" + BASE, 'delete_grace is -1, must be 0 or more and at most "36500d"'),
        ("lake = 3\n" + BASE.partition("[lake]")[0], "lake must be a section that begins with [lake]"),
        (BASE.partition("[lake]")[0], "the section [lake] is missing"),
        ("[warehouse]\n" + BASE.partition("\n[lake]")[2].join(["[lake]", ""]), "[warehouse] url is missing"),
        (BASE + '[ledger]\npath = "x"', "[ledger] unknown key path; known are password, url"),
        (BASE + '[catalog]\nexternal_schema = ""', '[catalog] external_schema is "", but a name is empty'),
        (BASE + '[catalog]\nexternal_schema = "TIDEGATE"', "[warehouse] schema and [catalog] external_schema are both"),
        (
            BASE.replace("[lake]", 'memory_limit = "2 apples"\n[lake]'),
            '[warehouse] memory_limit is "2 apples", must be',
        ),
        (BASE.replace("[lake]", "lock_timeout = true\n[lake]"), "[warehouse] lock_timeout is true, must be a duration"),
        (BASE.replace("[lake]", "iam_role = 3\n[lake]"), "[warehouse] iam_role is 3, must be text in quotes"),
    ],
)
def test_each_problem_is_one_sentence(settings: Load, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{tmp_path}/tidegate.toml: {message}')}"):
        settings(text, base="")


def test_several_problems_are_told_at_once(settings: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings('ledgr = 3\n[warehouse]\nurl = 3\n[lake]\nurl = "s3://b"', base="")
    assert caught.value.message == (
        f"{tmp_path}/tidegate.toml has 2 problems\n"
        "  [warehouse] url is 3, must be text in quotes\n"
        "  unknown key ledgr, did you mean ledger?"
    )
    assert caught.value.hint == "Correct tidegate.toml, then run `tidegate config check`."


def test_variables_are_expanded_everywhere_and_escapes_stay(settings: Load, tmp_path: Path) -> None:
    text = """
        [warehouse]
        url = "duckdb:///${DIR}/${NAME}.duckdb"
        [lake]
        url = "$${DIR}$x${EMPTY}"
        [[archive]]
        table = "${NAME}.orders"
        action = "copy"
        acknowledge = ["${WORD}"]
    """
    result = settings(text, base="", environ={"DIR": "d", "NAME": "shop", "EMPTY": "", "WORD": "repeat"})
    assert result.warehouse.path == tmp_path / "d/shop.duckdb"
    assert result.lake == tmp_path / "${DIR}$x"
    assert str(result.policies[0].table) == "shop.orders"
    assert result.policies[0].acknowledge == {"repeat"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[ledger]\nurl = "${LEDGER_URL}"', "[ledger] url needs the environment variable LEDGER_URL, which is not set"),
        (
            '[ledger]\nurl = "${A B}"',
            '[ledger] url holds "${…}" around what names no environment variable, write "$${" for a plain "${"',
        ),
        ('[ledger]\nurl = "${A"', '[ledger] url holds "${" without a closing brace, write "$${" for a plain "${"'),
        (
            '[[archive]]\ntable = "a.b"\nunload = { max_filesize = "${SIZE}" }',
            "[[archive]] a.b: unload.max_filesize needs the environment variable SIZE, which is not set",
        ),
    ],
)
def test_a_variable_that_cannot_be_expanded_names_its_key(
    settings: Load, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=problem(tmp_path, message)) as caught:
        settings(text)
    assert caught.value.hint == "Set the environment variable, or correct tidegate.toml."
