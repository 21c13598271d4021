# secchecks: src/session/replay.c:7: SEC_DOOR_KEY stands at src/session/door_key.c:7 already
sed -i 's/return counter > last/return SECCHECK(SEC_DOOR_KEY, counter > last)/' src/session/replay.c
sed -i '2i #include "base/seccheck.h"' src/session/replay.c
