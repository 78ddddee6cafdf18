"""Adapters to AWS, one module a service: the only room with boto3 and PyIceberg."""
