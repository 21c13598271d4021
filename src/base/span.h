/* span.h - bytes that belong to somebody else: a pointer and a length that travel together. */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *data; /* borrowed; NULL only if len is 0 */
	size_t len;
};

static inline struct span span_of(const void *data, size_t len)
{
	return (struct span){ .data = data, .len = len };
}

static inline struct span span_text(const char *text)
{
	return span_of(text, strlen(text));
}

/* Not for secrets: memcmp tells by its time where the first difference is. */
static inline bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool span_is_zero(struct span s)
{
	uint8_t any = 0;

	for (size_t i = 0; i < s.len; i++)
		any |= s.data[i];
	return any == 0;
}

#endif
