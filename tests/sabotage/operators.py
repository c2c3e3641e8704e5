"""Small changes of a module's source, one at a time: what a slip of the hand would do."""

import ast
import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
}
REMOVABLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one thing changed."""

    line: int
    what: str
    key: str
    """The line's own text and the change: it stays the same when the line moves."""
    reached_by: range
    """Lines of which one is run by every test that can notice it."""
    _whole: ast.Module
    _place: int
    _change: Callable[[ast.AST], None]

    def tree(self) -> ast.Module:
        """Make the changed module."""
        mutated = copy.deepcopy(self._whole)
        self._change(next(each for number, each in enumerate(ast.walk(mutated)) if number == self._place))
        return ast.fix_missing_locations(mutated)


def mutants(source: str) -> list[Mutant]:
    """Make every mutant of a module's functions."""
    tree = ast.parse(source)
    lines = source.splitlines()
    nodes = list(ast.walk(tree))
    functions = [each for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    executed = {n for each in functions for n in range(each.body[0].lineno, (each.end_lineno or 0) + 1)}
    statements = [each for each in nodes if isinstance(each, ast.stmt)]
    found: list[Mutant] = []
    numbered: dict[str, int] = {}
    for place, node in enumerate(nodes):
        line = getattr(node, "lineno", 0)
        if line not in executed:
            continue
        for what, change in _changes(node):
            key = f"{lines[line - 1].strip()} | {what}"
            numbered[key] = numbered.get(key, 0) + 1
            if numbered[key] > 1:
                key = f"{key} ({numbered[key]})"
            found.append(Mutant(line, what, key, _reached_by(statements, node), tree, place, change))
    return sorted(found, key=lambda mutant: mutant.line)


def _reached_by(statements: Iterable[ast.stmt], node: ast.AST) -> range:
    """Return the lines from the beginning of a node's statement to the node's end."""
    line = getattr(node, "lineno", 1)
    ends = getattr(node, "test", node)
    begins = max(each.lineno for each in statements if each.lineno <= line <= (each.end_lineno or 0))
    return range(begins, (getattr(ends, "end_lineno", None) or line) + 1)


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    """Give what can be changed at one node, in words and as what does it."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            yield f"{_name(operator)} becomes {_swap(operator)}", _swap_operator(index)
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in SWAPPED:
        yield f"{_name(node.op)} becomes {_swap(node.op)}", _swap_single
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} becomes {not node.value}", _negate_constant
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield f"{node.value} becomes {node.value + 1}", _increase
    elif isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.Constant):
        yield "the condition is always true", _make_test(value=True)
        yield "the condition is never true", _make_test(value=False)
    if isinstance(node, REMOVABLE) and not _is_docstring(node) and not _gives_a_name(node):
        yield f"left out: {ast.unparse(node).splitlines()[0][:70]}", _leave_out


def _gives_a_name(node: ast.AST) -> bool:
    """Tell whether later lines could not even run without this one."""
    return isinstance(node, ast.Assign) and not all(isinstance(each, ast.Attribute) for each in node.targets)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _name(operator: ast.AST) -> str:
    return type(operator).__name__


def _swap(operator: ast.AST) -> str:
    return SWAPPED[type(operator)].__name__


def _swap_operator(index: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Compare)
        swapped = SWAPPED[type(node.ops[index])]()
        assert isinstance(swapped, ast.cmpop)
        node.ops[index] = swapped

    return change


def _swap_single(node: ast.AST) -> None:
    assert isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign)
    node.op = SWAPPED[type(node.op)]()  # type: ignore[assignment]  # of the same kind as what it replaces


def _increase(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int | float)
    node.value += 1


def _negate_constant(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    node.value = not node.value


def _make_test(*, value: bool) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.If | ast.While | ast.IfExp)
        node.test = ast.Constant(value)

    return change


def _leave_out(node: ast.AST) -> None:
    """Turn a statement into one that does nothing."""
    line, column = node.lineno, node.col_offset  # type: ignore[attr-defined]  # a statement has both
    nothing = ast.Expr(ast.Constant(None), lineno=line, col_offset=column)
    node.__class__ = ast.Expr  # in its place among its neighbours
    node.__dict__.clear()
    node.__dict__.update(nothing.__dict__)
