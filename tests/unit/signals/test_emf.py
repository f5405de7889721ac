"""Lines of CloudWatch's embedded metric format, to a stream and to a file."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

from tidegate.model.metrics import Measures, Metric
from tidegate.signals.base import Silent
from tidegate.signals.emf import EmfFile, EmfMetrics

AT = datetime(2020, 6, 20, 12, 0, 0, 250_000, tzinfo=UTC)
LOADED = Measures(AT, {Metric.FILES_PROCESSED: 2, Metric.EXECUTION_DURATION: 31}, "public.orders")


def test_a_line_is_a_document_of_the_format() -> None:
    stream = io.StringIO()
    metrics = EmfMetrics(stream, "Shop/Loads", "loader")
    metrics.put(LOADED)
    metrics.put(Measures(AT, {Metric.NOTIFICATIONS_FAILED: 1}))
    loaded, failed = map(json.loads, stream.getvalue().splitlines())
    assert loaded == {
        "_aws": {
            "Timestamp": 1592654400250,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Shop/Loads",
                    "Dimensions": [["service"], ["service", "table"]],
                    "Metrics": [
                        {"Name": "FilesProcessed", "Unit": "Count"},
                        {"Name": "ExecutionDuration", "Unit": "Milliseconds"},
                    ],
                }
            ],
        },
        "service": "loader",
        "table": "public.orders",
        "FilesProcessed": 2,
        "ExecutionDuration": 31,
    }
    assert failed["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert (failed["NotificationsFailed"], "table" in failed) == (1, False)


def test_a_file_grows_and_one_that_cannot_be_written_is_a_notice(tmp_path: Path) -> None:
    told: list[str] = []
    reporter = Silent()
    reporter.notice = told.append  # type: ignore[method-assign]
    for _ in range(2):
        EmfFile(tmp_path / "m.jsonl", "Tidegate", reporter).put(LOADED)
    assert [json.loads(line)["FilesProcessed"] for line in (tmp_path / "m.jsonl").read_text().splitlines()] == [2, 2]
    EmfFile(tmp_path, "Tidegate", reporter).put(LOADED)
    assert told == [f"cannot write metrics to {tmp_path}: is a directory"]
