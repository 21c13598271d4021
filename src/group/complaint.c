/* complaint.c - see complaint.h. */
#include "group/complaint.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define UTF8_MASK 0xc0 /* of a byte that is not the first of its character (RFC 3629, 3) */
#define UTF8_GOES_ON 0x80

int complain(struct complaint *complaint, int err, const char *format, ...)
{
	char *end = complaint->text;
	bool inside = false; /* a character of several bytes */
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(complaint->text, sizeof(complaint->text), format, arguments); /* cut */
	va_end(arguments);
	for (const char *c = complaint->text; *c != '\0'; c++) {
		const unsigned char byte = (unsigned char)*c;
		const bool goes_on = inside && (byte & UTF8_MASK) == UTF8_GOES_ON;

		inside = byte >= 0x80;
		if (byte >= ' ' && byte <= '~')
			*end++ = *c;
		else if (!goes_on)
			*end++ = '?';
	}
	*end = '\0';
	return err;
}
