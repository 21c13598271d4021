/* replay.c - see replay.h. */
#include "session/replay.h"

int replay_is_new(uint64_t last, uint64_t counter)
{
	return counter > last;
}
