/* complaint.c - see complaint.h. */
#include "group/complaint.h"

#include <stdarg.h>
#include <stdio.h>

int complain(struct complaint *complaint, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(complaint->text, sizeof(complaint->text), format, arguments); /* cut */
	va_end(arguments);
	for (char *c = complaint->text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return err;
}
