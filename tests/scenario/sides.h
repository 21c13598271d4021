/* sides.h - where a machine can stand: in the open Internet, or behind a NAT of each kind. */
#ifndef SCENARIO_SIDES_H
#define SCENARIO_SIDES_H

#include "sim/natbox.h"

enum side_of { PUBLIC, FULL, RESTRICTED, PORT_RESTRICTED, LINUX, SYMMETRIC, SIDES };

struct side {
	const char *name;
	const struct natbox_kind *kind; /* NULL: no NAT */
};

static const struct side sides[SIDES] = {
	[PUBLIC] = { "public", NULL },
	[FULL] = { "full cone", &natbox_full_cone },
	[RESTRICTED] = { "address-restricted", &natbox_address_restricted },
	[PORT_RESTRICTED] = { "port-restricted", &natbox_port_restricted },
	[LINUX] = { "linux accept", &natbox_linux_accept },
	[SYMMETRIC] = { "symmetric", &natbox_symmetric },
};

#endif
