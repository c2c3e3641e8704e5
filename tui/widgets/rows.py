"""A table of rows by key, of which only the cells that changed are painted."""

from collections.abc import Mapping

from rich.cells import cell_len
from rich.markup import escape
from textual.widgets import DataTable

from tui.telling import plain


class Rows(DataTable[str]):
    """Rows that are put in as a whole, as often as one likes; the cursor stays on its row where it can."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Have no columns yet."""
        super().__init__(id=id, cursor_type="row", zebra_stripes=True)
        self._put: Mapping[str, tuple[str, ...]] = {}

    @property
    def keys(self) -> list[str]:
        """Every key, in the order of the rows."""
        return list(self._put)

    @property
    def chosen(self) -> str | None:
        """The key of the row that the cursor is on; None where there is none."""
        keys = self.keys
        return keys[self.cursor_row] if 0 <= self.cursor_row < len(keys) else None

    def choose(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        if key in self._put:
            self.move_cursor(row=self.keys.index(key))

    def put(self, rows: Mapping[str, tuple[str, ...]]) -> None:
        """Show these rows from now on."""
        before, self._put = self._put, rows
        if list(rows) != list(before):
            self._put_anew(rows, list(before))
            return
        for key, cells in rows.items():
            if cells == before[key]:
                continue
            for column, cell, shown in zip(list(self.columns.values()), cells, before[key], strict=True):
                if cell != shown:
                    # To measure a column costs as much as all of its rows: only where it has to grow.
                    grows = column.auto_width and cell_len(cell) > column.content_width
                    if grows:
                        # At once: a line painted before the column is measured is kept as it was painted.
                        column.content_width = cell_len(cell)
                    self.update_cell(key, column.key, _literally(cell), update_width=grows)

    def _put_anew(self, rows: Mapping[str, tuple[str, ...]], before: list[str]) -> None:
        chosen = before[self.cursor_row] if 0 <= self.cursor_row < len(before) else None
        self.clear()
        for key, cells in rows.items():
            self.add_row(*map(_literally, cells), key=key)
        if chosen is not None:
            self.choose(chosen)


def _literally(cell: str) -> str:
    """Return a cell as it is to be given to Textual, which would obey brackets in it."""
    return escape(plain(cell))
