"""read_packed(model, name): a small file from the ZIP that is appended to a TFLite model.

Nothing is ever unpacked to disk, and nothing is read beyond what an honest list of labels needs: a member may say that
it is small and be huge (a zip bomb), or be a link.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib

from audio_logging.inference.errors import MetadataError

__all__ = ["read_packed"]

MAX_BYTES = 2**24
"""A file of 16 MiB holds the names of a million classes; AudioSet's 521 take 7 kB."""

MAX_MEMBERS = 10_000


def read_packed(model: bytes, name: str) -> str:
    """Return the text of a file that is packed into a model.

    Parameters
    ----------
    model : bytes
        All of the model file.
    name : str

    Returns
    -------
    str
        Bytes that are no UTF-8 are replaced.

    Raises
    ------
    MetadataError
        No such file, a damaged or encrypted one, a link, or one that is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            return _read(archive, name).decode("utf-8", "replace")
    except KeyError as error:
        raise MetadataError(f"the model's metadata names {name!r}, which is not packed into it") from error
    # zipfile lets damaged archives end in these: https://docs.python.org/3/library/zipfile.html#decompression-pitfalls
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError) as error:
        if isinstance(error, MetadataError):
            raise
        raise MetadataError(
            f"cannot read {name!r}, packed into the model: {str(error) or type(error).__name__}"
        ) from error


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if len(archive.namelist()) > MAX_MEMBERS:
        raise MetadataError(f"got {len(archive.namelist())} files packed into the model, wanted at most {MAX_MEMBERS}")
    member = archive.getinfo(name)
    if stat.S_ISLNK(member.external_attr >> 16) or member.is_dir():
        raise MetadataError(f"{name!r}, packed into the model, is a link or a folder; wanted a file")
    with archive.open(member) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise MetadataError(f"{name!r}, packed into the model, is larger than {MAX_BYTES} bytes: no list of labels is")
    return data
