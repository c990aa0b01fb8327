"""The dashboard: listen to runs, live or afterwards, and share one as a file.

It reads run directories through :mod:`audio_logging.runs`, without wandb, and writes nothing into them.
"""

from __future__ import annotations
