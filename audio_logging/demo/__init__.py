"""The demo: a training run that can be heard. `main.py` runs it; the other files are its data, features and models."""

from __future__ import annotations
