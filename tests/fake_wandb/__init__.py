"""A small W&B server for tests: the real client logs to it, uploads to it and reads back from it, on loopback.

It keeps runs (rows, summary, config, files) and artifacts (versions, aliases, manifests, files by their digest). What
it does not know it answers with 400 and writes down in ``server.problems``.

    with Server() as server:
        variables = environment(server, folder)  # for os.environ, or for a process of its own
"""

from __future__ import annotations

from tests.fake_wandb.environment import environment, without_wandb
from tests.fake_wandb.server import API_KEY, Server
from tests.fake_wandb.store import Artifact, Run, Store

__all__ = ["API_KEY", "Artifact", "Run", "Server", "Store", "environment", "without_wandb"]
