"""Read an energy table: strict YAML, everything wrong told at once with its line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from simulator.energy.table import Row, Table
from simulator.errors import InputError, UnitError, suggest
from simulator.units import parse_ratio

_TOP = ("name", "description", "rows")
_ROW = ("energy", "per", "node", "source", "assumed")
_SCALARS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def names() -> tuple[str, ...]:
    """Names of the tables that come with the package, sorted."""
    folder = files("simulator.energy")
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def load(name: str | Path) -> Table:
    """Load an energy table by the name of one that comes with the package, or by the path of a ``.yaml`` file.

    Raises
    ------
    InputError
        No such table, or it is not valid; the message says where and why, for all faults at once.
    """
    if str(name).endswith((".yaml", ".yml")):
        path = Path(name)
        try:
            return parse(path.read_text(encoding="utf-8"), str(path))
        except FileNotFoundError:
            raise InputError(f"energy table {path}: no such file (from {Path.cwd()})") from None
        except OSError as error:
            raise InputError(f"energy table {path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise InputError(f"energy table {path}: byte {error.start} is not UTF-8 text") from None
    if str(name) not in names():
        raise InputError(f"unknown energy table {str(name)!r}; {suggest(str(name), names())}")
    return _packaged(str(name))


@cache
def _packaged(name: str) -> Table:
    """A table that comes with the package: every machine's energy is priced with one."""
    file = f"{name}.yaml"
    return parse(files("simulator.energy").joinpath(file).read_text(encoding="utf-8"), file)


def parse(text: str, where: str) -> Table:
    """Turn the text of a table into a table; `where` names it in messages.

    Raises
    ------
    InputError
        See :func:`load`.
    """
    reader = _Reader(where)
    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise InputError(f"{where}: not valid YAML: {' '.join(str(error).split())}") from None
    table = reader.table(root)
    if reader.faults:
        raise InputError("\n".join(reader.faults))
    return table


class _Reader:
    """Walks the YAML nodes and collects what is wrong."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.faults: list[str] = []

    def table(self, root: yaml.Node | None) -> Table:
        top = self._mapping(root, "the file", _TOP)
        texts = {key: self._text(top.get(key), key, root) for key in ("name", "description")}
        if "rows" not in top:
            self._fault(root, "rows", "missing")
        rows = {
            action: self._row(action, node)
            for action, node in (self._mapping(top["rows"], "rows", None) if "rows" in top else {}).items()
        }
        if "rows" in top and not rows and not self.faults:
            self._fault(top["rows"], "rows", "must hold at least one action")
        return Table(texts["name"], texts["description"], rows)

    def _row(self, action: str, node: yaml.Node) -> Row:
        place = f"rows.{action}"
        fields = self._mapping(node, place, _ROW)
        if not fields:
            return Row(action, 0.0, "", "", "", False)
        per = self._text(fields.get("per"), f"{place}.per", node)
        technology = self._text(fields.get("node"), f"{place}.node", node)
        origins = [key for key in ("source", "assumed") if key in fields]
        if len(origins) != 1:
            has = " and ".join(origins) or "neither"
            self._fault(node, place, f"has {has}: must have exactly one of 'source', 'assumed'")
        origin = self._text(fields[origins[0]], f"{place}.{origins[0]}", node) if origins else ""
        energy = self._energy(fields.get("energy"), f"{place}.energy", node)
        return Row(action, energy, per, technology, origin, origins == ["assumed"])

    def _energy(self, node: yaml.Node | None, place: str, parent: yaml.Node) -> float:
        text = self._text(node, place, parent)
        if not text:
            return 0.0
        try:
            return float(parse_ratio(text, "pJ"))
        except UnitError as error:
            self._fault(node, place, str(error))
            return 0.0

    def _mapping(
        self, node: yaml.Node | None, place: str, known: tuple[str, ...] | None
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, place, "must be a mapping")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                self._fault(key, f"{place}: {name}", "given twice")
            elif known is not None and name not in known:
                self._fault(key, f"{place}: {name}", f"unknown key; {suggest(name, known)}")
            found[name] = value
        return found

    def _text(self, node: yaml.Node | None, place: str, parent: yaml.Node | None) -> str:
        if node is None:
            self._fault(parent, place, "missing")
        elif not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALARS or not node.value.strip():
            self._fault(node, place, "must be text that is not empty")
        else:
            return str(node.value)
        return ""

    def _fault(self, node: yaml.Node | None, place: str, rule: str) -> None:
        line = f":{node.start_mark.line + 1}:{node.start_mark.column + 1}" if node is not None else ""
        self.faults.append(f"{self.where}{line}: {place}: {rule}")
