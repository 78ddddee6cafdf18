"""One module a contestant: `ready()` does what a process pays once, and gives the job itself."""
