"""What a training runs on: hardware, number format, memory, the commit of the code, and signals to end."""

import ctypes
import os
import platform
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

# What torch calls the number formats that `best_precision` names.
FORMATS = {"bf16": torch.bfloat16, "fp16": torch.float16, "no": torch.float32}
# Parameters of `mallopt`, from glibc's malloc.h.
TRIM_THRESHOLD, MMAP_MAX = -1, -4


def keep_memory() -> bool:
    """Have freed memory kept for the next tensors; returns whether it is. Without glibc, nothing is changed.

    Left alone, glibc maps every large tensor anew and gives it back when it goes, so that the kernel spends a
    good part of an evaluation on clearing pages. In turn a process stays as large as it once was.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 (only glibc has it, and only there are the parameters these)
        return all(libc.mallopt(*setting) for setting in ((MMAP_MAX, 0), (TRIM_THRESHOLD, -1)))
    except (AttributeError, OSError, TypeError):  # the last on Windows
        return False


def commit() -> str | None:
    """The git commit of the code; "+" marks uncommitted changes.

    Where there is no git or the code is in no checkout, it is what RESTORELIB_COMMIT says, else None.
    """

    def git(*words: str) -> str:
        command = ("git", "-C", Path(__file__).parent, *words)
        try:
            return subprocess.run(command, capture_output=True, text=True).stdout.strip()
        except OSError:  # not installed
            return ""

    if not (head := git("rev-parse", "HEAD")):
        return os.environ.get("RESTORELIB_COMMIT") or None
    return head + ("+" if git("status", "--porcelain", "--", ".") else "")


def hardware() -> str:
    """The processor or GPU a training runs on, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} thread{'s' if threads > 1 else ''}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def peak_memory_mb() -> int:
    """The most memory the training held: on the GPU, or of the whole process."""
    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 2**20)
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return round(int(line.split()[1]) / 2**10)
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)  # bytes on macOS


# How libraries say that there is no memory, apart from the errors of that name.
NO_MEMORY = (
    "out of memory",  # CUDA, HIP, XPU, MPS
    "can't allocate memory",  # torch on a CPU; "not enough memory" on Windows
    "not enough memory",
    "Cannot allocate memory",  # the system itself
    "could not create a primitive",  # oneDNN, whose primitives bring their own buffers
    "could not create a memory",
    "bad_alloc",
    "failed to map segment",  # the loader, of a library that is needed only now
    "ALLOC_FAILED",  # cuBLAS, cuDNN
    "CUDNN_STATUS_NOT_SUPPORTED",  # cuDNN where no algorithm fits
    "Unable to allocate",  # numpy, in errors that others wrap
)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, whoever says so."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError | OSError | ImportError) and any(
        words in said for words in NO_MEMORY
    )


def best_precision() -> str:
    """The fastest number format this device trains well in: "bf16", "fp16" or "no" (fp32)."""
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    # Without these instructions a CPU emulates bf16, which is slower than fp32.
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # older torch does not say
    return "bf16" if capabilities.get("avx512_bf16") else "no"


@contextmanager
def asked_to_stop() -> Iterator[list[str]]:
    """A list that receives the name of a signal to end, so that the loop can finish its update first."""
    asked: list[str] = []
    if threading.current_thread() is not threading.main_thread():  # Python handles signals only there
        yield asked
        return

    def note(number: int, _) -> None:
        asked.append({signal.SIGINT: "Ctrl-C"}.get(number, signal.Signals(number).name))

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is note:
                signal.signal(number, handler)
