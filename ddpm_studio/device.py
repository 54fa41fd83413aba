"""Where a network is trained: the devices, what is free on them, and what was measured to be fast on each."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ddpm_studio.errors import UserError
from ddpm_studio.training import Compile, Precision, Switch, Training


@dataclass(frozen=True)
class Device:
    """One place to compute."""

    name: str  # as torch and --device know it: cpu, cuda:0, mps
    title: str
    free: int  # bytes

    def __str__(self) -> str:
        return f"{self.name}: {self.free / 2**30:.1f} GiB free, {self.title}"


def names() -> tuple[str, ...]:
    """Every device there is, the fastest first. None of them is spoken to: a GPU gives memory to whoever does."""
    apple = ["mps"] if torch.backends.mps.is_available() else []
    return (*(f"cuda:{i}" for i in range(torch.cuda.device_count())), *apple, "cpu")


def devices() -> tuple[Device, ...]:
    """Every device there is, the fastest first, with what is free on it; a GPU takes a second to wake up."""
    return tuple(Device(name, _title(name), free_memory(torch.device(name))) for name in names())


def chosen(name: str) -> torch.device:
    """The device of that name; "auto" is the fastest one, "cuda" the first GPU. UserError: there is none such."""
    there = names()
    wanted = {"auto": there[0], "cuda": "cuda:0"}.get(name, name)
    if wanted not in there:
        raise UserError(f"there is no device {name!r}; there are {', '.join(map(str, devices()))}")
    return torch.device(wanted)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor, which is on the CPU, on the device.

    CUDA fetches it while the CPU goes on. So would MPS, but from memory that by then may hold something else: it keeps
    no hold of a tensor that is dropped meanwhile (pytorch/pytorch#189690).
    """
    return tensor.to(device, non_blocking=device.type == "cuda")


def free_memory(device: torch.device) -> int:
    """Bytes that can still be taken on the device."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    return _free_main_memory()


def used_memory(device: torch.device) -> int:
    """Bytes this process has taken at most so far: on the GPU, or, on a CPU, in all; 0 where it cannot be told."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if device.type == "mps":
        return torch.mps.current_allocated_memory()
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


@dataclass(frozen=True)
class Tuning:
    """How a device computes; `notes` says in one line each what was asked for and cannot be had."""

    precision: Precision
    channels_last: bool
    compile: Compile
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, training: Training, device: torch.device) -> "Tuning":
        """What is asked for; where that is `auto`, what was measured to be fast.

        On a CPU bfloat16 takes 10 to 20 times as long where there are no units for it, channels_last gains nothing in
        training (the backward pass of the group normalisation), and compiling takes minutes and gains nothing.
        """
        cuda = device.type == "cuda"
        notes: list[str] = []
        precision = training.precision
        if precision is Precision.AUTO:
            precision = _best_precision(cuda)
        elif precision is Precision.TF32 and not cuda:
            notes.append(f"{device.type} has no TF32; float32 is used")
            precision = Precision.FLOAT32
        elif precision is Precision.BF16 and cuda and not torch.cuda.is_bf16_supported():
            notes.append("this GPU has no bfloat16; float32 is used")
            precision = Precision.FLOAT32
        compiling = Compile.OFF if training.compile is Compile.AUTO else training.compile
        if compiling is Compile.GRAPHS and not cuda:
            notes.append(f"{device.type} has no CUDA graphs; the network is compiled only")
            compiling = Compile.ON
        last = cuda if training.channels_last is Switch.AUTO else training.channels_last is Switch.ON
        return cls(precision, last, compiling, tuple(notes))

    def apply(self, device: torch.device) -> None:
        """Tells torch, for the whole process: TF32 or not, and kernels that give the same numbers every time.

        On CUDA that is more than cuDNN's: the backward pass of fused attention adds up in any order unless told not to.
        """
        torch.set_float32_matmul_precision("high" if self.precision is Precision.TF32 else "highest")
        torch.backends.cudnn.allow_tf32 = self.precision is Precision.TF32
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        if device.type == "cuda":
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it, cuBLAS is refused
            torch.use_deterministic_algorithms(True)
            torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # it takes time

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """The context of the forward pass."""
        return torch.autocast(device.type, torch.bfloat16) if self.precision is Precision.BF16 else nullcontext()


@contextmanager
def explaining_memory(device: torch.device, micro: int, sample: Callable[[], int]) -> Iterator[None]:
    """Around work on `micro` samples at once that keep `sample()` bytes each: says what would fit if they do not.

    Raises:
        UserError: the device ran out of memory; names a micro-batch that would fit.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not ran_out_of_memory(error):
            raise
        fits = fitting(free_memory(device), micro, sample())
        remedy = (
            f"a micro-batch of {fits} would fit (--micro-batch {fits})"
            if fits
            else "take a smaller network or smaller pictures"
        )
        raise UserError(f"{device} has not enough memory for {micro} pictures at once; {remedy}") from error


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether that is what an exception of torch means, on whichever device; MPS has no class for it."""
    told = isinstance(error, torch.OutOfMemoryError | MemoryError)
    return told or any(words in str(error) for words in ("allocate memory", "out of memory"))


def fitting(free: int, micro: int, sample: int) -> int:
    """The largest power of two below `micro` samples of `sample` bytes that fits; 0 if none does."""
    room = min(micro - 1, int(0.8 * free / max(sample, 1)))  # a fifth for the kernels' own needs
    return 1 << (room.bit_length() - 1) if room > 0 else 0


def _best_precision(cuda: bool) -> Precision:
    if not cuda:
        return Precision.FLOAT32
    return Precision.BF16 if torch.cuda.is_bf16_supported(including_emulation=False) else Precision.FLOAT32


def _title(name: str) -> str:
    if name.startswith("cuda"):
        return str(torch.cuda.get_device_name(name))
    return "Apple GPU" if name == "mps" else f"{os.cpu_count()} cores"


def _free_main_memory() -> int:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    return 4 * 2**30  # what any machine that runs this can be expected to have
