/* ecdsa.c - see ecdsa.h. */
#include "crypto/ecdsa.h"

#include "crypto/der.h"

#define NUMBER_BYTES 32

const uint8_t ecdsa_order[NUMBER_BYTES] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
	0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

const uint8_t ecdsa_half_order[NUMBER_BYTES] = {
	0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b,
	0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
};

struct numbers {
	uint8_t r[NUMBER_BYTES], s[NUMBER_BYTES]; /* big-endian */
};

static bool take_number(struct reader *r, uint8_t ret[NUMBER_BYTES])
{
	struct span bytes;

	if (!der_take_unsigned(r, &bytes) || bytes.len > NUMBER_BYTES || span_is_zero(bytes))
		return false;
	memset(ret, 0, NUMBER_BYTES);
	memcpy(ret + NUMBER_BYTES - bytes.len, bytes.data, bytes.len);
	return true;
}

static bool decode(struct span signature, struct numbers *ret)
{
	struct reader outer = reader_of(signature);
	struct span content;

	if (!der_take_tag(&outer, DER_SEQUENCE, &content) || !reader_end(&outer))
		return false;

	struct reader inner = reader_of(content);
	return take_number(&inner, ret->r) && take_number(&inner, ret->s) && reader_end(&inner);
}

static bool is_low(const uint8_t s[NUMBER_BYTES])
{
	return memcmp(s, ecdsa_half_order, NUMBER_BYTES) <= 0;
}

bool ecdsa_is_canonical(struct span signature)
{
	struct numbers numbers;

	return decode(signature, &numbers) && is_low(numbers.s);
}

void ecdsa_make_canonical(uint8_t *signature, size_t *len)
{
	uint8_t buffer[ECDSA_BYTES_MAX];
	struct writer content = writer_of(buffer, sizeof(buffer));
	struct writer w = writer_of(signature, ECDSA_BYTES_MAX);
	struct numbers numbers;
	int borrow = 0;

	if (!decode(span_of(signature, *len), &numbers) || is_low(numbers.s) ||
	    memcmp(numbers.s, ecdsa_order, NUMBER_BYTES) >= 0)
		return;
	for (size_t i = NUMBER_BYTES; i-- > 0;) { /* s = n - s */
		const int digit = ecdsa_order[i] - numbers.s[i] - borrow;

		numbers.s[i] = (uint8_t)(digit & 0xff);
		borrow = digit < 0;
	}
	der_put_unsigned(&content, span_of(numbers.r, NUMBER_BYTES));
	der_put_unsigned(&content, span_of(numbers.s, NUMBER_BYTES));
	der_put_writer(&w, DER_SEQUENCE, &content);
	*len = w.len;
}
