"""What the columns of a work unit hold."""
