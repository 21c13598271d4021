# symbols: src/session/door.c:1: session may not refer to getpid
printf '\nint getpid(void);\nint door_number(void);\n\nint door_number(void)\n{\n\treturn getpid();\n}\n' >>src/session/door.c
