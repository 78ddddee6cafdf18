"""What Headrace knows, free of I/O, clock, environment and AWS."""
