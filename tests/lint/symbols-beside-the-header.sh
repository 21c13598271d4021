# symbols: src/forward/plane.c:1: forward may not refer to door_open
printf '\nint door_open(void *door, int key);\nint plane_open(void);\n\nint plane_open(void)\n{\n\treturn door_open(0, 0);\n}\n' >>src/forward/plane.c
