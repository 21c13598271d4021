/* session_pair.h - of two established sessions of one pair of nodes: which one sends.
 *
 * Both ends must say the same, and they see different clocks, so nothing here asks when. What is
 * asked is what came before what, as each machine counts its own events:
 *
 *  - Dialled by the same side: the newer, for whoever dials again has a reason.
 *  - Dialled by both: if one was dialled when the other stood already at its initiator, it succeeds
 *    that one. The initiator knows and names it in M2; a responder that has not heard so, but had
 *    confirmed the other before this M0 came, deals with a peer that lost the other: same answer.
 *  - Otherwise they were opened at the same time, each unknown to the other side's dial: the one
 *    whose initiator drew the lower ephemeral key, which both ends know and nobody could aim at.
 *
 * Of more than two, the newest that one side dialled stands against the newest of the other's, and
 * whoever of these two sends makes all others receive: settled two by two, each of three could beat
 * another, and what sends would hang on the order in which an end saw them established.
 *
 * The third case is kept apart from the second by session_stand(): when a session comes to stand,
 * a dial of ours to the same peer that has not sent its M2 is dropped. So of two sessions dialled
 * by both sides that stand without the word in M2, each end had sent its M2 before it saw the
 * other's.
 */
#ifndef SESSION_SESSION_PAIR_H
#define SESSION_SESSION_PAIR_H

#include "session/session_internal.h"

/* True if `a` sends and `b` only receives from now on; both established, same peer. */
bool pair_prefers(const struct session *a, const struct session *b);

#endif
