/* session_rekey.h - new keys inside a standing session: Noise NNpsk0, chained by the psk that the
 * handshake or the rekey before exported. Private to session/.
 *
 *     initiator   IDLE --due, or wanted--> SENT --REKEY_ACK--> ASKING --allowed--> IDLE: new keys
 *                 send, at once an empty packet
 *     responder   IDLE --REKEY--> ASKING --allowed--> IDLE: REKEY_ACK leaves; the new keys send
 * from the first packet on that comes under them
 *
 * Only the session's initiator starts, so two cannot cross; the responder asks with REKEY_WANTED
 * when the initiator is late. REKEY is repeated each second until it is answered, its answer as
 * often as REKEY comes. Each side judges the peer's certificate by the calendar again, and asks
 * policy again, before new keys come into force; who is refused is cut off.
 */
#ifndef SESSION_SESSION_REKEY_H
#define SESSION_SESSION_REKEY_H

#include "session/session_internal.h"

/* Each: 0, or why the frame was dropped. */
int rekey_request(struct sessions *s, struct session *session, struct now now, struct span payload);
int rekey_ack(struct sessions *s, struct session *session, struct now now, struct span payload);
int rekey_wanted(struct session *session, struct span payload);

/* Policy allowed the peer to stay. */
void rekey_allowed(struct sessions *s, struct session *session, struct now now);

/* A packet was opened under that set. */
void rekey_confirmed(struct session *session, struct key_set *set);

void rekey_tick(struct sessions *s, struct session *session, struct now now);
struct mono rekey_deadline(const struct session *session);

/* Ends what is under way, for good, and wipes. */
void rekey_end(struct sessions *s, struct session *session, struct now now);

#endif
