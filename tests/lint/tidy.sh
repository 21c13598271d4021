# tidy: readability-else-after-return
printf '\nint door_sign(int x);\n\nint door_sign(int x)\n{\n\tif (x > 0)\n\t\treturn 1;\n\telse\n\t\treturn 0;\n}\n' >>src/session/door.c
