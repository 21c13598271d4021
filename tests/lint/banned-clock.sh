# banned: src/session/door.c:17: time(): time is an argument
printf 'long time(long *t);\nlong door_time(void);\nlong door_time(void)\n{\n\treturn time(0);\n}\n' >>src/session/door.c
sed -i '/^long time/d' src/session/door.c
sed -i '2i #include <time.h>' src/session/door.c
