/* door_internal.h - door.c and its parts share it: one module, so no cycle. */
#ifndef DOOR_INTERNAL_H
#define DOOR_INTERNAL_H

#include "session/door.h"

int door_key_fits(const struct door *door, int key);

#endif
