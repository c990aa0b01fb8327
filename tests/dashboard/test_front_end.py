from __future__ import annotations

from pathlib import Path

import pytest

from audio_logging.dashboard.bundle import BundleError
from audio_logging.dashboard.front_end import WEB, script_text, style_text


def test_the_script_is_one_without_comments(tmp_path: Path) -> None:
    (tmp_path / "main.js").write_text('import { a } from "./a.js";\n// Says it.\nshow(a);\n', encoding="utf-8")
    (tmp_path / "a.js").write_text("/** What. */\nexport const a = `${1}  two`;\n", encoding="utf-8")
    text = script_text(web=tmp_path)
    assert "const a=`${1}  two`" in text and "show(a)" in text
    assert "What" not in text and "Says" not in text and "import" not in text


def test_a_module_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "main.js").write_text('import { a } from "./a.js";\n', encoding="utf-8")
    with pytest.raises(BundleError, match=r"a\.js"):
        script_text(web=tmp_path)


def test_the_sheets_are_one_in_the_order_of_the_imports(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text('/* all */\n@import "./b/b.css";\n@import "./a.css";\n', encoding="utf-8")
    (tmp_path / "a.css").write_text("p { width: calc(1px + 2px); }\n", encoding="utf-8")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "b.css").write_text("p { color: red; }\n", encoding="utf-8")
    assert style_text(web=tmp_path) == "p{color:red}p{width:calc(1px + 2px)}"


def test_a_sheet_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text('@import "./a.css";\n', encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"a\.css"):
        style_text(web=tmp_path)


@pytest.mark.parametrize("name", sorted(file.relative_to(WEB).as_posix() for file in WEB.rglob("*.js")))
def test_what_is_said_survives_the_minifier(name: str) -> None:
    """rjsmin takes the spaces out of a template inside a template, and with them out of what the page says."""
    templates, nested = templates_of((WEB / name).read_text(encoding="utf-8"))
    assert nested == [], "write the inner template as a constant of its own"
    script = script_text() + script_text("main_inline.js")
    assert [text for text in templates if text not in script] == []


def templates_of(text: str) -> tuple[list[str], list[str]]:
    """Return the template literals of a module, and those that stand inside another one."""
    found: list[str] = []
    nested: list[str] = []
    begins: list[int] = []
    inside: list[str] = []
    place = 0
    while place < len(text):
        letter = text[place]
        if inside and inside[-1] == "`":
            if letter == "\\":
                place += 1
            elif letter == "`":
                inside.pop()
                found.append(text[begins.pop() : place + 1])
            elif text.startswith("${", place):
                inside.append("${")
                place += 1
        elif letter in "\"'":
            place = end_of_string(text, place)
        elif text.startswith("//", place):
            place = text.index("\n", place)
        elif text.startswith("/*", place):
            place = text.index("*/", place) + 1
        elif letter == "`":
            if "${" in inside:
                nested.append(text[place : place + 60])
            inside.append("`")
            begins.append(place)
        elif letter == "{":
            inside.append("{")
        elif letter == "}" and inside:
            inside.pop()
        place += 1
    return found, nested


def end_of_string(text: str, start: int) -> int:
    place = start + 1
    while text[place] not in (text[start], "\n"):
        place += 2 if text[place] == "\\" else 1
    return place


def test_templates_are_found() -> None:
    found, nested = templates_of('f(`a ${b("`")} c`, "`", \'`\'); // `\ng(`x ${y ? `z` : {}} `);\n')
    assert found == ['`a ${b("`")} c`', "`z`", "`x ${y ? `z` : {}} `"] and nested == ["`z` : {}} `);\n"]


def test_every_sheet_and_module_is_used() -> None:
    script = script_text() + script_text("main_inline.js")
    assert "ServerSource" in script and "InlineSource" in script
    sheets = {file.relative_to(WEB).as_posix() for file in WEB.rglob("*.css")} - {"style.css"}
    imports = (WEB / "style.css").read_text(encoding="utf-8")
    assert {sheet for sheet in sheets if f'@import "./{sheet}";' in imports} == sheets
