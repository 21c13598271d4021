/* watch_internal.h - what the files of watch share. */
#ifndef PROG_IPOP_SIM_WATCH_INTERNAL_H
#define PROG_IPOP_SIM_WATCH_INTERNAL_H

#include "prog/ipop-sim/watch.h"

#include "ring/ring.h"

/* The play that is watched, or NULL. */
struct play *watched_play(void);

/* The member whose machine runs, or NULL: between steps, or if nothing is watched. */
const struct member *watched_member(void);

enum plant watched_plant(void);

/* watch_hostile.c, watch_known.c and watch_plant.c begin anew. */
void hostile_begin(const struct play *play);
void known_begin(const struct play *play);
void plant_begin(const struct play *play);

/* True if the planted bug has this member overlook that one. */
bool plant_overlooks(const struct member *self, const struct id *other);

/* True if the planted bug has this frame leave in clear. */
bool plant_discloses(uint8_t kind);

#endif
