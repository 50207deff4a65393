"""The paper's experiments: data sets, tasks, protocols, the runner, results and their provenance, training, timing."""
