"""Engines that render and run a plan."""
