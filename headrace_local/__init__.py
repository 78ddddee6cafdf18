"""The laptop runtime: the emulated account, its Athena, and the deployment to it. Never shipped to AWS."""
