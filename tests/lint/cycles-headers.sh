# cycles: include cycle: src/session/door.h -> src/session/door_internal.h -> src/session/door.h
sed -i '5i #include "session/door_internal.h"' src/session/door.h
