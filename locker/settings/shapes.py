"""What keys of the configuration file are made of: names, sizes, paths, and how strict a table is."""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from locker.settings.values import usable_path, writable_on_displays

BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]

Item = TypeVar("Item")
Several = Annotated[tuple[Item, ...], Field(strict=False)]
File = Annotated[Path, Field(strict=False), AfterValidator(usable_path)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,7}$")]
Shown = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(writable_on_displays)]
Beeps = Annotated[str, Field(pattern=r"^(none|bell( bell){0,4})$")]
Millimetres = Annotated[int, Field(ge=1, le=3000)]
Seconds = Annotated[float, Field(gt=0, le=366 * 86_400, allow_inf_nan=False)]


class Table(BaseModel):
    """What all tables have in common: strict, closed, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
