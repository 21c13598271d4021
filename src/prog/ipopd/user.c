/* user.c - see user.h. */
#include "prog/ipopd/user.h"

#include "base/err.h"
#include "io/process.h"
#include "prog/ipopd/ipopd.h"

#include <unistd.h>

int user_find(uint32_t *ret_uid, uint32_t *ret_gid, bool *ret_shared, struct complaint *complaint)
{
	*ret_shared = false;
	*ret_uid = *ret_gid = PROCESS_UID_KEEP;
	if (geteuid() != 0 || process_find_user(IPOPD_USER, ret_uid, ret_gid) == 0)
		return 0;
	if (process_find_user(IPOPD_USER_FALLBACK, ret_uid, ret_gid) < 0)
		return complain(complaint, ERR_UNSUPPORTED,
				"there is neither a user " IPOPD_USER
				" nor a user " IPOPD_USER_FALLBACK
				" that the node could run as: `useradd --system " IPOPD_USER "`");
	*ret_shared = true;
	return 0;
}
