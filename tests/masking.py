"""Text that differs from run to run, replaced by what it stands for; docs/README.md tells readers the same rule."""

import re
from pathlib import Path

FOLDER = "/home/ada/shop"
"""How the folder of an example is called in the docs."""

_RULES: tuple[tuple[str, str], ...] = (
    (r"\bw[0-9a-f]{8}\b", "<warehouse>"),
    (r"\b\d{8}-\d{6}-[0-9a-f]{8}(-\d+)?\b", "<id>"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", "<time>"),
    (r"\bTIMESTAMP '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'", "TIMESTAMP '<time>'"),
    (r"\b[a-z]+-\d{8}T\d{6}\.\d+Z-[0-9a-f]+\b", "<job>"),
    (r"\brestored \d{4}-\d\d-\d\d\b", "restored <date>"),
    (r"\b\d{15,}\b", "<fingerprint>"),
    (r"\b\d+(\.\d+)? (B|kB|MB|GB)\b", "<size>"),
    (r'"(bytes|size|age_seconds)": \d+', r'"\1": <number>'),
    (r'"(sha256|etag)": "[^"]*"', r'"\1": "<checksum>"'),
    (r"\bembedded/\d[\d.]*/", "embedded/<version>/"),
    (r"\bprocess \d+ \([^)]*\)", "process <pid> (<program>)"),
    (r"\bprocess \d+\b", "process <pid>"),
)


def mask(text: str, folder: Path | None = None) -> str:
    """Ids, times, fingerprints, sizes, checksums, process ids, and the folder in which a test runs."""
    if folder is not None:
        for path in {str(folder), str(folder.resolve())}:
            text = text.replace(path, FOLDER)
    for pattern, name in _RULES:
        text = re.sub(pattern, name, text)
    return text
