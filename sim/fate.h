/* fate.h - what can happen to a datagram between two machines: the words of traces and counters.
 *
 * Every datagram that was sent, and every copy that the network made, arrives or is dropped for
 * exactly one reason: sent + duplicated = arrived + dropped + still in flight.
 */
#ifndef SIM_FATE_H
#define SIM_FATE_H

/* What happens on the way, then what ends it. */
#define FATE_LIST(X)                                               \
	X(FATE_SENT, "send")                                       \
	X(FATE_DUPLICATED, "duplicate")                            \
	X(FATE_REORDERED, "reorder")                               \
	X(FATE_CORRUPTED, "corrupt")                               \
	X(FATE_TRANSLATED, "translate")                            \
	X(FATE_ARRIVED, "arrive")                                  \
	X(FATE_LOST, "drop: lost")                                 \
	X(FATE_CUT, "drop: the way is cut")                        \
	X(FATE_TOO_BIG, "drop: above the MTU")                     \
	X(FATE_QUEUE_FULL, "drop: the queue is full")              \
	X(FATE_TTL_EXPIRED, "drop: TTL expired")                   \
	X(FATE_NO_ROUTE, "drop: nobody has this address")          \
	X(FATE_NAT_UNMAPPED, "drop: the NAT has no mapping")       \
	X(FATE_NAT_FILTERED, "drop: the NAT filters this sender")  \
	X(FATE_NAT_FULL, "drop: the NAT has no port or no memory") \
	X(FATE_TAPPED, "drop: taken by the tap")                   \
	X(FATE_HOST_DOWN, "drop: nothing runs on the host")        \
	X(FATE_NET_FULL, "drop: too many datagrams in flight")

#define FATE_FIRST_END FATE_ARRIVED /* this and all below end a datagram's way */
#define FATE_FIRST_DROP FATE_LOST   /* this and all below are drops */

#define FATE_ENUM(name, text) name,
enum fate { FATE_LIST(FATE_ENUM) FATES };
#undef FATE_ENUM

#endif
