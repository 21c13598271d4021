/* plane.c - see plane.h. */
#include "forward/plane.h"

#include "session/replay.h"

int plane_take(uint64_t last, uint64_t counter)
{
	return replay_is_new(last, counter);
}
