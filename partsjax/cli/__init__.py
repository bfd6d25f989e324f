"""The commands: flags, the process they run in, the terminal, and a module each."""
