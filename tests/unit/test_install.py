"""requirements/install on machines that lack something. What it does where all is there, `make test` itself shows."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "dirname", "cat", "cksum")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout in a folder with a space, and `bin` as the only folder of PATH."""
    checkout = tmp_path / "check out"
    (checkout / "requirements").mkdir(parents=True)
    for name in ("install", "core.txt", "emulator.txt", "build.txt"):
        shutil.copy(ROOT / "requirements" / name, checkout / "requirements" / name)
    shutil.copy(ROOT / "pyproject.toml", checkout)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def python(machine: Path, name: str, text: str) -> None:
    file = machine / "bin" / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def fake_python(before: str = "") -> str:
    """A Python that succeeds in all it is asked for, and whose virtual environment is itself."""
    make = f'{shutil.which("mkdir")} -p "$4/bin"; {shutil.which("cp")} "$0" "$4/bin/python"'
    return f'{before}\ncase "$*" in *"venv --clear"*) {make};; esac'


def install(machine: Path, folder: str = "check out", set_name: str = "core") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [machine / folder / "requirements/install", set_name],
        env={"PATH": str(machine / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_python_the_message_says_what_to_do(machine: Path) -> None:
    python(machine, "python3", "exit 1")
    done = install(machine)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: there is no Python 3.11 or newer\nhint: Install one, or name it: make PYTHON=/path/to/python3.11 ...\n"
    )


def test_without_venv_the_message_names_the_package(machine: Path) -> None:
    python(machine, "python3.12", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = install(machine)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: python3.12 cannot make virtual environments\n"
        "hint: Install its venv package, on Debian and Ubuntu: apt-get install python3.12-venv.\n"
    )


def test_the_newest_python_is_taken_and_a_second_run_does_nothing(machine: Path) -> None:
    log = machine / "log"
    for name in ("python3.11", "python3.13"):
        python(machine, name, fake_python(f'echo "${{0##*/}} $*" >>"{log}"'))
    first = install(machine)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[0] == f"Making .venv with {machine}/bin/python3.13"
    calls = [line for line in log.read_text().splitlines() if " -m " in line]
    pip = "python -m pip --disable-pip-version-check --no-input install --quiet"
    assert calls == [
        "python3.13 -m venv --clear .venv",
        f"{pip} --require-hashes --only-binary :all: -r requirements/core.txt",
        f"{pip} --require-hashes --only-binary :all: -r requirements/build.txt",
        f"{pip} --no-index --no-deps --no-build-isolation --editable .",
    ]
    log.unlink()
    assert install(machine).stdout == ""
    assert not log.exists()
    with (machine / "check out/requirements/core.txt").open("a") as file:
        file.write("# changed\n")
    assert install(machine).stdout == "Installing the locked packages of requirements/core.txt\n"


def test_an_environment_of_another_folder_is_made_anew(machine: Path) -> None:
    python(machine, "python3.11", fake_python())
    install(machine)
    (machine / "check out").rename(machine / "moved")
    assert install(machine, "moved").stdout.startswith("Making .venv with ")
    assert install(machine, "moved").stdout == ""


def test_the_emulator_gets_an_environment_of_its_own_without_this_package(machine: Path) -> None:
    log = machine / "log"
    python(machine, "python3.11", fake_python(f'echo "$*" >>"{log}"'))
    done = install(machine, set_name="emulator")
    assert done.stdout.splitlines() == [
        f"Making .venv-emulator with {machine}/bin/python3.11",
        "Installing the locked packages of requirements/emulator.txt",
    ]
    assert [line for line in log.read_text().splitlines() if line.startswith("-m ")] == [
        "-m venv --clear .venv-emulator",
        "-m pip --disable-pip-version-check --no-input install --quiet --require-hashes --only-binary :all: "
        "-r requirements/emulator.txt",
    ]
    assert install(machine, set_name="emulator").stdout == ""
    assert not (machine / "check out/.venv").exists()
