/* play_internal.h - what the files of play know of each other. */
#ifndef SIM_PLAY_INTERNAL_H
#define SIM_PLAY_INTERNAL_H

#include "base/check.h"
#include "sim/play.h"

/* play_events.c: all that happens by the script. */
void events_set_up(struct play *play);
void events_tick(struct play *play);
/* No fault any more: see SCRIPT_CALM. */
void events_calm(struct play *play);
/* True if nothing will happen any more. */
bool events_are_over(const struct play *play);

/* play_measure.c: all that is looked at. */
void measure_tick(struct play *play);
void measure_begin(struct play *play);
/* True once the stretch is over and all messages have their fate. */
bool measure_is_over(struct play *play);
/* A pair between which messages must pass: both up, on one side, honest. False if none was found.
 */
bool measure_pair(struct play *play, uint32_t *ret_from, uint32_t *ret_to);

#endif
