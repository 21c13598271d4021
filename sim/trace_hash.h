/* trace_hash.h - one number for a whole run: SipHash-2-4 (Aumasson and Bernstein 2012), streamed.
 *
 * Two runs of one seed must give the same number, whatever compiled them. Nobody attacks it, so 64
 * bits do, the key is the one of the published test vectors, and no crypto library is needed.
 */
#ifndef SIM_TRACE_HASH_H
#define SIM_TRACE_HASH_H

#include "base/span.h"

struct trace_hash {
	uint64_t v[4];
	uint64_t word; /* the bytes that do not fill a word yet, the first lowest */
	uint64_t len;  /* bytes taken so far */
};

void trace_hash_init(struct trace_hash *hash);
void trace_hash_bytes(struct trace_hash *hash, struct span bytes);

/* As its eight bytes, the lowest first. */
void trace_hash_u64(struct trace_hash *hash, uint64_t value);

/* The hash of what was taken so far; more may follow. */
uint64_t trace_hash_value(const struct trace_hash *hash);

#endif
