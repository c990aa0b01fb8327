"""Numbers of the fields of a ``.wandb`` file's records.

The classes carry the names of the messages in wandb's ``wandb/proto/wandb_internal.proto``; a contract test compares
them with the descriptors that the installed wandb ships.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ArtifactManifest",
    "ArtifactManifestEntry",
    "ArtifactRecord",
    "HistoryItem",
    "HistoryRecord",
    "HistoryStep",
    "MetricRecord",
    "Record",
    "RunExitRecord",
    "RunRecord",
    "StatsRecord",
    "SummaryRecord",
    "Timestamp",
]


class Record:
    """Message ``Record``: one of these."""

    HISTORY: Final = 2
    SUMMARY: Final = 3
    CONFIG: Final = 5
    STATS: Final = 7
    ARTIFACT: Final = 8
    METRIC: Final = 12
    RUN: Final = 17
    EXIT: Final = 18


class HistoryItem:
    """Message ``HistoryItem``; ``ConfigItem`` and ``SummaryItem`` have the same key, nested_key and value_json."""

    KEY: Final = 1
    NESTED_KEY: Final = 2
    NONE: Final = 3
    BOOLEAN: Final = 4
    INTEGER: Final = 5
    NUMBER: Final = 6
    TEXT: Final = 7
    JSON: Final = 8
    VALUE_JSON: Final = 16


class HistoryRecord:
    """Message ``HistoryRecord``."""

    ITEM: Final = 1
    STEP: Final = 2


class HistoryStep:
    """Message ``HistoryStep``."""

    NUM: Final = 1


class SummaryRecord:
    """Message ``SummaryRecord``; ``ConfigRecord`` has the same two."""

    UPDATE: Final = 1
    REMOVE: Final = 2


class MetricRecord:
    """Message ``MetricRecord``."""

    NAME: Final = 1
    GLOB_NAME: Final = 2
    STEP_METRIC: Final = 4


class RunRecord:
    """Message ``RunRecord``."""

    RUN_ID: Final = 1
    ENTITY: Final = 2
    PROJECT: Final = 3
    CONFIG: Final = 4
    SUMMARY: Final = 5
    RUN_GROUP: Final = 6
    JOB_TYPE: Final = 7
    DISPLAY_NAME: Final = 8
    NOTES: Final = 9
    TAGS: Final = 10
    HOST: Final = 13
    START_TIME: Final = 17


class Timestamp:
    """Message ``google.protobuf.Timestamp``."""

    SECONDS: Final = 1
    NANOS: Final = 2


class RunExitRecord:
    """Message ``RunExitRecord``."""

    EXIT_CODE: Final = 1


class StatsRecord:
    """Message ``StatsRecord``."""

    TIMESTAMP: Final = 2


class ArtifactRecord:
    """Message ``ArtifactRecord``."""

    TYPE: Final = 4
    NAME: Final = 5
    DIGEST: Final = 6
    DESCRIPTION: Final = 7
    METADATA: Final = 8
    ALIASES: Final = 11
    MANIFEST: Final = 12
    CLIENT_ID: Final = 15
    SEQUENCE_CLIENT_ID: Final = 16
    TAGS: Final = 19
    DIGEST_ALGORITHM: Final = 20


class ArtifactManifest:
    """Message ``ArtifactManifest``."""

    CONTENTS: Final = 4
    MANIFEST_FILE_PATH: Final = 5


class ArtifactManifestEntry:
    """Message ``ArtifactManifestEntry``."""

    PATH: Final = 1
    DIGEST: Final = 2
    REF: Final = 3
    SIZE: Final = 4
    LOCAL_PATH: Final = 6
