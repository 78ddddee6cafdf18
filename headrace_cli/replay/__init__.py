"""`headrace replay`: what has landed before, refined again under the contract in force or another."""
