"""What all commands do alike: errors as one line, and the status they leave with."""

import os
import sys
import traceback

from avbaselines.errors import InputError

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def exit_status(work, *, debug, interrupted):
    """Do a command's work and say in one line what stopped it.

    Parameters
    ----------
    work : callable
        Returns 0 (done) or 1 (something failed, the rest is done).
    debug : bool
        Show where an error came from, too.
    interrupted : str
        What a person who interrupts it should know.

    Returns
    -------
    int
        What `work` says; 2 bad input, 130 interrupted.
    """
    try:
        status = work()
        sys.stdout.flush()
        return status
    except InputError as error:
        if debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        # The reader, such as `head`, has enough; what is still buffered goes nowhere, without a word at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        # A folder that is a file or may not be written, a full disk.
        if debug:
            traceback.print_exc()
        print(f"error: {error.filename or 'reading or writing'}: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print(f"interrupted; {interrupted}", file=sys.stderr)
        return INTERRUPTED
