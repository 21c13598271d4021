/* door.h - opens for who has the key. */
#ifndef DOOR_H
#define DOOR_H

#include "base/tally.h"

struct door {
	struct tally opened;
	int key;
};

int door_open(struct door *door, int key);

#endif
