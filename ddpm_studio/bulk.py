"""Many samples, batch by batch, on the disk as they are made: what is killed at any moment goes on where it stopped.

Samples depend on their numbers and not on the batch, so a batch that does not fit into memory is halved and nothing is
lost. No more than one batch is in memory at any time, and none but a part of them while they are put together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ddpm_studio.bulk_store import Store
from ddpm_studio.device import ran_out_of_memory
from ddpm_studio.errors import UserError
from ddpm_studio.step import Step

Walk = Callable[[Sequence[int]], Iterator[Step]]
"""The reverse chains of the samples with these numbers, to their end."""


@dataclass(frozen=True)
class Made:
    """How far it is."""

    pictures: int  # made and safe on the disk
    count: int  # asked for
    batch: int  # pictures that are drawn at once: less than asked for, where that did not fit into memory
    under_way: float = 0.0  # of the next batch, in pictures
    written: int | None = None  # pictures put together, once all are made

    @property
    def finished(self) -> bool:
        """Whether the file is there."""
        return self.written == self.count


def generate(walk: Walk, steps: int, count: int, batch: int, store: Store) -> Iterator[Made]:
    """Draws samples 0..count − 1 that the store has not yet, and puts them together; tells after every reverse step.

    Args:
        walk: draws them; called for each batch.
        steps: how many reverse steps it takes.
        count: how many samples there shall be.
        batch: how many are drawn at once; halved where that does not fit into memory.
        store: where they are kept.

    Raises:
        UserError: not even one sample fits into memory, or the disk is full. What has been made is kept, and said.
    """
    done = store.done
    while done < count:
        numbers = range(done, min(done + batch, count))
        final: Step | None = None
        try:
            for taken, step in enumerate(walk(numbers), 1):
                final = step
                yield Made(done, count, batch, len(numbers) * taken / steps)
        except (MemoryError, RuntimeError) as error:
            if not ran_out_of_memory(error):
                raise
            if len(numbers) == 1:
                raise UserError(f"not even one picture fits into memory{store.kept(done)}") from error
            batch, final = len(numbers) // 2, None
        if final is not None:
            store.put(numbers, final.next.cpu().numpy())
            done = numbers.stop
        yield Made(done, count, batch)
    for written in store.assembled(count):
        yield Made(count, count, batch, written=written)
