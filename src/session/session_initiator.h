/* session_initiator.h - the side that dials: M0, its answers, M2. Private to session/. */
#ifndef SESSION_SESSION_INITIATOR_H
#define SESSION_SESSION_INITIATOR_H

#include "session/session_internal.h"

/* See sessions_dial(). */
int initiator_dial(struct sessions *s, struct now now, const struct target *target,
		   const struct carrier *carrier, struct handle *ret);

/* See sessions_redirect(). */
void initiator_redirect(struct sessions *s, struct session *session, struct now now,
			const struct carrier *carrier);

/* M0 is to be sent once more: perhaps with the network secret of another epoch. */
void initiator_change_epoch(struct sessions *s, struct session *session, struct now now);

/* Messages to us as initiator: 0, or why they were dropped. */
int initiator_m1(struct sessions *s, struct now now, const struct carrier *carrier,
		 struct span bytes);
int initiator_cookie(struct sessions *s, struct now now, const struct carrier *carrier,
		     struct span bytes);
int initiator_version(struct sessions *s, struct now now, const struct carrier *carrier,
		      struct span bytes);

/* Policy allowed the peer: our identity may go out. */
void initiator_allowed(struct sessions *s, struct session *session, struct now now);

/* The first packet under the keys of the handshake came. */
void initiator_confirmed(struct sessions *s, struct session *session, struct now now);

/* Writes M0 as it is to be sent now. */
void initiator_encode_m0(const struct sessions *s, const struct session *session, struct writer *w);

#endif
