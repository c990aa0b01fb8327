# Names stay the text that they came as: the order is that of text, and a hundred thousand Path objects are slow.
# ruff: noqa: PTH112, PTH118, PTH119, PTH208
"""Which files a folder holds, in Keras's order.

The order is that of the folders' paths as text, and of names within a folder: all files of a folder come before those
of its subfolders, and "sub-x" before "sub/deep". Class folders that are links are entered; links below them only with
`follow_links`, and never in a circle.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from audio_logging.datasets.errors import AudioReadError
from audio_logging.datasets.files import raise_unreadable, shown
from audio_logging.datasets.progress import Progress
from audio_logging.datasets.report import ReadingReport
from audio_logging.errors import AudioLoggingError, AudioLoggingWarning

__all__ = ["FolderWalk", "list_classes", "warn_about_resource_forks"]


def list_classes(directory: str) -> list[str]:
    """Return the names of the class folders: all folders and links to folders that do not begin with a dot.

    Parameters
    ----------
    directory : str
        A folder that exists.

    Returns
    -------
    list of str
        Sorted by code points: "10" before "2", "B" before "a".

    Raises
    ------
    AudioReadError
        The folder cannot be listed.
    """
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise_unreadable(directory, error)
    return [name for name in names if not name.startswith(".") and os.path.isdir(os.path.join(directory, name))]


@dataclass(frozen=True)
class FolderWalk:
    """How to walk through folders in search of audio files.

    Parameters
    ----------
    directory : str
        The folder of the dataset.
    extensions : tuple of str
        Endings of file names that count, in lower case.
    follow_links : bool
        Whether to enter subfolders that are links.
    skip_hidden : bool
        Whether to leave out files and folders that begin with a dot.
    report : ReadingReport
        Decides about folders that cannot be read.
    progress : Progress
        Told how many files were found.
    """

    directory: str
    extensions: tuple[str, ...]
    follow_links: bool
    skip_hidden: bool
    report: ReadingReport
    progress: Progress

    def files(self, subfolder: str = "") -> list[str]:
        """Return the audio files of the folder or one of its class folders, in Keras's order.

        Parameters
        ----------
        subfolder : str
            Name of a class folder; "" for everything.

        Returns
        -------
        list of str
            Paths that begin with `directory` as it was given.

        Raises
        ------
        AudioReadError
            A folder cannot be listed, or a link leads back to a folder that holds it.
        """
        found: list[str] = []
        for folder, names in sorted(self._folders(os.path.join(self.directory, subfolder))):
            found += [os.path.join(folder, name) for name in sorted(names)]
        return found

    def _folders(self, top: str) -> Iterator[tuple[str, list[str]]]:
        trails = {top: self._trail_to(top)}
        if not trails[top]:
            return
        for folder, subfolders, names in os.walk(top, onerror=self._refuse, followlinks=self.follow_links):
            if self.skip_hidden:
                subfolders[:] = [name for name in subfolders if not name.startswith(".")]
            if self.follow_links:
                subfolders[:] = [name for name in subfolders if self._leads_on(folder, name, trails)]
            wanted = [name for name in names if self._counts(name)]
            self.progress.add(len(wanted))
            yield folder, wanted

    def _counts(self, name: str) -> bool:
        return name.lower().endswith(self.extensions) and not (self.skip_hidden and name.startswith("."))

    def _trail_to(self, top: str) -> frozenset[str]:
        """Return the real paths on the way to the first folder; none when it leads back to one of them."""
        directory = PurePath(os.path.realpath(self.directory))
        trail = frozenset(map(str, (directory, *directory.parents)))
        if top == os.path.join(self.directory, ""):
            return trail
        return trail | {os.path.realpath(top)} if self._is_new(top, trail) else frozenset()

    def _leads_on(self, folder: str, name: str, trails: dict[str, frozenset[str]]) -> bool:
        path = os.path.join(folder, name)
        if not self._is_new(path, trails[folder]):
            return False
        trails[path] = trails[folder] | {os.path.realpath(path)}
        return True

    def _is_new(self, path: str, trail: frozenset[str]) -> bool:
        target = os.path.realpath(path)
        if target not in trail:
            return True
        advice = "remove the link, or pass follow_links=False or on_error='skip'"
        self.report.note(
            path,
            AudioReadError(f"{shown(path)}: this link leads back to {shown(target)}, which holds it; {advice}"),
        )
        return False

    def _refuse(self, error: OSError) -> None:
        path = os.fspath(error.filename)
        try:
            raise_unreadable(path, error)
        except AudioLoggingError as refusal:
            self.report.note(path, refusal)


def warn_about_resource_forks(paths: list[str]) -> None:
    """Warn about files such as "._tone.wav", which Keras takes for audio.

    Parameters
    ----------
    paths : list of str
        The files of a dataset.
    """
    forks = [path for path in paths if os.path.basename(path).startswith("._")]
    if forks:
        warnings.warn(
            f"found {len(forks)} files that begin with '._', the first {shown(forks[0])}: macOS leaves them on other "
            "file systems, and they hold no audio. Remove them, or pass skip_hidden=True",
            AudioLoggingWarning,
            stacklevel=2,
        )
