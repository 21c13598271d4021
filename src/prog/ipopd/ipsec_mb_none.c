/* ipsec_mb_none.c - for machines that the library does not exist for: see ipsec_mb.h. */
#include "prog/ipopd/ipsec_mb.h"

#include "base/err.h"

int ipsec_mb_open(struct aead_functions *ret)
{
	(void)ret;
	return ERR_NOT_FOUND;
}
