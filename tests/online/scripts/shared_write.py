"""One of several processes that log to one run in wandb's shared mode: ``shared_write RUN RANK ROWS EVENTS``."""

from __future__ import annotations

import json
import sys
from typing import Any, Literal, cast

import numpy as np
import wandb

import audio_logging as al


def write(run_id: str, rank: int, rows: Literal["shared", "own"], events: int) -> dict[str, Any]:
    """Log a clip of this process's own and one that all processes have, again and again."""
    is_first = rank == 0
    settings = wandb.Settings(mode="shared", x_primary=is_first, x_label=f"rank{rank}", x_update_finish_state=is_first)
    with (
        wandb.init(project="sounds", id=run_id, settings=settings) as run,
        al.AudioLogger(run, rows=rows) as logger,
    ):
        for step in range(events):
            own = np.full(800, (1 + step + 10 * rank) / 100, np.float32)
            logger.log(f"rank{rank}/own", own, sample_rate=8000, step=step)
            logger.log(f"rank{rank}/same", np.zeros(800, np.float32), sample_rate=8000, step=step)
            logger.flush()
            run.log({f"rank{rank}/loss": 1 / (1 + step)})
        return logger.counts


if __name__ == "__main__":
    name, rank, rows, events = sys.argv[1:]
    print(json.dumps(write(name, int(rank), cast("Literal['shared', 'own']", rows), int(events))))
