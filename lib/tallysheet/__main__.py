"""``python -m tallysheet`` is the command ``tallysheet``."""

from tallysheet.cli import main

if __name__ == "__main__":
    main(prog_name="tallysheet")
