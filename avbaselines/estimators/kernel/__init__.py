"""Support vector machines on shared Gram matrices, and landmarks for corpora too large for one."""
