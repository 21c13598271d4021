/* buffers.h - the bytes of datagrams in flight: counted references, a few sizes, kept for reuse.
 *
 * A run makes millions of datagrams; after the first few seconds none of them costs a malloc. The
 * number of datagrams in flight is the net's limit, so memory is bounded by it.
 */
#ifndef SIM_BUFFERS_H
#define SIM_BUFFERS_H

#include "base/span.h"

#define BUFFER_BYTES_MAX 9216 /* a jumbo frame; our own datagrams stay below 1,500 */
#define BUFFER_SIZES 4

struct buffer {
	struct buffer *next_free; /* while it is free */
	uint32_t refs;            /* 0 while it is free */
	uint16_t len;
	uint16_t size; /* which list it returns to */
	uint8_t bytes[];
};

struct buffers {
	struct buffer *free[BUFFER_SIZES]; /* owned through `chunks` */
	void **chunks;                     /* owned */
	size_t chunk_count, chunk_capacity;
};

void buffers_init(struct buffers *buffers);

/* Ends every buffer, also those with references. */
void buffers_free(struct buffers *buffers);

/* A copy of the bytes with one reference, or NULL without memory. Requires bytes.len <=
 * BUFFER_BYTES_MAX. */
struct buffer *buffers_copy(struct buffers *buffers, struct span bytes);

/* One more reference to the same bytes. */
struct buffer *buffer_share(struct buffer *buffer);

/* Gives up one reference. */
void buffers_drop(struct buffers *buffers, struct buffer *buffer);

static inline struct span buffer_span(const struct buffer *buffer)
{
	return span_of(buffer->bytes, buffer->len);
}

#endif
