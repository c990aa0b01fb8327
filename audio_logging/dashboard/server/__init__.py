"""The dashboard's server: Starlette under uvicorn, on this machine only, for whoever holds its token.

A request goes through the guard (name, token, origin, headers) to a route, which asks the catalog, the analyser or the
notes in a bounded pool of threads. Starlette and uvicorn are the extra ``dashboard``; nothing here is imported without.
"""

from __future__ import annotations
