/* ring_picture.h - the overlay drawn: members on a circle by their ids, links as chords. */
#ifndef PROG_IPOP_SIM_RING_PICTURE_H
#define PROG_IPOP_SIM_RING_PICTURE_H

#include "sim/play.h"

#include <stdio.h>

void ring_picture(const struct play *play, FILE *out);

#endif
