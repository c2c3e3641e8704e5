"""Other values for some fields of a large immutable value, quickly."""

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

__all__ = ["changed"]

if TYPE_CHECKING:
    # The type checker knows this one: it checks the names and types of the changes.
    from dataclasses import replace as changed
else:

    def changed(value: object, **changes: object) -> object:
        """Return the same with other values: `dataclasses.replace` for a frozen one without slots.

        It costs what changes: nothing is read, checked or set field by field, and `__init__` is not called.
        """
        kind = type(value)
        unknown = changes.keys() - _names(kind)
        if unknown:
            raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        new = object.__new__(kind)
        vars(new).update(vars(value))
        vars(new).update(changes)
        return new

    @cache
    def _names(kind: type) -> frozenset[str]:
        return frozenset(each.name for each in fields(kind))
