"""What sample files hold, for a contract to be drafted from."""
