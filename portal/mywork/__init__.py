"""My work: what waits for whom, gathered from every plugin, and handing it to somebody else."""
