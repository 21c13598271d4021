/* session_responder.h - the side that is dialled: M0 and M2. Private to session/.
 *
 * What an M0 meets, cheapest first; whatever refuses it ends it:
 *
 *     mac1       one MAC, before anything else is looked at (raw)
 *     form       every reserved and padding byte
 *     version    answered with VERSION; no state
 *     target     it is for us (carried; on raw UDP mac1 has said so)
 *     repeat     the M1 that was made for it goes out again
 *     cookie     from 128 half-open ones on, or when its source claims too much (raw)
 *     rate       20 a second from a proven source or a link, and its share of the table
 *     room       a random unproven one gives way
 *
 * Only then a key is drawn, a signature made, and a place of the table taken for 10 s.
 */
#ifndef SESSION_SESSION_RESPONDER_H
#define SESSION_SESSION_RESPONDER_H

#include "session/session_internal.h"

/* Each: 0, or why the message was dropped (also counted). */
int responder_m0(struct sessions *s, struct now now, const struct carrier *carrier,
		 struct span bytes);
int responder_m2(struct sessions *s, struct now now, const struct carrier *carrier,
		 struct span bytes);

/* Policy allowed the peer. */
void responder_allowed(struct sessions *s, struct session *session, struct now now);

/* Forgets a half-open handshake. */
void responder_drop(struct sessions *s, struct handle half_open);

#endif
