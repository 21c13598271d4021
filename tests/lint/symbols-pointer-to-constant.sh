# symbols: src/base/tally.c:1: mutable global names
printf '\nstatic const char *names[] = { "a", "b" };\nconst char **tally_names(void);\nconst char **tally_names(void)\n{\n\treturn names;\n}\n' >>src/base/tally.c
