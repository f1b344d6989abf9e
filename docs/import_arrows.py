"""Which files of a package import which, read from their source; nothing is run."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Arrow:
    """One file imports another; `deferred` where the import stands in a function."""

    importer: str
    imported: str
    line: int
    deferred: bool

    def __str__(self) -> str:
        return f"avbaselines/{self.importer}.py:{self.line} imports {self.imported}"


def files(package: Path) -> dict[str, ast.Module]:
    """The modules of the package, parsed, by their path without the ending."""
    paths = sorted(package.rglob("*.py"))
    return {path.relative_to(package).with_suffix("").as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def arrows(modules: dict[str, ast.Module], importers: Iterable[str] | None = None) -> list[Arrow]:
    """Every import of one file of the package by another, those in functions and those by name included.

    Only those by `importers`, where some are named. A name is a text such as ``"avbaselines.estimators.fusion"``
    outside docstrings: what `import_module` is given.
    """
    seen = {}
    for importer in modules if importers is None else importers:
        tree = modules[importer]
        top = {id(node) for node in tree.body}
        for node, name in imported_names(importer, tree, modules):
            imported = _file_of(name, modules)
            if isinstance(node, ast.Constant) and imported == "__init__":
                continue  # the beginning of a name, filled in elsewhere
            if imported and imported != importer:
                arrow = Arrow(importer, imported, node.lineno, id(node) not in top)
                first = seen.setdefault((importer, imported), arrow)
                if first.deferred and not arrow.deferred:
                    seen[importer, imported] = arrow
    return sorted(seen.values(), key=lambda arrow: (arrow.importer, arrow.imported))


def imported_names(importer: str, tree: ast.Module, modules: dict[str, ast.Module]) -> Iterator[tuple[ast.AST, str]]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                folder = ["avbaselines", *importer.split("/")[:-1]]
                base = ".".join([*folder[: len(folder) - node.level + 1], *([base] if base else [])])
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            if node.value.startswith("avbaselines.") and " " not in node.value:
                yield node, node.value


def _file_of(name: str, modules: dict[str, ast.Module]) -> str | None:
    """The file that a dotted name leads to: a module, else the folder it stands in."""
    root, *parts = name.split(".")
    if root != "avbaselines":
        return None
    parts = [part for part in parts if part]
    for depth in range(len(parts), -1, -1):
        path = "/".join(parts[:depth])
        for file in (path, f"{path}/__init__".removeprefix("/")):
            if file in modules:
                return file
    return None


def circles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of names that lead back to themselves (strongly connected components of more than one)."""
    ahead: dict[str, set[str]] = {}
    for start, end in edges:
        if start != end:
            ahead.setdefault(start, set()).add(end)
    reach = {start: reached(ahead, start) for start in ahead}
    rings = {frozenset(end for end in ends if start in reach.get(end, ())) for start, ends in reach.items()}
    return sorted(sorted(ring) for ring in rings if len(ring) > 1)


def reached(ahead: dict[str, set[str]], start: str) -> set[str]:
    """All that can be reached from a name by one arrow or more."""
    names: set[str] = set()
    waiting = list(ahead.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += ahead.get(name, ())
    return names
