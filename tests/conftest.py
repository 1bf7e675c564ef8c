"""One thread for torch and BLAS, as in the workflow's jobs: the workers of pytest share the cores."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
