"""Threads of the server share a few heaps."""

from __future__ import annotations

import platform
import re
import subprocess
import sys

import pytest

COUNT = """
import ctypes, threading
from audio_logging.dashboard.server.memory import share_heaps

{call}
libc = ctypes.CDLL(None)
together = threading.Barrier(6)

def hold():
    held = [bytes(1000) for _ in range(1000)]
    together.wait()

threads = [threading.Thread(target=hold) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def heaps(call: str) -> int:
    """Return how many heaps a process has when six threads have worked in it."""
    told = subprocess.run([sys.executable, "-c", COUNT.format(call=call)], capture_output=True, text=True, check=True)
    return len(re.findall(r"<heap nr=", told.stdout))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of glibc")
def test_threads_share_two_heaps() -> None:
    assert heaps("") > 2
    assert heaps("share_heaps()") == 2
