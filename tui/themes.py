"""Two themes: one for the dark cabinet, one for daylight. Neither carries a meaning alone."""

from textual.theme import Theme

DARK, LIGHT = "automat-dark", "automat-light"

THEMES = (
    Theme(
        name=DARK,
        primary="#7fb4ff",
        secondary="#9aa7b4",
        accent="#ffd166",
        foreground="#f2f4f6",
        background="#0d1117",
        surface="#141b24",
        panel="#1d2733",
        success="#5fd38d",
        warning="#ffb454",
        error="#ff6b6b",
        dark=True,
    ),
    Theme(
        name=LIGHT,
        primary="#003f8a",
        secondary="#3f4a55",
        accent="#7a4b00",
        foreground="#000000",
        background="#ffffff",
        surface="#f3f4f6",
        panel="#e2e6ea",
        success="#00622b",
        warning="#7a4b00",
        error="#a30015",
        dark=False,
    ),
)
