"""The network of a project's setup: hosts that the operator names, through a proxy of ours, and nothing else."""
