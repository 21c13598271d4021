/* replay.h - which packet counters of one key were seen: a sliding window of 8,192 (RFC 6479).
 *
 * Two calls, since only an authenticated packet may move the window: replay_check() before opening
 * spares the work, replay_update() after opening decides. Whoever owns the window holds its lock
 * around both, once for a batch.
 */
#ifndef SESSION_REPLAY_H
#define SESSION_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_WINDOW 8192 /* the highest counter and the 8,191 below it are judged one by one */
#define REPLAY_WORD_BITS 64
#define REPLAY_WORDS (REPLAY_WINDOW / REPLAY_WORD_BITS + 1) /* words are cleared whole */

struct replay {
	uint64_t next; /* one above the highest counter seen; 0: none yet */
	uint64_t words[REPLAY_WORDS];
};

void replay_init(struct replay *replay);

/* True if the counter is new, as far as can be told. UINT64_MAX never is: keys end long before. */
bool replay_check(const struct replay *replay, uint64_t counter);

/* Notes the counter of an authenticated packet: false if it was seen before or is too old. */
bool replay_update(struct replay *replay, uint64_t counter);

#endif
