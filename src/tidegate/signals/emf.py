"""Metrics as lines of CloudWatch's Embedded Metric Format, which Lambda and the CloudWatch agent turn into metrics.

The format is written here: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import os
from pathlib import Path
from typing import TextIO

from tidegate.model.metrics import Measures
from tidegate.signals.base import Reporter

SERVICE = "tidegate"
"""The dimension `service`. Values of a table have the dimension `table` too, and count for the service as well."""


class EmfMetrics:
    """Lines to a stream, such as the standard output of a Lambda function."""

    wanted = True

    def __init__(self, stream: TextIO, namespace: str, service: str = SERVICE) -> None:
        self._stream = stream
        self._namespace = namespace
        self._service = service

    def put(self, measures: Measures) -> None:
        self._stream.write(f"{line(measures, self._namespace, self._service)}\n")
        self._stream.flush()


class EmfFile:
    """Lines at the end of a file, which several processes may write to at once. What cannot be written is a notice."""

    wanted = True

    def __init__(self, path: Path, namespace: str, reporter: Reporter) -> None:
        self._path = path
        self._namespace = namespace
        self._reporter = reporter

    def put(self, measures: Measures) -> None:
        text = f"{line(measures, self._namespace, SERVICE)}\n".encode()
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, text)
            finally:
                os.close(file)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            self._reporter.notice(f"cannot write metrics to {self._path}: {reason}")


def line(measures: Measures, namespace: str, service: str) -> str:
    """One JSON document without line breaks."""
    named = {"service": service} if measures.table is None else {"service": service, "table": measures.table}
    dimensions = [["service"]] if measures.table is None else [["service"], ["service", "table"]]
    directive = {
        "Namespace": namespace,
        "Dimensions": dimensions,
        "Metrics": [{"Name": metric.value, "Unit": metric.unit} for metric in measures.values],
    }
    head = {"Timestamp": int(measures.at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    values = {metric.value: value for metric, value in measures.values.items()}
    return json.dumps({"_aws": head, **named, **values})
