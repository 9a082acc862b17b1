"""A whole company in and out as a folder or zip of CSV files (docs/interchange.md)."""

from pipeline.interchange.export import LEFT_OUT, export_workspace, lost_contents
from pipeline.interchange.load import import_workspace
from pipeline.interchange.report import FileReport, Report, Said, SourceError

__all__ = [
    "LEFT_OUT",
    "FileReport",
    "Report",
    "Said",
    "SourceError",
    "export_workspace",
    "import_workspace",
    "lost_contents",
]
