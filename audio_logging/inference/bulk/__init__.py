"""Predictions for whole folders: in order, row by row, resumable after a kill.

Data flows one way::

    inputs_list -> engines (threads, ray_engine) -> outcome -> journal -> tables
                        ^ predictor                    progress, report
"""

from __future__ import annotations

from audio_logging.inference.bulk.report import BadInput, BulkReport
from audio_logging.inference.bulk.run import predict_dataset

__all__ = ["BadInput", "BulkReport", "predict_dataset"]
