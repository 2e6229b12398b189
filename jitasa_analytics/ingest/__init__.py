"""A file becomes accepted, quarantined and duplicate rows; their sum is the rows read."""

from jitasa_analytics.ingest.pipeline import import_files, import_folder
from jitasa_analytics.ingest.report import FileReport, Report

__all__ = ["FileReport", "Report", "import_files", "import_folder"]
