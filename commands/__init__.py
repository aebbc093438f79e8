"""The commands of `portail` (cli.py assembles them): thin, they read arguments, call services and print."""
