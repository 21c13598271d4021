/* reader.h - the one way to take bytes apart: a cursor that never passes the end.
 *
 * Every call either takes what it promises and returns true, or takes nothing and returns false
 * with the outputs untouched, so decoders are chains of && in the order of the message. Integers
 * are in network order (big-endian).
 */
#ifndef READER_H
#define READER_H

#include "base/span.h"

struct reader {
	struct span rest; /* borrowed: what is not taken yet */
};

static inline struct reader reader_of(struct span bytes)
{
	return (struct reader){ .rest = bytes };
}

static inline size_t reader_left(const struct reader *r)
{
	return r->rest.len;
}

bool reader_u8(struct reader *r, uint8_t *ret);
bool reader_u16(struct reader *r, uint16_t *ret);
bool reader_u32(struct reader *r, uint32_t *ret);
bool reader_u64(struct reader *r, uint64_t *ret);

/* Copies `len` bytes out. */
bool reader_bytes(struct reader *r, uint8_t *ret, size_t len);

/* Lends the next `len` bytes; they live as long as the input does. */
bool reader_span(struct reader *r, size_t len, struct span *ret);

/* Takes `len` bytes that must all be zero. */
bool reader_zero(struct reader *r, size_t len);

/* True if nothing is left: a message with bytes behind its end is malformed. */
bool reader_end(const struct reader *r);

#endif
