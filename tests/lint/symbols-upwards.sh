# symbols: src/base/tally.c:1: base may not refer to door_open
printf '\nint door_open(void *door, int key);\nint tally_open(void);\n\nint tally_open(void)\n{\n\treturn door_open(0, 0);\n}\n' >>src/base/tally.c
