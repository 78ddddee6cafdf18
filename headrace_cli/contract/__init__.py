"""The `headrace contract` commands: from sample files to a contract that is tried before it is in force."""
