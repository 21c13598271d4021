/* replay.h - the one header of session/ that forward/ may include. */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdint.h>

int replay_is_new(uint64_t last, uint64_t counter);

#endif
