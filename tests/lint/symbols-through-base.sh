# symbols: src/base/tally.c:1: base may not refer to puts
printf '\nint puts(const char *text);\nint tally_say(void);\n\nint tally_say(void)\n{\n\treturn puts("x");\n}\n' >>src/base/tally.c
