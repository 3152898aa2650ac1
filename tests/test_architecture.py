"""The arrows of the architecture, read from the import statements."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain import errors

APP = Path(__file__).parents[1] / "app"

MAY_IMPORT = {
    "domain": set[str](),
    "ports": {"domain"},
    "platforms": {"domain"},
    "orderchamp": {"domain", "ports"},
    "store": {"domain", "ports"},
    "transport": {"domain", "ports"},
    "flows": {"domain", "ports", "platforms"},
    "api": {"domain", "ports", "flows", "logs"},
    "settings": set[str](),
    "logs": set[str](),
    "metrics": {"domain", "ports"},
    "composition": {"domain", "ports", "platforms", "orderchamp", "store", "transport", "flows", "settings", "metrics"},
    "main": {
        *(
            "domain",
            "ports",
            "platforms",
            "store",
            "flows",
            "api",
            "settings",
            "composition",
            "logs",
            "metrics",
            "serving",
        ),
    },
    "worker": {"domain", "ports", "store", "flows", "settings", "composition", "logs", "metrics", "serving"},
    "serving": set[str](),
    "cli": {"serving", "domain", "ports", "store", "flows", "settings", "composition", "worker", "main"},
    # Stand-ins for others share no code with the service, so that they cannot share its mistakes.
    "sandbox": set[str](),
    # The runner starts the service as anybody would: by its commands. Of its parts it knows the migrations alone.
    "local": {"store"},
    # Measuring needs the service from outside and, where a figure is about one part, that part alone.
    "bench": {
        *("domain", "ports", "platforms", "store", "flows", "settings", "composition", "worker", "serving", "local"),
    },
    # The proof believes nothing that the service says of itself: it starts it, breaks it, and looks from outside.
    "proof": {"local"},
}

PURE = ("domain", "platforms", "ports")
STANDARD_WITHOUT_IO = {
    "__future__", "abc", "base64", "binascii", "collections", "contextlib", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "hashlib", "hmac", "html", "http", "io", "itertools", "json", "math", "operator", "re", "string",
    "textwrap", "types", "typing", "unicodedata", "urllib", "uuid", "zipfile",
}  # fmt: skip
"""What pure packages may use of the standard library; ``urllib`` for its ``parse``, ``http`` for its names of statuses.

``io`` and ``zipfile`` for archives in memory.
"""
OTHERS_WITHOUT_IO = {"msgspec", "pydantic", "pydantic_core", "typing_extensions"}
IMPURE_PARTS = {"urllib.request", "http.client", "http.server", "http.cookiejar"}
IMPURE_CALLS = {
    "open",
    "input",
    "print",
    "now",
    "today",
    "utcnow",
    "uuid1",
    "uuid4",
    "time",
    "sleep",
    "token_bytes",
    "urandom",
}

READ_THE_ENVIRONMENT = {"settings", "cli", "local", "sandbox", "bench", "proof"}
SPEAK_HTTP = {"transport", "local", "sandbox", "bench", "proof"}
PRINT = {"app/cli.py", "app/sandbox/__main__.py"}
PRINTING_PACKAGES = {"local", "bench", "proof"}

MODULES = sorted(APP.rglob("*.py"))


def package_of(path: Path) -> str:
    """Return the part of the app that a module belongs to."""
    return path.relative_to(APP).parts[0].removesuffix(".py")


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imports(path: Path) -> Iterator[str]:
    """Every module that is imported, also inside functions; ``from a import b`` gives both a and a.b."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def called(node: ast.Call) -> str | None:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else None


def test_every_part_of_the_app_has_its_arrows() -> None:
    assert {package_of(path) for path in MODULES} - {"__init__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_imports_follow_the_arrows(part: str) -> None:
    allowed = MAY_IMPORT[part] | {part}
    wrong = [
        f"{path.relative_to(APP.parent)} imports {name}"
        for path in MODULES
        if package_of(path) == part
        for name in imports(path)
        if name.startswith("app.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("part", PURE)
def test_pure_packages_import_nothing_that_does_io(part: str) -> None:
    allowed = STANDARD_WITHOUT_IO | OTHERS_WITHOUT_IO | {"app"}
    wrong = [
        f"{path.relative_to(APP.parent)} imports {name}"
        for path in MODULES
        if package_of(path) == part
        for name in imports(path)
        if name.split(".")[0] not in allowed or name in IMPURE_PARTS
    ]
    assert wrong == []


@pytest.mark.parametrize("part", PURE)
def test_pure_packages_ask_neither_the_clock_nor_chance_nor_the_disk(part: str) -> None:
    wrong = [
        f"{path.relative_to(APP.parent)}:{node.lineno} calls {called(node)}"
        for path in MODULES
        if package_of(path) == part
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and called(node) in IMPURE_CALLS
    ]
    assert wrong == []


def test_adapters_send_no_key_to_an_address_that_an_answer_gave() -> None:
    """Answers of shops carry addresses, such as those of downloads. One that is called as it came is called bare."""
    requests = [
        (str(path.relative_to(APP.parent)), {keyword.arg: keyword.value for keyword in node.keywords})
        for path in MODULES
        if package_of(path) == "platforms"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and called(node) == "Request"
    ]
    as_it_came = [(path, given) for path, given in requests if isinstance(given["url"], ast.Name | ast.Subscript)]
    assert as_it_came
    assert [path for path, given in as_it_came if {"headers", "body"} & given.keys()] == []


def test_nobody_but_transport_speaks_http() -> None:
    speakers = {
        package_of(path) for path in MODULES for name in imports(path) if name.split(".")[0] in ("httpx", "httpcore")
    }
    assert speakers <= SPEAK_HTTP


def test_settings_alone_reads_the_environment() -> None:
    readers = {
        package_of(path)
        for path in MODULES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers <= READ_THE_ENVIRONMENT


def test_nobody_prints_but_the_command_lines() -> None:
    printers = {
        str(path.relative_to(APP.parent))
        for path in MODULES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {each for each in printers if each.split("/")[1] not in PRINTING_PACKAGES} <= PRINT


def test_except_exception_stands_only_in_the_loops() -> None:
    """Elsewhere an unknown exception is a bug that has to come up to one of them."""
    catchers = {
        str(path.relative_to(APP.parent))
        for path in MODULES
        if package_of(path) != "sandbox"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or "'Exception'" in ast.dump(node.type))
    }
    loops = {
        *("worker.py", "api/application.py", "api/webhooks.py"),
        *("flows/intake.py", "flows/directory.py", "flows/run_lane.py", "flows/project_events.py"),
    }
    assert catchers <= {f"app/{each}" for each in loops}


def test_the_error_tree_is_drawn_as_it_is() -> None:
    assert drawn(errors.IntegrationError) in inspect.cleandoc(errors.__doc__ or "")


def test_every_error_is_in_the_tree() -> None:
    named = set(re.findall(r"(?m)(?:── |^)([A-Z]\w+)$", errors.__doc__ or ""))
    classes = {
        name for name, each in vars(errors).items() if inspect.isclass(each) and each.__module__ == errors.__name__
    }
    assert named == classes


def drawn(top: type[Exception], indent: str = "") -> str:
    """Draw a class and what is below it, in the order of the source."""
    below = [each for each in top.__subclasses__() if each.__module__ == errors.__name__]
    lines = [top.__name__]
    for each in below:
        last = each is below[-1]
        deeper = indent + ("    " if last else "│   ")
        lines.append(f"{indent}{'└── ' if last else '├── '}{drawn(each, deeper)}")
    return "\n".join(lines)


def test_what_counts_as_standard_library_is() -> None:
    assert set(sys.stdlib_module_names) >= STANDARD_WITHOUT_IO
