/* tun.h - the virtual interface: packets of this host's programs in and out (tun(4)).
 *
 * The interface lives as long as somebody holds the descriptor, whichever process that is; the
 * packets are raw IP, one a read, one a write.
 */
#ifndef IO_TUN_H
#define IO_TUN_H

#include "forward/forward.h"

#define TUN_NAME_MAX 15 /* IFNAMSIZ less the final zero */

/* Makes the interface, which is down and has no address. 0, ERR_UNSUPPORTED (no /dev/net/tun
 * here), ERR_PERMISSION (needs CAP_NET_ADMIN), ERR_EXISTS (an interface has that name), ERR_IO. */
int tun_open(const char *name, int *ret_fd);

/* False once somebody has deleted the interface: the descriptor is of no use then. */
bool tun_is_attached(int fd);

/* Reads packets without waiting until none is left or `max` are there; requires that the batch can
 * hold them. Each packets[i].data has EGRESS_SLOT_BYTES of room. Sets count, and of each packet len
 * and verdict. 0, or ERR_IO: the interface is gone. */
int tun_read(int fd, size_t max, struct forward_batch *batch);

/* 0, or why the packet was dropped: ERR_AGAIN (the kernel has no room), ERR_MALFORMED (it does not
 * take it for an IP packet), ERR_IO (the interface is down or gone). */
int tun_write(int fd, struct span packet);

#endif
