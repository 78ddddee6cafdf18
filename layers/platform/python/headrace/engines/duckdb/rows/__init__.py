"""What becomes of one row: casts, rules, masks, the reasons it goes to quarantine."""
