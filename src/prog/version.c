/* version.c - see version.h; src/prog/meson.build gives the values. */
#include "prog/version.h"

const char *version_text(void)
{
	return IPOP_VERSION;
}

struct wall version_built(void)
{
	return wall_from_s(IPOP_BUILT_S);
}
