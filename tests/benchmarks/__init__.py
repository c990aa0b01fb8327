"""What this package promises about speed and size, each as a ratio to a peer or a limit measured in the same run.

``python -m tests.benchmarks`` measures everything, ``python -m tests.benchmarks logger`` one subject, and ``--list``
names them.
"""

from __future__ import annotations
