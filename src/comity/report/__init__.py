"""Writing it down: sentences, tables, figures, a map, one self-contained page and tidy files."""

from comity.report.brief import brief, render

__all__ = ["brief", "render"]
