"""A run as one file, or one folder, that a colleague opens by double click and listens to."""

from __future__ import annotations
