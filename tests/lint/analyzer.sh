# analyzer: -Werror=analyzer-double-free
sed -i '2i #include <stdlib.h>' src/session/door.c
printf '\nvoid door_free(int *x, int y);\n\nvoid door_free(int *x, int y)\n{\n\tfree(x);\n\tif (y > 3)\n\t\tfree(x);\n}\n' >>src/session/door.c
