"""A table whose cells change."""

from textual.app import App, ComposeResult

from tui.widgets.rows import Rows


class Table(App[None]):
    """Nothing but a table of two columns."""

    def compose(self) -> ComposeResult:
        yield Rows(id="rows")

    def on_mount(self) -> None:
        for name in ("box", "who"):
            self.query_one(Rows).add_column(name, key=name)


async def test_a_column_is_wide_enough_for_a_longer_cell_even_if_it_is_painted_at_once() -> None:
    app = Table()
    async with app.run_test() as pilot:
        rows = app.query_one(Rows)
        rows.put({"1": ("1", "")})
        await pilot.pause()
        rows.put({"1": ("1", "somebody with a long name")})
        rows.render_line(1)
        await pilot.pause()
        assert "somebody with a long name" in rows.render_line(1).text
