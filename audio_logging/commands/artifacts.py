"""``audio-logging artifacts``: what offline runs logged as artifacts, or the versions of one."""

from __future__ import annotations

import argparse

from audio_logging.commands.forms import Subparsers, add_json_option, add_root_option, new_command, print_lines
from audio_logging.errors import AudioValueError
from audio_logging.listing.lines import Record, counted, json_lines, table_lines
from audio_logging.listing.records import when
from audio_logging.runs import ArtifactCatalog, ArtifactCollection, ArtifactVersion, list_runs

__all__ = ["add_artifacts_command"]


def add_artifacts_command(commands: Subparsers) -> None:
    """Add ``artifacts``."""
    command = new_command(commands, "artifacts", "list the artifacts that offline runs logged, or the versions of one")
    command.add_argument("name", nargs="?", help="list the versions of this one")
    add_root_option(command)
    add_json_option(command)
    command.set_defaults(run=_artifacts)


def _artifacts(options: argparse.Namespace) -> int:
    catalog = ArtifactCatalog(list_runs(options.root))
    if options.name is None:
        records = [_collection_record(collection) for collection in catalog.collections]
        title = f"{counted(len(records), 'artifact')} of {counted(len(catalog.runs), 'run')} in {options.root}"
    else:
        if ":" in options.name:
            raise AudioValueError(f"got {options.name!r}, wanted a name without a version; all of them are listed")
        collection = catalog.collection(options.name)
        records = [_version_record(version) for version in collection.versions]
        title = f"{collection.full_name}: {counted(len(records), 'version')}"
    print_lines(json_lines(records) if options.json else table_lines(records, title))
    return 0


def _collection_record(collection: ArtifactCollection) -> Record:
    latest = collection.latest
    return {
        "artifact": collection.name,
        "project": collection.project,
        "type": latest.artifact.type,
        "versions": len(collection.versions),
        "latest": f"v{latest.number}",
        "files": len(latest.artifact.entries),
        "size": latest.artifact.size,
        "logged": when(latest.logged),
        "run": latest.run.folder.name,
        "made_by": latest.run.name,
    }


def _version_record(version: ArtifactVersion) -> Record:
    artifact = version.artifact
    missing = sum(entry.problem is not None for entry in artifact.entries.values())
    return {
        "artifact": version.name,
        "aliases": list(version.aliases) or None,
        "type": artifact.type,
        "files": len(artifact.entries),
        "size": artifact.size,
        "missing": missing or None,
        "logged": when(version.logged),
        "run": version.run.folder.name,
        "made_by": version.run.name,
        "times": len(version.copies),
        "digest": artifact.digest,
        "description": artifact.description or None,
    }
