# cycles: include cycle: src/session/replay -> src/session/door -> src/session/replay
sed -i '2i #include "session/door.h"' src/session/replay.c
sed -i '2i #include "session/replay.h"' src/session/door.c
