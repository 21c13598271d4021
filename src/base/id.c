/* id.c - see id.h. */
#include "base/id.h"

#include "base/check.h"
#include "base/err.h"

#include <stddef.h>
#include <string.h>

#define BASE32_BITS 5
#define LOG_BITS 8 /* behind the point, of id_log2() */

bool id_equal(const struct id *a, const struct id *b)
{
	return memcmp(a->bytes, b->bytes, ID_BYTES) == 0;
}

bool id_prefix_equal(const struct id *a, const struct id *b)
{
	return memcmp(a->bytes, b->bytes, ID_PREFIX_BYTES) == 0;
}

bool id_is_zero(const struct id *id)
{
	static const struct id zero;

	return id_equal(id, &zero);
}

int id_compare(const struct id *a, const struct id *b)
{
	return memcmp(a->bytes, b->bytes, ID_BYTES);
}

struct id id_clockwise(const struct id *a, const struct id *b)
{
	struct id way;
	int borrow = 0;

	for (size_t i = ID_BYTES; i-- > 0;) {
		const int digit = b->bytes[i] - a->bytes[i] - borrow;

		way.bytes[i] = (uint8_t)(digit & 0xff);
		borrow = digit < 0;
	}
	return way;
}

struct id id_ahead(const struct id *from, const struct id *way)
{
	struct id there;
	unsigned carry = 0;

	for (size_t i = ID_BYTES; i-- > 0;) {
		const unsigned digit = (unsigned)from->bytes[i] + way->bytes[i] + carry;

		there.bytes[i] = (uint8_t)(digit & 0xff);
		carry = digit >> 8;
	}
	return there;
}

struct id id_distance(const struct id *a, const struct id *b)
{
	const struct id there = id_clockwise(a, b);
	const struct id back = id_clockwise(b, a);

	return id_compare(&there, &back) <= 0 ? there : back;
}

/* Bit number `bit` of the number, the lowest is 0. */
static unsigned bit_of(const struct id *id, unsigned bit)
{
	return ((unsigned)id->bytes[ID_BYTES - 1 - bit / 8] >> (bit % 8)) & 1U;
}

uint32_t id_log2(const struct id *way)
{
	unsigned top = ID_BITS;
	uint32_t log;

	while (top > 0 && bit_of(way, top - 1) == 0)
		top--;
	if (top == 0)
		return 0;
	log = top - 1;
	for (unsigned i = 0; i < LOG_BITS; i++) {
		const unsigned below = i + 2;

		log = log << 1 | (top >= below ? bit_of(way, top - below) : 0);
	}
	return log;
}

struct id id_exp2(uint32_t log)
{
	const unsigned top = log >> LOG_BITS;
	const uint32_t digits = ID_LOG_ONE + log % ID_LOG_ONE; /* LOG_BITS + 1 of them */
	struct id way = { { 0 } };

	CHECK(top < ID_BITS);
	for (unsigned i = 0; i <= LOG_BITS && i <= top; i++) {
		const unsigned bit = top - i;

		if ((digits >> (LOG_BITS - i) & 1U) != 0)
			way.bytes[ID_BYTES - 1 - bit / 8] |= (uint8_t)(1U << (bit % 8));
	}
	return way;
}

void id_to_text(const struct id *id, char ret[ID_TEXT_CHARS + 1])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

	for (size_t i = 0; i < ID_TEXT_CHARS; i++) {
		const size_t bit = i * BASE32_BITS;
		const size_t byte = bit / 8;
		const unsigned next = byte + 1 < ID_BYTES ? id->bytes[byte + 1] : 0U;
		const unsigned pair = ((unsigned)id->bytes[byte] << 8) | next;

		ret[i] = digits[(pair >> (16 - BASE32_BITS - bit % 8)) & 31];
	}
	ret[ID_TEXT_CHARS] = '\0';
}

/* The value of a base32 digit, or -1. */
static int digit_value(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

int id_from_text(const char *text, struct id *ret)
{
	struct id id = { { 0 } };

	if (strlen(text) != ID_TEXT_CHARS)
		return ERR_MALFORMED;
	for (size_t i = 0; i < ID_TEXT_CHARS; i++) {
		const int value = digit_value(text[i]);
		const size_t bit = i * BASE32_BITS;

		if (value < 0)
			return ERR_MALFORMED;
		for (size_t k = 0; k < BASE32_BITS; k++) {
			const unsigned one = ((unsigned)value >> (BASE32_BITS - 1 - k)) & 1U;

			id.bytes[(bit + k) / 8] |= (uint8_t)(one << (7 - (bit + k) % 8));
		}
	}
	*ret = id;
	return 0;
}
