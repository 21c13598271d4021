/* writer.c - see writer.h. */
#include "base/writer.h"

uint8_t *writer_reserve(struct writer *w, size_t len)
{
	if (w->overflow || len > w->capacity - w->len) {
		w->overflow = true;
		return NULL;
	}
	uint8_t *room = w->data == NULL ? NULL : w->data + w->len; /* {NULL, 0} is a buffer too */

	w->len += len;
	return room;
}

/* Big-endian integer of `len` <= 8 bytes. */
static void put_integer(struct writer *w, uint64_t value, size_t len)
{
	uint8_t *room = writer_reserve(w, len);

	for (size_t i = 0; room != NULL && i < len; i++)
		room[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

void writer_u8(struct writer *w, uint8_t value)
{
	put_integer(w, value, sizeof(value));
}

void writer_u16(struct writer *w, uint16_t value)
{
	put_integer(w, value, sizeof(value));
}

void writer_u32(struct writer *w, uint32_t value)
{
	put_integer(w, value, sizeof(value));
}

void writer_u64(struct writer *w, uint64_t value)
{
	put_integer(w, value, sizeof(value));
}

void writer_bytes(struct writer *w, const uint8_t *bytes, size_t len)
{
	uint8_t *room = writer_reserve(w, len);

	if (room != NULL && len > 0)
		memcpy(room, bytes, len);
}

void writer_span_of(struct writer *w, struct span bytes)
{
	writer_bytes(w, bytes.data, bytes.len);
}

void writer_zero(struct writer *w, size_t len)
{
	uint8_t *room = writer_reserve(w, len);

	if (room != NULL && len > 0)
		memset(room, 0, len);
}
