/* answer.h - the lines that go out on a control connection (doc/control.md).
 *
 * They are appended to a text that grows up to a limit, piece by piece, since the node tells of its
 * peers one by one. Strings that come from peers pass through the JSON library, which escapes them.
 */
#ifndef PROG_IPOPD_ANSWER_H
#define PROG_IPOPD_ANSWER_H

#include "forward/egress.h"
#include "forward/forward.h"
#include "io/udp.h"
#include "node/node.h"

#define ANSWER_BYTES_MAX (1 << 20)

/* Text that waits to be written. */
struct answer {
	char *data; /* owned */
	size_t len, room;
	uint32_t peers; /* in the list that is being made */
	bool failed;    /* something did not fit, or there was no memory: not to be sent */
};

/* What a status tells besides what the node knows; borrowed for the call. */
struct answer_world {
	bool ready;
	uint16_t port;
	const struct forward_counters *forward;
	const struct egress_counters *egress;
	const struct udp_counters *udp;
};

/* Accepts a zeroed one; leaves one. */
void answer_free(struct answer *answer);

void answer_version(struct answer *answer);
void answer_status(struct answer *answer, struct now now, const struct node_status *status,
		   const struct answer_world *world);
void answer_pong(struct answer *answer, const struct node_peer *peer, uint64_t rtt_us, bool direct);
void answer_down(struct answer *answer);
void answer_error(struct answer *answer, int err, const char *text);

/* peers: begin, any number of peers, end. */
void answer_peers_begin(struct answer *answer);
void answer_peer(struct answer *answer, struct now now, const struct node_peer *peer);
void answer_peers_end(struct answer *answer);

#endif
