/* uevent.h - what the kernel says of its devices, to everybody who listens (netlink(7),
 * NETLINK_KOBJECT_UEVENT). Of all that one line is of use here: a virtual machine has a new
 * generation id, so it is a copy of another, or resumed from a state that ran on before.
 *
 * Linux 6.8 began to say so; a later commit took it out again, so some kernels since say it and
 * some do not, and in a container that has a user namespace of its own none does.
 */
#ifndef IO_UEVENT_H
#define IO_UEVENT_H

#include "base/span.h"

/* Needs no privilege. 0 or ERR_IO. */
int uevent_open(int *ret_fd);

/* Reads all there is: true if the kernel told of a new generation. Where messages were lost this
 * may have been among them, and it is true as well. */
bool uevent_is_new_generation(int fd);

/* Whether a message, "ACTION@DEVICE" and lines of "NAME=VALUE", each ended by a zero, tells of one.
 */
bool uevent_tells_generation(struct span message);

#endif
