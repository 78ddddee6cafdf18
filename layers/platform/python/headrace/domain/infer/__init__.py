"""Guessing a contract from samples: what values show, what that suggests, and the YAML that says so."""
