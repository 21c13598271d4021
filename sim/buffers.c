/* buffers.c - see buffers.h. Chunks are cut into buffers of one size and never returned before the
 * end: what a run needed once it will need again. */
#include "sim/buffers.h"

#include "base/check.h"

#include <stdlib.h>

#define CHUNK_BYTES 65536

static const uint16_t size_bytes[BUFFER_SIZES] = { 128, 512, 1536, BUFFER_BYTES_MAX };

void buffers_init(struct buffers *buffers)
{
	*buffers = (struct buffers){ 0 };
}

void buffers_free(struct buffers *buffers)
{
	for (size_t i = 0; i < buffers->chunk_count; i++)
		free(buffers->chunks[i]);
	free(buffers->chunks);
	*buffers = (struct buffers){ 0 };
}

static void *add_chunk(struct buffers *buffers)
{
	if (buffers->chunk_count == buffers->chunk_capacity) {
		const size_t capacity = 2 * buffers->chunk_capacity + 16;
		void **chunks = realloc(buffers->chunks, capacity * sizeof(chunks[0]));

		if (chunks == NULL)
			return NULL;
		buffers->chunks = chunks;
		buffers->chunk_capacity = capacity;
	}
	void *chunk = malloc(CHUNK_BYTES);

	if (chunk != NULL)
		buffers->chunks[buffers->chunk_count++] = chunk;
	return chunk;
}

/* Fills the empty free list of one size; leaves it empty without memory. */
static void refill(struct buffers *buffers, uint16_t size)
{
	const size_t stride = sizeof(struct buffer) + size_bytes[size];
	uint8_t *chunk = add_chunk(buffers);

	if (chunk == NULL)
		return;
	for (size_t at = 0; at + stride <= CHUNK_BYTES; at += stride) {
		struct buffer *buffer = (void *)(chunk + at);

		*buffer = (struct buffer){ .next_free = buffers->free[size], .size = size };
		buffers->free[size] = buffer;
	}
}

struct buffer *buffers_copy(struct buffers *buffers, struct span bytes)
{
	uint16_t size = 0;

	CHECK(bytes.len <= BUFFER_BYTES_MAX);
	while (bytes.len > size_bytes[size])
		size++;
	if (buffers->free[size] == NULL)
		refill(buffers, size);
	struct buffer *buffer = buffers->free[size];

	if (buffer == NULL)
		return NULL;
	buffers->free[size] = buffer->next_free;
	buffer->refs = 1;
	buffer->len = (uint16_t)bytes.len;
	if (bytes.len > 0)
		memcpy(buffer->bytes, bytes.data, bytes.len);
	return buffer;
}

struct buffer *buffer_share(struct buffer *buffer)
{
	CHECK(buffer->refs > 0);
	buffer->refs++;
	return buffer;
}

void buffers_drop(struct buffers *buffers, struct buffer *buffer)
{
	CHECK(buffer->refs > 0);
	if (--buffer->refs > 0)
		return;
	buffer->next_free = buffers->free[buffer->size];
	buffers->free[buffer->size] = buffer;
}
