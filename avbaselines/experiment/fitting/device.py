"""Whether a GPU can be used, found out before anything is fitted."""

import ctypes
import sys

from avbaselines.experiment.planning.system import BaseSystem

CPU, CUDA = "cpu", "cuda"


def usable_device(device, systems, check=None):
    """The device that fits can use, and why it is not the one asked for.

    Parameters
    ----------
    device : {"cpu", "cuda"}
    systems : list of System
    check : callable, optional
        Gives reasons against CUDA, one a machine, empty texts where there is none; by default that of this machine.

    Returns
    -------
    device : {"cpu", "cuda"}
    reason : str
        Empty where it is the one asked for.
    """
    if device == CPU:
        return CPU, ""
    if not any(
        isinstance(system, BaseSystem) and (system.learner == "xgboost" or system.task == "joint") for system in systems
    ):
        return CPU, "no system here can use one: of the learners, xgboost and jointly grown trees do"
    reasons = [reason for reason in (check or (lambda: [why_no_gpu()]))() if reason]
    return (CPU, reasons[0]) if reasons else (CUDA, "")


def why_no_gpu():
    """What stands against CUDA on this machine, or an empty text."""
    import xgboost

    if not xgboost.build_info().get("USE_CUDA"):
        return "this XGBoost is built without CUDA; install xgboost instead of xgboost-cpu"
    found = _gpus()
    return "" if found else "the NVIDIA driver is not installed" if found is None else "the driver sees no GPU"


def _gpus():
    """Number of GPUs that the NVIDIA driver sees, None where there is no driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    count = ctypes.c_int(0)
    return count.value if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0
