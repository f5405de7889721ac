"""Several processes on one lake."""

from pathlib import Path

from tests.contract.lake.drivers import DRIVERS, ROUNDS, put_and_delete, put_if_absent, run_together


def test_of_two_processes_exactly_one_wins_each_key(driver: str, tmp_path: Path) -> None:
    keys = [f"_tidegate/log/{n:03}/{n % 7}.json" for n in range(ROUNDS[driver])]
    winners = run_together(2, put_if_absent, driver, tmp_path, keys)
    assert sorted(winners[0] + winners[1]) == sorted(keys)
    lake = DRIVERS[driver](tmp_path)
    for number, won in enumerate(winners):
        assert {lake.get(key) for key in won} <= {str(number).encode()}
    assert [info.key for info in lake.list("")] == keys


def test_a_folder_that_one_process_empties_never_takes_anothers_object(driver: str, tmp_path: Path) -> None:
    rounds = ROUNDS[driver] // 4
    assert run_together(3, put_and_delete, driver, tmp_path, rounds) == [rounds] * 3
    assert list(DRIVERS[driver](tmp_path).list("")) == []
