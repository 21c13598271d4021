/* der.c - see der.h. */
#include "crypto/der.h"

#define LONG_FORM 0x80 /* of a length: the low bits say how many bytes of length follow */
#define TAG_NUMBER_MASK 0x1f

static bool take_length(struct reader *r, size_t *ret)
{
	uint8_t first, u8;
	uint16_t u16;

	if (!reader_u8(r, &first))
		return false;
	if (first < LONG_FORM) {
		*ret = first;
		return true;
	}
	if (first == (LONG_FORM | 1) && reader_u8(r, &u8) && u8 >= LONG_FORM) {
		*ret = u8;
		return true;
	}
	if (first == (LONG_FORM | 2) && reader_u16(r, &u16) && u16 > UINT8_MAX) {
		*ret = u16;
		return true;
	}
	return false;
}

bool der_take(struct reader *r, struct der_item *ret)
{
	struct reader rest = *r;
	struct span content;
	uint8_t tag;
	size_t len;

	if (!reader_u8(&rest, &tag) || (tag & TAG_NUMBER_MASK) == TAG_NUMBER_MASK ||
	    !take_length(&rest, &len) || !reader_span(&rest, len, &content))
		return false;
	*ret = (struct der_item){
		.tag = tag,
		.content = content,
		.whole = span_of(r->rest.data, reader_left(r) - reader_left(&rest)),
	};
	*r = rest;
	return true;
}

bool der_take_tag(struct reader *r, uint8_t tag, struct span *ret)
{
	struct reader rest = *r;
	struct der_item item;

	if (!der_take(&rest, &item) || item.tag != tag)
		return false;
	*ret = item.content;
	*r = rest;
	return true;
}

bool der_take_unsigned(struct reader *r, struct span *ret)
{
	struct reader rest = *r;
	struct span content;

	if (!der_take_tag(&rest, DER_INTEGER, &content) || content.len == 0 ||
	    content.data[0] > INT8_MAX)
		return false;
	if (content.len > 1 && content.data[0] == 0) {
		if (content.data[1] <= INT8_MAX)
			return false; /* the zero was not needed for the sign */
		content = span_of(content.data + 1, content.len - 1);
	}
	*ret = content;
	*r = rest;
	return true;
}

void der_put(struct writer *w, uint8_t tag, struct span content)
{
	writer_u8(w, tag);
	if (content.len < LONG_FORM) {
		writer_u8(w, (uint8_t)content.len);
	} else if (content.len <= UINT8_MAX) {
		writer_u8(w, LONG_FORM | 1);
		writer_u8(w, (uint8_t)content.len);
	} else if (content.len <= UINT16_MAX) {
		writer_u8(w, LONG_FORM | 2);
		writer_u16(w, (uint16_t)content.len);
	} else {
		w->overflow = true;
	}
	writer_span_of(w, content);
}

void der_put_writer(struct writer *w, uint8_t tag, const struct writer *content)
{
	der_put(w, tag, writer_span(content));
	if (!writer_ok(content))
		w->overflow = true;
}

void der_put_unsigned(struct writer *w, struct span bytes)
{
	uint8_t buffer[64];
	struct writer content = writer_of(buffer, sizeof(buffer));

	while (bytes.len > 1 && bytes.data[0] == 0)
		bytes = span_of(bytes.data + 1, bytes.len - 1);
	if (bytes.len == 0 || bytes.data[0] > INT8_MAX)
		writer_u8(&content, 0);
	writer_span_of(&content, bytes);
	der_put_writer(w, DER_INTEGER, &content);
}
