"""Where a run's weights begin: the table of published weights, and one file for each loader."""
