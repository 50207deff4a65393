"""Results to tables, figures, comparisons and verdicts; what the notebooks begin with."""
