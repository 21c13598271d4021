/* page.h - a run as one HTML page, complete in itself: no script, nothing from elsewhere. */
#ifndef PROG_IPOP_SIM_PAGE_H
#define PROG_IPOP_SIM_PAGE_H

#include "prog/ipop-sim/course.h"

#include <stdio.h>

/* page.css, made by the build. */
extern const char page_style[];

void page_write(struct course *course, FILE *out);

#endif
