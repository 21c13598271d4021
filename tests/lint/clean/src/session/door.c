/* door.c - see door.h. */
#include "session/door.h"

#include "session/door_internal.h"

int door_open(struct door *door, int key)
{
	if (!door_key_fits(door, key))
		return -1;
	tally_add(&door->opened, 1);
	return 0;
}
