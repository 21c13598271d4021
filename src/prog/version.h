/* version.h - which program this is, and from when. */
#ifndef PROG_VERSION_H
#define PROG_VERSION_H

#include "base/mono.h"

/* "0.1.0" */
const char *version_text(void);

/* The date of the source: a calendar that stands before it is wrong. */
struct wall version_built(void);

#endif
