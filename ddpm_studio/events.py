"""A run told to TensorBoard too, where that package is installed: event files beside the metrics, and nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Writer(Protocol):
    """What is asked of torch.utils.tensorboard.SummaryWriter."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """One number."""
        ...

    def add_image(self, tag: str, img_tensor: NDArray[np.uint8], global_step: int, *, dataformats: str) -> None:
        """One picture."""
        ...

    def close(self) -> None:
        """Writes what is left."""
        ...


@dataclass(eq=False)
class Events:
    """Written to nowhere without a writer, and once writing has failed: the metrics say why it does."""

    writer: Writer | None

    @classmethod
    def beside(cls, folder: Path, step: int) -> "Events":
        """Events of a run that stands at `step`; what older event files tell of later steps is shown no more."""
        try:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an optional package, slow to import

            return cls(SummaryWriter(str(folder), purge_step=step + 1 if step else None, flush_secs=10))
        except Exception:  # not installed, or installed with parts that do not fit each other
            return cls(None)

    def tell(self, line: Mapping[str, object]) -> None:
        """One line of the metrics: every number in it, and the network's error at each noise level."""
        step = line["step"]
        assert isinstance(step, int)
        numbers = {name: value for name, value in line.items() if isinstance(value, int | float) and name != "step"}
        levels = line.get("levels")
        for level in levels if isinstance(levels, list) else ():
            numbers[f"error at log SNR/{level['log_snr']:.1f}"] = level["error"]
        with self._trying():
            for name, value in numbers.items():
                if self.writer is not None:
                    self.writer.add_scalar(name, value, step)

    def show(self, step: int, picture: NDArray[np.uint8]) -> None:
        """A preview, (H, W, C)."""
        with self._trying():
            if self.writer is not None:
                self.writer.add_image("preview", picture, step, dataformats="HWC")

    def close(self) -> None:
        """Writes what is left; may be repeated."""
        with self._trying():
            if self.writer is not None:
                self.writer.close()
        self.writer = None

    @contextmanager
    def _trying(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self.writer = None
