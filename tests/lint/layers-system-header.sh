# layers: src/session/door.c:2: session may not include <sys/socket.h>
sed -i '2i #include <sys/socket.h>' src/session/door.c
