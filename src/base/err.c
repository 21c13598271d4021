/* err.c - see err.h. */
#include "base/err.h"

const char *err_text(int err)
{
#define ERR_TEXT(name, value, text) \
	case value:                 \
		return text;
	switch (err) {
	case 0:
		return "no error";
		ERR_LIST(ERR_TEXT)
	default:
		return "unknown error";
	}
#undef ERR_TEXT
}

const char *err_name(int err)
{
#define ERR_NAME(name, value, text) \
	case value:                 \
		return #name;
	switch (err) {
	case 0:
		return "OK";
		ERR_LIST(ERR_NAME)
	default:
		return "ERR_UNKNOWN";
	}
#undef ERR_NAME
}
