/* hex.h - bytes of tests and vectors written as text. */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include "base/check.h"
#include "base/span.h"

static inline uint8_t hex_digit(char c)
{
	CHECK((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Decodes lower-case digits into `ret`, which holds `size` bytes; lends the bytes written. */
static inline struct span hex_bytes(const char *text, uint8_t *ret, size_t size)
{
	const size_t len = strlen(text) / 2;

	CHECK(strlen(text) % 2 == 0 && len <= size);
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	return span_of(ret, len);
}

#endif
