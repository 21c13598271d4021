/* seed.c - see seed.h. */
#include "io/seed.h"

#include "base/check.h"
#include "base/err.h"

#include <errno.h>
#include <sys/random.h>

int seed_read(uint8_t *ret, size_t len)
{
	ssize_t got;

	CHECK(len <= SEED_BYTES_MAX);
	do {
		got = getrandom(ret, len, 0);
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)len ? 0 : ERR_IO;
}
