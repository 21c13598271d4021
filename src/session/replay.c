/* replay.c - see replay.h. A counter's bit stands in word (counter / 64) modulo the number of
 * words. The window touches at most one word more than it fills, and words are cleared as the
 * highest counter enters them, so no bit ever stands for two counters of one window. */
#include "session/replay.h"

#include "base/seccheck.h"

void replay_init(struct replay *replay)
{
	*replay = (struct replay){ 0 };
}

static uint64_t word_of(uint64_t counter)
{
	return counter / REPLAY_WORD_BITS;
}

static uint64_t bit_of(uint64_t counter)
{
	return UINT64_C(1) << counter % REPLAY_WORD_BITS;
}

bool replay_check(const struct replay *replay, uint64_t counter)
{
	if (counter >= replay->next)
		return SECCHECK(SEC_REPLAY_LAST, counter != UINT64_MAX); /* next would wrap */
	if (!SECCHECK(SEC_REPLAY_OLD, replay->next - counter <= REPLAY_WINDOW))
		return false;
	return SECCHECK(SEC_REPLAY_SEEN,
			(replay->words[word_of(counter) % REPLAY_WORDS] & bit_of(counter)) == 0);
}

/* Clears the words above the highest counter so far, up to that of `counter`. */
static void advance(struct replay *replay, uint64_t counter)
{
	const uint64_t last = word_of(counter);
	uint64_t word = word_of(replay->next) + (replay->next % REPLAY_WORD_BITS != 0);

	if (last >= REPLAY_WORDS && word <= last - REPLAY_WORDS)
		word = last - REPLAY_WORDS + 1; /* a jump: each word once is enough */
	for (; word <= last; word++)
		replay->words[word % REPLAY_WORDS] = 0;
	replay->next = counter + 1;
}

bool replay_update(struct replay *replay, uint64_t counter)
{
	if (!SECCHECK(SEC_REPLAY_UPDATE, replay_check(replay, counter)))
		return false;
	if (counter >= replay->next)
		advance(replay, counter);
	replay->words[word_of(counter) % REPLAY_WORDS] |= bit_of(counter);
	return true;
}
