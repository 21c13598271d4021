/* fuzz_replay.c - a script of counters against a window that remembers every one of them (F15).
 *
 * Oracle: a counter is taken if and only if it was not taken before and is no further below the
 * highest one taken than the window is wide; replay_check() says the same in advance, and changes
 * nothing.
 */
#include "base/check.h"
#include "session/replay.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define STEPS_MAX 256

/* All that were taken, in a list: no bits, no words, nothing that could be cleared too early. */
struct model {
	uint64_t taken[STEPS_MAX * 4];
	size_t count;
	uint64_t highest; /* with count > 0 */
};

static bool model_takes(const struct model *model, uint64_t counter)
{
	if (counter == UINT64_MAX)
		return false;
	if (model->count > 0 && counter < model->highest &&
	    model->highest - counter >= REPLAY_WINDOW)
		return false;
	for (size_t i = 0; i < model->count; i++) {
		if (model->taken[i] == counter)
			return false;
	}
	return true;
}

static void try_counter(struct replay *replay, struct model *model, uint64_t counter)
{
	const bool expected = model_takes(model, counter);
	const struct replay before = *replay;

	CHECK(replay_check(replay, counter) == expected);
	CHECK(memcmp(replay, &before, sizeof(before)) == 0);
	CHECK(replay_update(replay, counter) == expected);
	CHECK(expected || memcmp(replay, &before, sizeof(before)) == 0);
	if (!expected)
		return;
	if (model->count == 0 || counter > model->highest)
		model->highest = counter;
	model->taken[model->count++] = counter;
}

/* A counter near a place where something changes, or any at all. Subtractions may wrap: the result
 * is one more counter that has to be judged rightly. */
static uint64_t choose(struct script *script, const struct model *model)
{
	const uint8_t kind = script_u8(script) % 8;
	const uint64_t highest = model->count == 0 ? 0 : model->highest;
	const uint64_t near = script_u8(script);

	switch (kind) {
	case 0: /* the next ones */
		return highest + 1 + near % 4;
	case 1: /* a little ahead: into new words */
		return highest + 1 + near;
	case 2: /* ahead by about a window */
		return highest + REPLAY_WINDOW - 128 + near;
	case 3: /* late, by little */
		return highest - near;
	case 4: /* at the old edge */
		return highest - REPLAY_WINDOW - 127 + near;
	case 5: /* anywhere in the window */
		return highest - (near << 8 | script_u8(script)) % REPLAY_WINDOW;
	case 6: /* seen before, perhaps */
		return model->count == 0 ? near : model->taken[near % model->count];
	default: /* any: high numbers too, up to the last */
		return near >= 0xf0 ? UINT64_MAX - near % 16
				    : (uint64_t)script_u32(script) << near % 33;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model;
	struct script script = script_of(data, size);
	struct replay replay;

	replay_init(&replay);
	model.count = 0;
	for (unsigned steps = 0; steps < STEPS_MAX && script.left > 0; steps++) {
		const uint64_t counter = choose(&script, &model);

		/* runs of neighbours fill words */
		for (unsigned i = 0; i <= (counter % 8 == 0 ? 3 : 0); i++)
			try_counter(&replay, &model, counter + i);
	}
	return 0;
}
