"""tallysheet: the weekly logistics report that says what is signal and what is noise."""
