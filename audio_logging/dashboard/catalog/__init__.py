"""What the server and the export ask of runs: which clips, in what order, and what there is to choose from."""

from __future__ import annotations
