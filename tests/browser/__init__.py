"""The dashboard in a real Chromium, on runs that the real loggers wrote.

`recipes` writes the runs, `view` serves them, `page` opens and watches a page, `many_clips` makes runs of any size for
the benchmarks too.
"""

from __future__ import annotations
