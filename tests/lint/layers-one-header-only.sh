# layers: src/forward/plane.c:4: forward may not include session/door.h
sed -i '4i #include "session/door.h"' src/forward/plane.c
