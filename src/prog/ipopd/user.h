/* user.h - as whom the node runs. */
#ifndef PROG_IPOPD_USER_H
#define PROG_IPOPD_USER_H

#include "group/complaint.h"

#include <stdbool.h>
#include <stdint.h>

/* A daemon of root has the node run as somebody who owns nothing: IPOPD_USER, or, where there is
 * none, one that other programs are, too (*ret_shared). Any other daemon's node is who the daemon
 * is (PROCESS_UID_KEEP). 0, or ERR_UNSUPPORTED with a complaint: there is neither. */
int user_find(uint32_t *ret_uid, uint32_t *ret_gid, bool *ret_shared, struct complaint *complaint);

#endif
