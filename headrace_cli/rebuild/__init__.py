"""`headrace rebuild`: tables made anew from landing, compared, and swapped in."""
