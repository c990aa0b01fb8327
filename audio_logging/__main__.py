"""``python -m audio_logging`` is ``audio-logging``."""

from __future__ import annotations

import sys

from audio_logging.cli import main

sys.exit(main())
