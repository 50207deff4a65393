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
# `make torture` does effaug harm: it kills commands, fills disks, cuts and alters files, and starts two commands on one folder. Then it asks whether
# anything was lost, changed, or read as what it is not, and fails if anything was. What is counted here was withstood, by the code that the line below names.
# One count is one kill, one pair of commands, one fault of a disk, or one input. `make test` has a smaller part of each.

# %% tags=["parameters"]
fault = "all"

# %%
from IPython.display import Markdown

from effaug.report import withstood
from effaug.report.parameters import STORED, check_parameters

check_parameters(globals(), ("fault",))
Markdown(withstood.in_words(STORED))

# %%
withstood.totals(STORED, fault)

# %% [markdown]
# - **killed**: SIGKILL at a moment drawn with a seed: before a file is opened for writing, renamed, removed or synchronised, or after so many seconds. Started again,
#   the command ends with the same bytes as one that was left alone (but for seconds and times of day), and nothing half-written stays (empty locks do).
# - **two at once**: every two commands that touch files, started together on the same folders. Each ends well or with a sentence, and what is stored is what one after
#   the other would have stored.
# - **disk full**, **file size limited**, **read-only**: a file system of a few pages, a limit on every file's size, and a folder in which nothing may be written: a sentence
#   says so, what was stored before stays, and with room again the same command ends as if nothing had been. Curves are stored every few seconds: those since are computed again.
# - **edited by one digit**, **a bit flipped**: a digit of stored results, a bit of stored arrays: `effaug validate` and whatever reads that file refuse it by name
#   (`summary` and `compare` read no arrays). *Rerun it yourself* tells more of `validate`.
# - **broken input refused**: files cut at each field of their header, with the wrong magic number, dimensions that promise terabytes, pickled objects, archives that unpack to a
#   thousand times their size, paths that lead out of the folder: refused by name, before memory grows by 64 MiB, and nothing in them is run.
# - **fuzzed input**: files with bytes changed, cut and inserted at random: an array of the documented form, or a named error. A raw file of which only pixels changed has that form: a
#   download has checksums against that.

# %%
withstood.counts(STORED, fault)

# %% [markdown]
# ## What the suite found
#
# Each of these was mended, and has a test.
#
# - Under a limit on the size of files HDF5 ended the process with a segmentation fault, and on a full disk with a traceback. Weights are now built in memory and written
#   in one go.
# - New folders, a finished array's name and a checkpoint's weights were not synchronised: a power cut could have lost what was said to be stored.
# - Clearing the cache beside a featurisation ended the latter; of two downloads of the same data one could miss what the other had removed.
# - An archive of 509 bytes took a gigabyte of memory, one of 4 kB passed for 2 GB of images, and a flipped bit in an archive's directory hid an array.
# - Weights could lead out of their folder, and a JSON record could have a network of any size built.
# - Logistic regression stopped early on thousands of features: influence was off by up to 6 % at C = 10. It now reports how far from the minimum it stopped.
#
# ## What it does not withstand
#
# - Whoever alters a number *and* computes its digest anew: digests guard against damage, and an honest mistake, not against forgery. `effaug validate --recompute` does
#   the experiment again.
# - A disk that says a file is on it before it is. What is reported as stored was handed to `fsync`.
# - A task of which every file is removed: nothing says that it was there.
# - A network file system without locks: two processes must see each other's.
# - Features, labels or images that are wrong but look right.
