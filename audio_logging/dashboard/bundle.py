"""ES modules to one classic script: browsers load no modules from ``file://``.

Each module becomes a function that returns what it exports, in an order in which everything is there before it is
used. Only the forms that our own front end is written in are understood; anything else is an error, never a guess.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_logging.errors import AudioLoggingError

__all__ = ["BundleError", "Module", "bundle", "read_module", "read_modules"]

_NAME = r"[A-Za-z_$][\w$]*"
_IMPORT = re.compile(r'^import \{([^{}]*)\} from "(\.[\w./-]+\.js)";[ \t]*$', re.MULTILINE)
_IMPORTED = re.compile(rf"({_NAME})(?: as ({_NAME}))?")
_EXPORT = re.compile(rf"^export (?=(?:async function|function|class|const) ({_NAME})\b)", re.MULTILINE)
_NOT_UNDERSTOOD = re.compile(
    r"^(?:import|export)\b.*"  # default, renamed or re-exported names, patterns, generators, let
    r"|^(?![ \t]*(?:\*|//|/\*)).*\bimport[ \t]*[.(].*"  # import(...) and import.meta, but not as a type in a comment
    r"|^(?:(?:const|let|var)\b[^;\n]*=[ \t]*)?await\b.*",
    re.MULTILINE,
)


class BundleError(AudioLoggingError, ValueError):
    """The modules are not written in the forms that can be put into one script."""


@dataclass(frozen=True)
class Module:
    """One module, taken apart.

    Attributes
    ----------
    name : str
        Of its file, from the folder of the front end.
    imports : dict
        The names that it takes, by the module that has them.
    exports : tuple of str
    body : str
        Its text without the words ``import`` and ``export``, line by line as it was.
    """

    name: str
    imports: Mapping[str, tuple[str, ...]]
    exports: tuple[str, ...]
    body: str

    def as_function(self) -> str:
        """Return the module as a constant that holds what it exports."""
        return f"const {_constant(self.name)} = (() => {{\n{self.body}\nreturn {{{', '.join(self.exports)}}};\n}})();"


def bundle(folder: Path, entry: str) -> str:
    """Return one classic script that does what an ES module and all that it imports do.

    Parameters
    ----------
    folder : Path
    entry : str
        File name of the module to begin with.

    Returns
    -------
    str

    Raises
    ------
    BundleError
        A form that is not understood, a module or a name that is not there, or modules that import each other.
    """
    functions = "\n".join(module.as_function() for module in read_modules(folder, entry))
    return f'"use strict";\n(() => {{\n{functions}\n}})();\n'


def read_modules(folder: Path, entry: str) -> list[Module]:
    """Return a module and all that it imports, each behind those that it needs.

    Parameters
    ----------
    folder : Path
    entry : str

    Returns
    -------
    list of Module

    Raises
    ------
    BundleError
        As :func:`bundle`.
    """
    ready: dict[str, Module] = {}
    _read_into(ready, folder, entry, ())
    return list(ready.values())


def read_module(name: str, text: str) -> Module:
    """Take a module apart.

    Parameters
    ----------
    name : str
        Of its file, from the folder of the front end; imports are relative to it.
    text : str

    Returns
    -------
    Module

    Raises
    ------
    BundleError
        A form that is not understood.
    """
    imports: dict[str, tuple[str, ...]] = {}

    def as_constants(found: re.Match[str]) -> str:
        other = posixpath.normpath(posixpath.join(posixpath.dirname(name), found[2]))
        parts = [_IMPORTED.fullmatch(part.strip()) for part in found[1].split(",") if part.strip()]
        if None in parts:
            raise BundleError(f"{name}: got import {{{found[1]}}}, wanted names, or name as other, without comments")
        named = [(part[1], part[2] or part[1]) for part in parts if part]
        imports[other] = imports.get(other, ()) + tuple(taken for taken, _ in named)
        taken = ", ".join(name if name == own else f"{name}: {own}" for name, own in named)
        return f"const {{ {taken} }} = {_constant(other)};" + "\n" * found[0].count("\n")

    body = _IMPORT.sub(as_constants, text.replace("\r\n", "\n"))
    exports = tuple(_EXPORT.findall(body))
    body = _EXPORT.sub("", body)
    left = _NOT_UNDERSTOOD.search(body)
    if left:
        line = body.count("\n", 0, left.start()) + 1
        raise BundleError(
            f"{name}, line {line}: got {left[0].strip()[:80]!r}, wanted at the beginning of a line "
            'import { a, b } from "./x.js"; or export (async) function, class or const with a name'
        )
    return Module(name, imports, exports, body)


def _read_into(ready: dict[str, Module], folder: Path, name: str, path: tuple[str, ...]) -> None:
    if name in ready:
        return
    if name in path:
        raise BundleError(f"modules import each other: {' > '.join((*path[path.index(name) :], name))}")
    module = read_module(name, _text_of(folder / name, path))
    for other, names in module.imports.items():
        _read_into(ready, folder, other, (*path, name))
        missing = [each for each in names if each not in ready[other].exports]
        if missing:
            raise BundleError(f"{name} imports {', '.join(missing)} from {other}, which does not export that")
    ready[name] = module


def _text_of(file: Path, path: tuple[str, ...]) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        user = f", which {path[-1]} imports" if path else ""
        raise BundleError(f"there is no module {file.name}{user}: {error.strerror}") from error


def _constant(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))
