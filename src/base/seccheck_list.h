/* seccheck_list.h - every predicate of seccheck.h: X(name, what is true when all is well).
 *
 * The mutation gate runs once for each line, and lint demands that each name is used in the code.
 */
#ifndef SECCHECK_LIST_H
#define SECCHECK_LIST_H

#define SECCHECK_LIST(X)                                                             \
	X(SEC_FRAME_PLACES, "the places that a frame states lie inside its payload") \
	X(SEC_REPLAY_LAST, "the counter is below the last of all")                   \
	X(SEC_REPLAY_OLD, "the counter is inside the replay window")                 \
	X(SEC_REPLAY_SEEN, "the counter was not seen")                               \
	X(SEC_REPLAY_UPDATE, "an opened packet's counter is still new")              \
	X(SEC_IP_NOT_MAPPED, "no IPv6 packet carries an IPv4 address that one table would mix up")

#endif
