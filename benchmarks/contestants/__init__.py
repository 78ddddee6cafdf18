"""One module a contestant: `prepare()` does what a process pays once, and gives the job itself."""
