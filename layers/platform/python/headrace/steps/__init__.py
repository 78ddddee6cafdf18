"""One module a step: its request, its reply and its function, which takes ports by keyword."""
