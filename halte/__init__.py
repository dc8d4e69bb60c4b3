"""The command line of an engineer: rebuild profiles from the lake, and find people who may be one."""
