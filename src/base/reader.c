/* reader.c - see reader.h. */
#include "base/reader.h"

bool reader_span(struct reader *r, size_t len, struct span *ret)
{
	if (len > r->rest.len)
		return false;
	*ret = span_of(r->rest.data, len);
	if (len > 0) /* the input may be {NULL, 0} */
		r->rest.data += len;
	r->rest.len -= len;
	return true;
}

/* Big-endian integer of `len` <= 8 bytes. */
static bool take_integer(struct reader *r, size_t len, uint64_t *ret)
{
	struct span bytes;
	uint64_t value = 0;

	if (!reader_span(r, len, &bytes))
		return false;
	for (size_t i = 0; i < len; i++)
		value = (value << 8) | bytes.data[i];
	*ret = value;
	return true;
}

bool reader_u8(struct reader *r, uint8_t *ret)
{
	uint64_t value;

	if (!take_integer(r, sizeof(*ret), &value))
		return false;
	*ret = (uint8_t)value;
	return true;
}

bool reader_u16(struct reader *r, uint16_t *ret)
{
	uint64_t value;

	if (!take_integer(r, sizeof(*ret), &value))
		return false;
	*ret = (uint16_t)value;
	return true;
}

bool reader_u32(struct reader *r, uint32_t *ret)
{
	uint64_t value;

	if (!take_integer(r, sizeof(*ret), &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

bool reader_u64(struct reader *r, uint64_t *ret)
{
	return take_integer(r, sizeof(*ret), ret);
}

bool reader_bytes(struct reader *r, uint8_t *ret, size_t len)
{
	struct span bytes;

	if (!reader_span(r, len, &bytes))
		return false;
	if (len > 0)
		memcpy(ret, bytes.data, len);
	return true;
}

bool reader_zero(struct reader *r, size_t len)
{
	struct reader ahead = *r;
	struct span bytes;

	if (!reader_span(&ahead, len, &bytes) || !span_is_zero(bytes))
		return false;
	*r = ahead;
	return true;
}

bool reader_end(const struct reader *r)
{
	return r->rest.len == 0;
}
