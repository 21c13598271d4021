/* writer.h - the one way to put a message together in a buffer of the caller's.
 *
 * A write that does not fit writes nothing and marks the writer; so an encoder writes all fields in
 * order and asks writer_ok() once, at its end. Integers are in network order (big-endian).
 */
#ifndef WRITER_H
#define WRITER_H

#include "base/span.h"

struct writer {
	uint8_t *data; /* borrowed */
	size_t capacity, len;
	bool overflow;
};

static inline struct writer writer_of(uint8_t *data, size_t capacity)
{
	return (struct writer){ .data = data, .capacity = capacity };
}

/* True if everything that was written stands in the buffer. */
static inline bool writer_ok(const struct writer *w)
{
	return !w->overflow;
}

/* What was written; borrowed from the buffer. */
static inline struct span writer_span(const struct writer *w)
{
	return span_of(w->data, w->len);
}

void writer_u8(struct writer *w, uint8_t value);
void writer_u16(struct writer *w, uint16_t value);
void writer_u32(struct writer *w, uint32_t value);
void writer_u64(struct writer *w, uint64_t value);
void writer_bytes(struct writer *w, const uint8_t *bytes, size_t len);
void writer_span_of(struct writer *w, struct span bytes);
void writer_zero(struct writer *w, size_t len);

/* Room for `len` bytes that the caller fills itself; NULL (and marked) if they do not fit. */
uint8_t *writer_reserve(struct writer *w, size_t len);

#endif
