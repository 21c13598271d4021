/* plane.h - asks the replay window of session/. */
#ifndef PLANE_H
#define PLANE_H

#include <stdint.h>

int plane_take(uint64_t last, uint64_t counter);

#endif
