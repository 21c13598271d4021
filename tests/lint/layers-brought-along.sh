# layers: src/forward/plane.c:4: session/replay.h brings along src/session/door.h
sed -i '5i #include "session/door.h"' src/session/replay.h
