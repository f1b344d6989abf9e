"""Whether a GPU can be used, found out before anything is fitted."""

import ctypes
import sys
from collections.abc import Callable, Sequence

from avbaselines.experiment.fitting.run_options import Device
from avbaselines.experiment.planning.learners import knows_device
from avbaselines.experiment.planning.system import BaseSystem, System

CPU: Device = "cpu"
CUDA: Device = "cuda"


def usable_device(
    device: Device, systems: Sequence[System], check: Callable[[], Sequence[str]] | None = None
) -> tuple[Device, str]:
    """The device that fits can use, and why it is not the one asked for.

    Parameters
    ----------
    device
        The one asked for.
    systems
        Those that will be fitted.
    check
        Gives reasons against CUDA, one a machine, empty texts where there is none; by default that of this machine.

    Returns
    -------
    device : {"cpu", "cuda"}
    reason : str
        Empty where it is the one asked for.

    Examples
    --------
    >>> usable_device("cuda", [BaseSystem(name="ridge-audio", learner="ridge")])[0]
    'cpu'
    """
    if device == CPU:
        return CPU, ""
    if not any(
        isinstance(system, BaseSystem) and uses_gpu(system) for system in systems
    ):
        return CPU, "no system here can use one: of the learners, xgboost and jointly grown trees do"
    reasons = [reason for reason in (check or (lambda: [why_no_gpu()]))() if reason]
    return (CPU, reasons[0]) if reasons else (CUDA, "")


def uses_gpu(system: BaseSystem) -> bool:
    """Whether a system grows trees that a GPU can grow.

    Examples
    --------
    >>> uses_gpu(BaseSystem(name="xgboost-ccc-audio", learner="xgboost-ccc"))
    True
    """
    return system.task == "joint" or knows_device(system.learner_key)


def why_no_gpu() -> str:
    """What stands against CUDA on this machine, or an empty text.

    Examples
    --------
    >>> isinstance(why_no_gpu(), str)
    True
    """
    import xgboost

    if not xgboost.build_info().get("USE_CUDA"):
        return "this XGBoost is built without CUDA; install xgboost instead of xgboost-cpu"
    gpus = _gpus()
    return "" if gpus else "the NVIDIA driver is not installed" if gpus is None else "the driver sees no GPU"


def _gpus() -> int | None:
    """Number of GPUs that the NVIDIA driver sees, None where there is no driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    count = ctypes.c_int(0)
    return count.value if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0
