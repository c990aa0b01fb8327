"""Audio: what ``run.log``, tables and artifacts of W&B take for a clip, and more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import wandb

from audio_logging import _wandb
from audio_logging._types import AnyArray, Layout, OnInvalid, Overload
from audio_logging.clip import AudioClip, check_sample_rate
from audio_logging.encoding import EncodedAudio, decode, probe
from audio_logging.encoding.pcm import to_int16
from audio_logging.errors import AudioLoggingError, AudioTypeError, AudioValueError
from audio_logging.inputs import BytesSource, PathSource, Source, UrlSource, to_source
from audio_logging.media.batches import split_batch
from audio_logging.media.player import player_html
from audio_logging.notices import warn_once
from audio_logging.schema import AUDIO_FILE_TYPE, MEDIA_FOLDER
from audio_logging.storage.content import FileContent, MemoryContent, ReferenceContent
from audio_logging.storage.conversion import AudioFile, Conversion, Converted, convert
from audio_logging.storage.details import AudioDetails
from audio_logging.storage.naming import media_name

__all__ = ["Audio"]


class Audio(_wandb.AudioBase):
    """A clip for Weights & Biases: takes the place of ``wandb.Audio``, takes every kind of audio, and comes back whole.

    Parameters
    ----------
    data_or_path : str, Path, bytes, file object, array, tensor, list, tuple, dict, AudioClip, Audio or wandb.Audio
        Everything that :func:`audio_logging.as_clip` takes. A file keeps its bytes. An address (``s3://``, ``gs://``,
        ``http://``, ``https://``) stays a reference in artifacts; an http(s) one that is logged to a run is fetched
        then, within bounds.
    sample_rate : int, optional
        [Hz] Needed for bare samples.
    caption : str, optional
        Text shown with the clip.
    format : {"wav", "flac", "ogg", "opus", "mp3"}, optional
        What to store; default: WAV for samples, and what it is for a file.
    subtype : str, optional
        Such as "PCM_24" or "FLOAT", see :func:`audio_logging.available_formats`; default: 16 bit.
    layout : {"auto", "frames_first", "channels_first"}
        Which axis of two-dimensional samples is which, as in :func:`audio_logging.as_clip`.
    normalize : {None, "peak"}
        "peak" scales the loudest sample to full scale, as Gradio does. The factor is in `gain`.
    overload : {"clip", "scale", "float"}
        What becomes of samples beyond [-1, 1]: clipped and counted in `clipped_samples`, with one warning a key; the
        whole clip lowered, with the factor in `gain`; or stored as 32-bit float (WAV only).
    on_invalid : {"raise", "zero"}
        Whether NaN and infinity are an error or become zeros, counted in `invalid_samples`.
    min_seconds, max_seconds : float, optional
        [s] Shortest and longest clip taken, both included. ``min_seconds=0`` also takes clips without frames.
    bits : int, optional
        How many bits integer samples hold, such as 24 for 24-bit samples in int32.

    Raises
    ------
    AudioLoggingError
        Of the kinds that :func:`audio_logging.as_clip` lists; `AudioEncodeError` when the format cannot hold the
        clip; `AudioDurationError` when it is too short or too long.

    Examples
    --------
    >>> import numpy as np
    >>> Audio(np.zeros((2, 16000), np.float32), sample_rate=16000, caption="silence")
    Audio(1.00 s, 16000 Hz, 2 ch, wav, 'silence')
    """

    _log_type = AUDIO_FILE_TYPE
    content: FileContent | MemoryContent | ReferenceContent
    _details: AudioDetails | None
    _bound_as: tuple[str | int, str | int]

    def __init__(
        self,
        data_or_path: Any,
        sample_rate: int | None = None,
        caption: str | None = None,
        *,
        format: str | None = None,  # noqa: A002 - "format" is the public word
        subtype: str | None = None,
        layout: Layout = "auto",
        normalize: str | None = None,
        overload: Overload = "clip",
        on_invalid: OnInvalid = "raise",
        min_seconds: float | None = None,
        max_seconds: float | None = None,
        bits: int | None = None,
    ) -> None:
        conversion = Conversion(
            format=format,
            subtype=subtype,
            layout=layout,
            bits=bits,
            normalize=normalize,
            overload=overload,
            on_invalid=on_invalid,
            min_seconds=min_seconds,
            max_seconds=max_seconds,
        )
        if caption is None and isinstance(data_or_path, wandb.Audio):
            caption = _wandb.caption_of(data_or_path)
        source = to_source(data_or_path)
        if isinstance(source, UrlSource):
            self._become_reference(source, sample_rate, caption, conversion)
        else:
            self._become(convert(source, conversion, sample_rate), caption)

    @classmethod
    def from_batch(
        cls,
        batch: Any,
        sample_rate: int,
        captions: Sequence[str | None] | None = None,
        lengths: Any = None,
        **options: Any,
    ) -> list[Audio]:
        """Make one Audio of each clip in a batch, without its padding.

        Parameters
        ----------
        batch : array, tensor or list [shape=(clips, frames), (clips, frames, channels) or (clips, channels, frames)]
            The layout of each clip follows the rule of :func:`audio_logging.as_clip`.
        sample_rate : int
            [Hz]
        captions : sequence of str, optional
            One a clip.
        lengths : sequence of int, optional
            [frames] Real length of each clip; what follows is padding and is cut off.
        **options
            As for :class:`Audio`.

        Returns
        -------
        list of Audio

        Raises
        ------
        AudioShapeError
            No batch axis.
        AudioValueError
            Not as many captions or lengths as clips, or a length beyond the clip.
        AudioLoggingError
            As :class:`Audio`; the message says which clip.

        Examples
        --------
        >>> import numpy as np
        >>> [audio.frames for audio in Audio.from_batch(np.zeros((2, 800)), 8000, lengths=[800, 200])]
        [800, 200]
        """
        clips = split_batch(batch, lengths, layout=options.get("layout", "auto"))
        if captions is not None and len(captions) != len(clips):
            raise AudioValueError(f"got {len(captions)} captions for {len(clips)} clips, wanted one a clip")
        made = []
        texts = [None] * len(clips) if captions is None else captions
        for index, (clip, caption) in enumerate(zip(clips, texts, strict=True)):
            try:
                made.append(cls(clip, sample_rate, caption, **{**options, "layout": "frames_first"}))
            except AudioLoggingError as error:
                raise type(error)(f"clip {index} of the batch: {error}") from error
        return made

    @property
    def details(self) -> AudioDetails:
        """All that is known of the stored clip, as one value."""
        if self._details is None:
            self._details = self._read_header()
        return self._details

    @property
    def sample_rate(self) -> int | None:
        """Samples per second [Hz] of what is stored; None when unknown."""
        return self.details.sample_rate

    @property
    def duration(self) -> float | None:
        """Length [s]; None when unknown."""
        return self.details.duration

    @property
    def channels(self) -> int | None:
        """Number of channels; None when unknown."""
        return self.details.channels

    @property
    def frames(self) -> int | None:
        """Samples per channel of what is stored; None when unknown."""
        return self.details.frames

    @property
    def format(self) -> str | None:
        """What is stored, such as "wav"; None when unknown."""
        return self.details.format

    @property
    def subtype(self) -> str | None:
        """What is stored, more closely, such as "PCM_16"; None when unknown."""
        if self.details.subtype is None:
            # JSON does not say it, but the header does.
            self._details = replace(self.details, subtype=self._read_header().subtype)
        return self.details.subtype

    @property
    def peak(self) -> float | None:
        """Largest absolute sample before any clipping, 1.0 is full scale; None when the samples were not looked at."""
        return self.details.peak

    @property
    def clipped_samples(self) -> int | None:
        """How many samples lay beyond full scale and were clipped; None when the samples were not looked at."""
        return self.details.clipped_samples

    @property
    def source_sample_rate(self) -> int | None:
        """Rate [Hz] of the samples that were handed in; another one than `sample_rate` only for opus and mp3."""
        return self.details.source_sample_rate or self.details.sample_rate

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of what is stored (of the address, for a reference)."""
        return self.content.sha256

    @property
    def size(self) -> int | None:
        """Bytes of what is stored; None for a reference."""
        return self.content.size

    @property
    def is_reference(self) -> bool:
        """Whether this is an address and not audio of its own."""
        return isinstance(self.content, ReferenceContent)

    def clip(self) -> AudioClip:
        """Return the samples that are stored, decoded; a reference is fetched for this.

        Returns
        -------
        AudioClip

        Raises
        ------
        AudioDecodeError, AudioDownloadError
            The file or address cannot be read.
        """
        if isinstance(self.content, ReferenceContent):
            return UrlSource(self.content.path()).fetch().to_clip(Conversion().reading(None))
        return decode(self.content.read(), allow_empty=True)

    def to_gradio(self) -> tuple[int, AnyArray]:
        """Return what Gradio's Audio takes.

        Returns
        -------
        sample_rate : int
            [Hz]
        samples : ndarray of int16 [shape=(frames,) or (frames, channels)]
        """
        clip = self.clip()
        samples = to_int16(clip)
        return clip.sample_rate, samples[:, 0] if clip.channels == 1 else samples

    def source(self) -> Source:
        """Return the stored clip in the form that :func:`audio_logging.as_clip` reads."""
        if isinstance(self.content, ReferenceContent):
            return UrlSource(self.content.path())
        if isinstance(self.content, MemoryContent):
            audio = self.content.encoded()
            return BytesSource(audio.data, repr(self), known=audio)
        return PathSource(Path(self.content.path()))

    def bind_to_run(
        self,
        run: wandb.Run,
        key: str | int,
        step: str | int,
        id_: Any = None,
        ignore_copy_err: bool | None = None,  # noqa: ARG002 - part of wandb's signature
    ) -> None:
        """Put the clip's file into a run's folder; ``run.log`` does this.

        Parameters
        ----------
        run : wandb.Run
        key : str
            Slashes make folders; whatever it holds, the file stays inside the media folder.
        step : int
            For the file's name.
        id_ : object, optional
            For the file's name; default: the first 20 digits of `sha256`.
        ignore_copy_err : bool, optional
            Not needed here; plain wandb.Audio has it.

        Raises
        ------
        AudioValueError
            A reference to a bucket, which cannot be logged to a run.
        AudioDownloadError
            A reference that cannot be fetched.
        """
        if isinstance(self.content, ReferenceContent):
            self._fetch(self.content.path())
        if self.run is not run:
            self._place(run, lambda sha256: media_name(str(key), step, id_ or sha256[:20], extension=self._suffix))
            self._bound_as = (key, step)
        self._warn_of_clipping(run, str(key))

    def refer_to_file(self, artifact: wandb.Artifact) -> None:
        """Add a reference to the clip's file where it lies, with its checksum; the artifact then holds no copy of it.

        Parameters
        ----------
        artifact : wandb.Artifact

        Raises
        ------
        AudioTypeError
            The clip is not a file on disk.
        """
        if not isinstance(self.content, FileContent):
            raise AudioTypeError(f"got {self!r}, wanted a clip that is a file on disk")
        name = self._entry_name()
        if artifact.manifest.get_entry_by_path(name) is None:
            artifact.add_reference(Path(self.content.path()).resolve().as_uri(), name=name)

    def to_json(self, run: Any) -> dict[str, Any]:
        """Return the clip's JSON for a run's history, or for an artifact, to which its file is added.

        Parameters
        ----------
        run : wandb.Run or wandb.Artifact
            A run must have the clip bound to it; one that was bound to another run gets a copy in this one, too.

        Returns
        -------
        dict
        """
        if isinstance(run, wandb.Artifact):
            return self._to_artifact_json(run)
        if self.is_bound() and self.run is not run:
            self.bind_to_run(run, *self._bound_as)
        known = (
            self._own_json()
            if self._stored_as and self.run is run and _wandb.is_in_no_artifact(self)
            else self.plain_json(run)
        )
        return {**known, **self.details.to_json()}

    @classmethod
    def from_json(cls, json_obj: Mapping[str, Any], source_artifact: wandb.Artifact) -> Audio:
        """Return the clip that an artifact holds; what plain wandb wrote is taken too, with or without a caption.

        Parameters
        ----------
        json_obj : dict
        source_artifact : wandb.Artifact

        Returns
        -------
        Audio
            Its header is read only when something is asked that the JSON does not say. A reference stays one.
        """
        entry = source_artifact.get_entry(json_obj["path"])
        details = AudioDetails.from_json(json_obj)
        if entry.ref is not None and _wandb.is_reference(str(entry.ref)):
            return cls.over(ReferenceContent(str(entry.ref)), details, json_obj.get("caption"))
        content = FileContent(Path(entry.download()), json_obj.get("sha256"))
        audio = cls.over(content, details if details.sample_rate else None, json_obj.get("caption"))
        audio._suffix = Path(json_obj["path"]).suffix
        return audio

    @classmethod
    def over(
        cls, content: FileContent | ReferenceContent, details: AudioDetails | None, caption: str | None = None
    ) -> Audio:
        """Return an Audio over content that is there already.

        Parameters
        ----------
        content : FileContent or ReferenceContent
        details : AudioDetails or None
            None: read the header when it is asked for.
        caption : str, optional

        Returns
        -------
        Audio
        """
        audio = cls.__new__(cls)
        audio._settle(content, details, caption)
        return audio

    def resolve_ref(self) -> str | None:
        """Return the address that this is, or that the artifact it came from has for it; None otherwise."""
        return _wandb.reference_of(self)

    def file_is_set(self) -> bool:
        """Return whether there is something to log: always."""
        return True

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, wandb.Audio):
            return False
        if self.caption != _wandb.caption_of(other):
            return False
        theirs = _as_ours(other)
        if self.is_reference or theirs.is_reference:
            return self.resolve_ref() == _wandb.reference_of(other)
        return self.sha256 == theirs.sha256

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.sha256, self.caption))

    def __copy__(self) -> Audio:
        """Return the same clip, bound to no run and no artifact; what is stored is shared, since nobody changes it."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.detached_state())
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Audio:
        return self.__copy__()

    def __getstate__(self) -> dict[str, Any]:
        state = {**self.detached_state(), "_home": None}
        if isinstance(self.content, MemoryContent):
            audio = self.content.encoded()
            known = {item.name: getattr(audio, item.name) for item in fields(audio)}
            state["content"] = {**known, "data": bytes(audio.data)}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if isinstance(state["content"], dict):
            audio = EncodedAudio(**{**state["content"], "data": memoryview(state["content"]["data"])})
            self.content = MemoryContent(audio, _wandb.temporary_folder())

    def __repr__(self) -> str:
        caption = "" if self.caption is None else f", {self.caption!r}"
        if self.is_reference:
            return f"Audio({self.content.path()!r}{caption})"
        details = self.details
        if details.duration is None:
            return f"Audio({Path(self.content.path()).name!r}{caption})"
        shape = f"{details.duration:.2f} s, {details.sample_rate} Hz, {details.channels} ch"
        return f"Audio({shape}, {details.format}{caption})"

    def _repr_html_(self) -> str:
        if isinstance(self.content, ReferenceContent):
            return player_html(self.content.path(), self.caption)
        return player_html(self.content.read(), self.caption, format=self.format, title=repr(self))

    def _become(self, converted: Converted, caption: str | None) -> None:
        if isinstance(converted, AudioFile):
            self._settle(FileContent(converted.path), AudioDetails.of(converted.info), caption)
            self._suffix = converted.extension
            return
        self._settle(MemoryContent(converted, _wandb.temporary_folder()), AudioDetails.of(converted), caption)
        self._suffix = converted.extension
        self.gain = converted.gain
        self.invalid_samples = converted.invalid_samples

    def _become_reference(
        self, source: UrlSource, sample_rate: int | None, caption: str | None, conversion: Conversion
    ) -> None:
        rate = None if sample_rate is None else check_sample_rate(sample_rate)
        self._settle(ReferenceContent(source.url), AudioDetails(sample_rate=rate), caption)
        self._conversion = conversion

    def _settle(
        self, content: FileContent | MemoryContent | ReferenceContent, details: AudioDetails | None, caption: Any
    ) -> None:
        super().__init__(content, None if caption is None else str(caption))
        self._details = details
        self._suffix = Path(content.path()).suffix if not isinstance(content, MemoryContent) else ""
        self._home: tuple[wandb.Artifact, str] | None = None
        self._bound_as = ("audio", 0)
        self._stored_as: str | None = None
        self._conversion = Conversion()
        self.gain = 1.0
        self.invalid_samples = 0

    def _read_header(self) -> AudioDetails:
        if isinstance(self.content, ReferenceContent):
            return AudioDetails()
        try:
            return AudioDetails.of(probe(self.content.read()))
        except AudioLoggingError:
            return AudioDetails()

    def _fetch(self, url: str) -> None:
        try:
            fetched = UrlSource(url).fetch()
        except AudioValueError as error:
            raise AudioValueError(
                f"Audio media created by a reference to external storage cannot currently be added to a run: {error}"
            ) from error
        self._become(convert(fetched, self._conversion, self.details.sample_rate), self.caption)

    def _place(self, run: wandb.Run, name_for: Callable[[str], str]) -> None:
        self._look_again()
        content, folder = self._stored(), _wandb.run_folder(run)
        if isinstance(content, FileContent) and _wandb.media_may_be_linked(run):
            self.content = _linked(run, content, folder / MEDIA_FOLDER / name_for(content.sha256))
        else:
            self.content = content.place(folder / MEDIA_FOLDER, name_for)
        self.attach(run)
        self._stored_as = Path(self.content.path()).relative_to(folder).as_posix()
        _wandb.publish_file(run, self._stored_as)

    def _own_json(self) -> dict[str, Any]:
        """Return what wandb's own code would, which asks the run for its folder again and looks for artifacts."""
        stored = {"_type": AUDIO_FILE_TYPE, "path": self._stored_as, "sha256": self.sha256, "size": self.size}
        return stored if self.caption is None else {**stored, "caption": self.caption}

    def _look_again(self) -> None:
        """Read the header anew if the user's file was changed since: what is said of it must be true of the copy."""
        if isinstance(self.content, FileContent) and not self.is_bound() and self.content.refresh():
            self._details = AudioDetails.of(probe(self.content.read()))

    def _warn_of_clipping(self, run: wandb.Run, key: str) -> None:
        if self.clipped_samples:
            warn_once(
                f"{key}: {self.clipped_samples} samples beyond full scale were clipped (peak {self.peak:.2f}). Pass "
                "overload='scale' to lower such clips or overload='float' to keep them; this is said once a key",
                str(run.id),
                "clipped",
                key,
            )

    def _to_artifact_json(self, artifact: wandb.Artifact) -> dict[str, Any]:
        self._look_again()
        # The caption is there even when there is none: plain wandb reads json["caption"] and fails without.
        json = {
            "_type": AUDIO_FILE_TYPE,
            "path": self._add_to(artifact),
            "sha256": self.sha256,
            "caption": self.caption,
        }
        size = {} if self.size is None else {"size": self.size}
        return {**json, **size, **self.details.to_json()}

    def _add_to(self, artifact: wandb.Artifact) -> str:
        """Add the clip's file, or a reference to where it is already, and return the entry's name."""
        if isinstance(self.content, ReferenceContent):
            return self._refer_to_address(artifact, self.content.path())
        if _wandb.artifact_of(self) is not None and not self.is_bound():
            return str(self.plain_json(artifact)["path"])
        name = self._entry_name()
        if artifact.manifest.get_entry_by_path(name) is None and not self._refer_home(artifact):
            self._stage(artifact, name)
            self._home = self._home or (artifact, name)
        return name

    def _entry_name(self) -> str:
        return f"{MEDIA_FOLDER}/{self.sha256[:20]}{self._suffix}"

    def _refer_to_address(self, artifact: wandb.Artifact, url: str) -> str:
        name = f"{MEDIA_FOLDER}/{self.sha256[:20]}/{url.rpartition('/')[2]}"
        _wandb.add_address(artifact, url, name)
        return name

    def _refer_home(self, artifact: wandb.Artifact) -> bool:
        if self._home is None:
            return False
        home, name = self._home
        return home is not artifact and _wandb.is_logged(home) and _wandb.add_client_reference(artifact, home, name)

    def _stage(self, artifact: wandb.Artifact, name: str) -> None:
        content = self._stored()
        if isinstance(content, MemoryContent):
            staged = _wandb.new_staged_file()
            content.write_to(staged)
            _wandb.add_staged_file(artifact, staged, name)
        elif self.run is not None and not _wandb.media_may_be_linked(self.run):
            _wandb.add_staged_file(artifact, Path(content.path()), name)
        else:
            artifact.add_file(content.path(), name=name)

    def _stored(self) -> FileContent | MemoryContent:
        if isinstance(self.content, ReferenceContent):
            raise AudioTypeError(f"got {self!r}, a reference, wanted audio of its own")
        return self.content


def _as_ours(audio: wandb.Audio) -> Audio:
    """Return a plain wandb.Audio as one of ours, over the same file."""
    if isinstance(audio, _wandb.AudioBase):
        return cast("Audio", audio)
    path, sha256 = _wandb.audio_file(audio)
    content = ReferenceContent(path) if _wandb.is_reference(path) else FileContent(Path(path), sha256)
    return Audio.over(content, None, _wandb.caption_of(audio))


def _linked(run: wandb.Run, content: FileContent, target: Path) -> FileContent:
    source = Path(content.path())
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.exists() and target.samefile(source)):
        target.unlink(missing_ok=True)
        _wandb.link_media(run, source, target)
    return FileContent(target, content.sha256)


@to_source.register(wandb.Audio)
def _(value: wandb.Audio) -> Source:
    return _as_ours(value).source()


_wandb.register(Audio)
