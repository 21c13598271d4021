/* fuzz.h - what the fuzz targets share: the entry, and a script that is read out of the input.
 *
 * A target states what must hold with CHECK; beside crashes that is all a fuzzer can see. It keeps
 * nothing from one input to the next, so that each file of its corpus replays alone.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Tries one input; 0. libFuzzer calls it in the fuzz build, replay_main.c in the others. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a list of decisions; behind its end all of them are 0. */
struct script {
	const uint8_t *data; /* borrowed */
	size_t left;
};

static inline struct script script_of(const uint8_t *data, size_t size)
{
	return (struct script){ .data = data, .left = size };
}

static inline uint8_t script_u8(struct script *script)
{
	if (script->left == 0)
		return 0;
	script->left--;
	return *script->data++;
}

static inline uint32_t script_u32(struct script *script)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < sizeof(value); i++)
		value = value << 8 | script_u8(script);
	return value;
}

#endif
