/* memory.c - see memory.h. */
#include "io/memory.h"

#include "base/err.h"

#include <malloc.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define LOCKED (MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)

int memory_lock(void)
{
	const struct rlimit all = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	struct rlimit limit;

	(void)setrlimit(RLIMIT_MEMLOCK, &all); /* what came of it is looked at */
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY ||
	    mlockall(LOCKED) < 0)
		return ERR_PERMISSION;
	return 0;
}

/* Free pages inside the heap go by madvise(MADV_DONTNEED), which locked ones refuse (madvise(2)):
 * unlocked, only its end would ever go back. */
int memory_give_back(bool is_locked)
{
	if (is_locked)
		(void)munlockall(); /* cannot fail */
	(void)malloc_trim(0);       /* there may be nothing to give */
	return is_locked && mlockall(LOCKED) < 0 ? ERR_PERMISSION : 0;
}

uint64_t memory_given_out(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}
