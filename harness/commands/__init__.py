"""What each command does; `harness.cli` only reads the command line. One file a command, imported when it is called."""
