# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What it withstands
#
# `make torture` does effaug harm: it kills commands, fills disks, cuts and alters files, and starts two commands on one folder. Then it asks whether anything stored was lost, changed, or
# misread, and fails if anything was. What is counted here was withstood. `make test` has a smaller part of each.

# %% tags=["parameters", "hide-input"]
fault = "all"

# %% tags=["hide-input"]
from IPython.display import Markdown

from effaug.report import study_tables, withstood
from effaug.report.parameters import STORED, check_parameters

check_parameters(globals(), ("fault",))
Markdown(withstood.in_words(STORED))

# %%
study_tables.faults(STORED, fault)

# %% [markdown]
# - **killed**: SIGKILL at a moment drawn with a seed: before a file is opened for writing, renamed, removed or synchronised, or after so many seconds. Started again, the command ends with the same
#   bytes as one that was left alone (but for seconds and days), and nothing half-written stays, except empty locks.
# - **two at once**: every two commands that touch files, started together on the same folders. Each ends well or with a sentence. What is stored is what one after the other would have stored.
# - **disk full**, **file size limited**, **read-only**: a sentence names the fault, and what was stored before stays. With room again, the same command ends as if nothing had happened. Curves are
#   stored every few seconds; those since are computed again.
# - **edited by one digit**, **a bit flipped**: `effaug validate` and whatever reads that file refuse it by name. (`summary` and `compare` read no arrays.)
# - **broken input refused**: files cut at each field of their header, with the wrong magic number, with dimensions that promise terabytes, pickled objects, archives that unpack to a thousand times
#   their size, paths that lead out of the folder. All are refused by name before memory grows by 64 MiB, and nothing in them is run.
# - **fuzzed input**: files with bytes changed, cut and inserted at random. Each gives an array of the documented form or a named error. A raw file of which only pixels changed has that form; a
#   download's checksum guards against that.

# %%
study_tables.targets(STORED, fault)

# %% [markdown]
# ## What the suite found
#
# Each of these was mended, and has a test.
#
# - Under a limit on the size of files HDF5 ended the process with a segmentation fault, and on a full disk with a traceback. Weights are now built in memory and written in one go.
# - New folders, a finished array's name and a checkpoint's weights were not synchronised, so a power cut could have lost what was reported as stored.
# - Clearing the cache ended a featurisation beside it. Of two downloads of the same data one could miss what the other had removed.
# - An archive of 509 bytes took a gigabyte of memory, one of 4 kB passed for 2 GB of images, and a flipped bit in an archive's directory hid an array.
# - Weights could lead out of their folder, and a JSON record could have a network of any size built.
# - Logistic regression stopped early on thousands of features, and influence was off by up to 6 % at C = 10. It now reports how far from the minimum it stopped.
#
# ## What it does not withstand
#
# - Someone who alters a number *and* its digest. Digests guard against damage and honest mistakes. `effaug validate --recompute` does the experiment again.
# - A disk that reports a file as written before it is. What is reported as stored was handed to `fsync`.
# - A task of which every file is removed: nothing says that it was there.
# - A network file system without locks: two processes must see each other's.
# - Features, labels or images that are wrong but look right.
