"""The protobuf wire format, as far as records need it: one message into its field numbers and raw values.

https://protobuf.dev/programming-guides/encoding. Groups are not read; nothing that wandb writes has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from audio_logging.errors import AudioValueError

__all__ = ["WireError", "change_fields", "fields", "signed", "to_varint", "varint", "zigzag"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_SIZE = 10


class WireError(AudioValueError):
    """The bytes are no protobuf message."""


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Take one message apart, without knowing its type.

    Parameters
    ----------
    message : bytes

    Yields
    ------
    number : int
        The field number.
    value : int or bytes
        int for varints (unsigned, 64 bits); bytes for everything else.

    Raises
    ------
    WireError
        A length leads out of the message, a number never ends, or the wire type is unknown.

    Examples
    --------
    >>> list(fields(bytes([0x08, 0x96, 0x01, 0x12, 0x02]) + b"hi"))
    [(1, 150), (2, b'hi')]
    """
    at, end = 0, len(message)
    while at < end:
        tag = message[at]
        at += 1
        if tag > 127:
            tag, at = varint(message, at - 1)
        kind = tag & 7
        if kind == _BYTES:
            # A length of one byte is the rule; a call for each would cost a third of the reading.
            length = message[at] if at < end else 128
            at += 1
            if length > 127:
                length, at = varint(message, at - 1)
        elif kind == _VARINT:
            value, at = varint(message, at)
            yield tag >> 3, value
            continue
        elif kind == _FIXED64:
            length = 8
        elif kind == _FIXED32:
            length = 4
        else:
            raise WireError(f"got wire type {kind} at byte {at - 1}, wanted 0, 1, 2 or 5")
        if length > end - at:
            raise WireError(f"got a field of {length} bytes at byte {at}, the message has {end - at} left")
        yield tag >> 3, message[at : at + length]
        at += length


def change_fields(message: bytes, path: Sequence[int], change: Callable[[bytes], bytes]) -> bytes:
    r"""Return a message with the fields at a path of field numbers replaced; all others stay byte for byte.

    Parameters
    ----------
    message : bytes
    path : sequence of int
        Numbers of the messages on the way, and of the field itself, which holds bytes or text.
    change : callable
        From its value to the new one.

    Returns
    -------
    bytes

    Raises
    ------
    WireError
        The bytes are no message.

    Examples
    --------
    >>> inner = bytes([0x12, 0x02]) + b"hi"
    >>> change_fields(bytes([0x08, 0x01, 0x1A, len(inner)]) + inner, (3, 2), lambda value: value + b"!")
    b'\x08\x01\x1a\x05\x12\x03hi!'
    """
    first, *rest = path
    parts = []
    for number, start, body, end in _spans(message):
        if number != first or body is None:
            parts.append(message[start:end])
            continue
        value = message[body:end]
        new = change_fields(value, rest, change) if rest else change(value)
        parts += [to_varint(number << 3 | _BYTES), to_varint(len(new)), new]
    return b"".join(parts)


def to_varint(value: int) -> bytes:
    r"""Return a number that is not negative as the wire has it.

    Examples
    --------
    >>> to_varint(150)
    b'\x96\x01'
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value: int, bits: int = 64) -> int:
    """Read an unsigned varint as the two's complement number that int32 and int64 fields mean.

    Examples
    --------
    >>> signed(2**64 - 1)
    -1
    """
    value &= 2**bits - 1
    return value - 2**bits if value >= 2 ** (bits - 1) else value


def zigzag(value: int) -> int:
    """Read an unsigned varint as the number that sint64 fields mean.

    Examples
    --------
    >>> zigzag(3)
    -2
    """
    return (value >> 1) ^ -(value & 1)


def varint(message: bytes, at: int) -> tuple[int, int]:
    r"""Return the number at a place in a message, and where it ends.

    Raises
    ------
    WireError
        It never ends.

    Examples
    --------
    >>> varint(b"\x96\x01", 0)
    (150, 2)
    """
    try:
        byte = message[at]
        if byte < 128:
            return byte, at + 1
        value, shift, start = byte & 127, 7, at
        while byte > 127:
            at += 1
            byte = message[at]
            value |= (byte & 127) << shift
            shift += 7
            if at - start >= _MAX_VARINT_SIZE:
                raise WireError(f"got a number of more than {_MAX_VARINT_SIZE} bytes at byte {start}")
        return value & (2**64 - 1), at + 1
    except IndexError:
        raise WireError("the message ends inside a number") from None


def _spans(message: bytes) -> Iterator[tuple[int, int, int | None, int]]:
    """Yield each field's number, where it begins, where its bytes begin (None for a number), and where it ends."""
    at = 0
    while at < len(message):
        start = at
        tag, at = varint(message, at)
        kind = tag & 7
        body = None
        if kind == _BYTES:
            length, at = varint(message, at)
            body, at = at, at + length
        elif kind == _VARINT:
            _, at = varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise WireError(f"got wire type {kind} at byte {start}, wanted 0, 1, 2 or 5")
        if at > len(message):
            raise WireError(f"got a field of {at - start} bytes at byte {start}, the message ends before")
        yield tag >> 3, start, body, at
