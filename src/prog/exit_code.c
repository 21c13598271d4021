/* exit_code.c - see exit_code.h. */
#include "prog/exit_code.h"

#include "base/err.h"

enum exit_code exit_code_of(int err)
{
	switch (err) {
	case 0:
		return EXIT_OK;
	case ERR_TIMEOUT:
		return EXIT_NO_REPLY;
	case ERR_PERMISSION:
	case ERR_DENIED:
		return EXIT_DENIED;
	case ERR_CERTIFICATE:
	case ERR_EXPIRED:
	case ERR_NOT_YET:
	case ERR_FOREIGN:
	case ERR_REVOKED:
		return EXIT_CERTIFICATE;
	default:
		return EXIT_FAILED;
	}
}
