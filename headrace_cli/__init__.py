"""The operator's command: the same on the laptop and on AWS."""
