from __future__ import annotations

import re
from pathlib import Path

import pytest

from audio_logging.dashboard.bundle import BundleError, bundle, read_module, read_modules
from audio_logging.dashboard.front_end import WEB


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder


def test_modules_come_behind_those_that_they_need(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='import { b } from "./b.js";\nimport { a } from "./a.js";\nb(a);\n',
        b='import { a } from "./a.js";\nexport function b(x) { return x + a; }\n',
        a="export const a = 1;\n",
        unused="export const unused = 2;\n",
    )
    assert [module.name for module in read_modules(tmp_path, "main.js")] == ["a.js", "b.js", "main.js"]


def test_a_module_becomes_a_function_that_returns_what_it_exports(tmp_path: Path) -> None:
    write(tmp_path, main='import { a } from "./a-b.js";\na();\n')
    write(tmp_path, **{"a-b": "// What for.\n\nconst hidden = 1;\nexport async function a() { return hidden; }\n"})
    assert bundle(tmp_path, "main.js") == (
        '"use strict";\n'
        "(() => {\n"
        "const $a_b = (() => {\n"
        "// What for.\n\nconst hidden = 1;\nasync function a() { return hidden; }\n\n"
        "return {a};\n"
        "})();\n"
        "const $main = (() => {\n"
        "const { a } = $a_b;\na();\n\n"
        "return {};\n"
        "})();\n"
        "})();\n"
    )


def test_an_import_over_several_lines_leaves_the_lines_where_they_were() -> None:
    module = read_module("x.js", 'import {\n  a,\n  $b_2,\n} from "./y.js";\nthrow a;\n')
    assert module.imports == {"y.js": ("a", "$b_2")}
    assert module.body.splitlines()[4] == "throw a;"


@pytest.mark.parametrize("form", ["function a() {}", "async function a() {}", "class a {}", "const a = 1;"])
def test_what_can_be_exported(form: str) -> None:
    module = read_module("x.js", f"export {form}\n")
    assert (module.exports, module.body) == (("a",), f"{form}\n")


@pytest.mark.parametrize(
    "text",
    [
        'import a from "./a.js";',
        'import * as a from "./a.js";',
        'import "./a.js";',
        'import { a } from "a";',
        'import { a } from "https://example.com/a.js";',
        "import { a } from './a.js';",
        'import { a } from "./a.js"',
        "export default 1;",
        "export { a };",
        'export { a } from "./a.js";',
        'export * from "./a.js";',
        "export let a = 1;",
        "export var a = 1;",
        "export const { a } = b;",
        "export const [a] = b;",
        "export function* a() {}",
        '  const a = await import("./a.js");',
        "  const here = import.meta.url;",
        "await a();",
        "const a = await b();",
    ],
)
def test_other_forms_are_refused_with_their_line(text: str) -> None:
    with pytest.raises(BundleError, match=r"^x\.js, line 3: got .*, wanted at the beginning of a line"):
        read_module("x.js", f"// one\nconst two = 2;\n{text}\n")


def test_an_import_under_another_name() -> None:
    module = read_module("x.js", 'import { a as b, c } from "./y.js";\n')
    assert module.imports == {"y.js": ("a", "c")}
    assert module.body == "const { a: b, c } = $y;\n"


@pytest.mark.parametrize("names", ["a as b as c", "a /* first */", "default as", "1a", "a b"])
def test_other_imports_are_refused(names: str) -> None:
    with pytest.raises(BundleError, match=r"^x\.js: got import \{ .* \}, wanted names"):
        read_module("x.js", f'import {{ {names} }} from "./a.js";\n')


def test_what_looks_like_a_form_in_a_comment_or_in_the_middle_is_left_alone() -> None:
    text = "// import nothing\n * export as they are\n  const important = exported;\nasync () => { await a; };\n"
    assert read_module("x.js", text).body == text


def test_modules_lie_in_folders(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    (tmp_path / "page").mkdir()
    write(tmp_path, main='import { row } from "./list/row.js";\nrow();\n')
    write(tmp_path / "list", row='import { text } from "../page/text.js";\nexport const row = text;\n')
    write(tmp_path / "page", text="export const text = 1;\n")
    assert [module.name for module in read_modules(tmp_path, "main.js")] == ["page/text.js", "list/row.js", "main.js"]
    assert "const { text } = $page_text;" in bundle(tmp_path, "main.js")


def test_a_cycle_is_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='import { a } from "./a.js";\n',
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(BundleError, match=r"^modules import each other: a\.js > b\.js > a\.js$"):
        bundle(tmp_path, "main.js")


def test_a_name_that_is_not_exported_is_named(tmp_path: Path) -> None:
    write(tmp_path, main='import { a, b } from "./a.js";\n', a="export const a = 1;\nconst b = 2;\n")
    with pytest.raises(BundleError, match=r"^main\.js imports b from a\.js, which does not export that$"):
        bundle(tmp_path, "main.js")


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path, main='import { a } from "./a.js";\n')
    with pytest.raises(BundleError, match=r"^there is no module a\.js, which main\.js imports: "):
        bundle(tmp_path, "main.js")


@pytest.mark.parametrize("name", sorted(file.relative_to(WEB).as_posix() for file in WEB.rglob("*.js")))
def test_every_module_of_the_front_end_is_understood(name: str) -> None:
    modules = {module.name: module for module in read_modules(WEB, name)}
    assert modules[name].body.startswith("// "), "a module begins with what it is for"
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\()", modules[name].body)
