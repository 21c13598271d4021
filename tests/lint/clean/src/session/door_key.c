/* door_key.c - see door_internal.h. */
#include "base/seccheck.h"
#include "session/door_internal.h"

int door_key_fits(const struct door *door, int key)
{
	return SECCHECK(SEC_DOOR_KEY, door->key == key);
}
