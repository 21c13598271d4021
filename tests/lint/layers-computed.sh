# layers: src/base/tally.c:3: an include is written #include "..." or #include <...>
sed -i '2i #define HEADER "session/door.h"\n#include HEADER' src/base/tally.c
