//! The command line: one file a subcommand; the only code that prints.
