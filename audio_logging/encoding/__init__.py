"""From a clip to the bytes of a file and back: everything that knows a file format."""

from __future__ import annotations

from audio_logging.encoding.codecs import CODECS, Codec, available_formats
from audio_logging.encoding.decode import decode
from audio_logging.encoding.encode import encode
from audio_logging.encoding.encoded import EncodedAudio
from audio_logging.encoding.header import AudioInfo, probe

__all__ = ["CODECS", "AudioInfo", "Codec", "EncodedAudio", "available_formats", "decode", "encode", "probe"]
