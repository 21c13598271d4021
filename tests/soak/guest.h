/* guest.h - a member that comes for a moment: the daemon's own node/ and forward/ on a real socket,
 * with one program, which asks the host for an echo through the tunnel.
 *
 *     COMING --the echo's answer--> STAYING --guest_leave()--> LEAVING --said goodbye--> GONE
 *     COMING --bytes of the host, and it is a QUITTER--> GONE, without a word
 *
 * An answer is the proof that a handshake is complete: at both ends the keys have opened something.
 */
#ifndef TESTS_SOAK_GUEST_H
#define TESTS_SOAK_GUEST_H

#include "node/node.h"
#include "wire/ip.h"

#define GUEST_M0_BYTES_MAX 1500

enum guest_state { GUEST_COMING, GUEST_STAYING, GUEST_LEAVING, GUEST_GONE };

struct guest; /* opaque */

struct guest_config {
	const struct node_config *node; /* copied; what it borrows outlives the guest */
	struct endpoint address;        /* it sends from here, from any port */
	struct ip_address host;         /* inside the network: who is asked */
	bool quits;                     /* a handshake that nobody completes */
};

/* Opens its socket and dials. 0, ERR_NOMEM, ERR_CRYPTO, ERR_IO. */
int guest_new(const struct guest_config *config, struct now now, struct guest **ret);

/* Without a word; accepts NULL. */
void guest_del(struct guest *guest);

int guest_fd(const struct guest *guest);

/* Takes what has come, and does what is due. */
void guest_turn(struct guest *guest, struct now now);
struct mono guest_deadline(const struct guest *guest);

/* Says goodbye in all sessions. */
void guest_leave(struct guest *guest, struct now now);

enum guest_state guest_state(const struct guest *guest);

/* The first bytes that it sent to the host: M0. */
struct span guest_m0(const struct guest *guest);

#endif
