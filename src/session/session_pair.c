/* session_pair.c - see session_pair.h. */
#include "session/session_pair.h"

static bool is_named(const struct run_claims *claims, const struct session *session)
{
	for (size_t at = 0; at < claims->succeeds_len; at += HANDSHAKE_NAME_BYTES) {
		if (memcmp(claims->succeeds + at, session->initiator_ephemeral,
			   HANDSHAKE_NAME_BYTES) == 0)
			return true;
	}
	return false;
}

/* The newer of two that different sides dialled: was it dialled in spite of the older one? */
static bool succeeds(const struct session *newer, const struct session *older)
{
	if (newer->initiator)
		return older->stood < newer->began;
	return is_named(&newer->peer.claims, older) || older->established < newer->began;
}

bool pair_prefers(const struct session *a, const struct session *b)
{
	const struct session *newer = a->began > b->began ? a : b;
	const struct session *older = newer == a ? b : a;

	if (a->initiator == b->initiator && is_named(&older->peer.claims, newer))
		return older == a; /* its M0 was late */
	if (a->initiator == b->initiator || succeeds(newer, older))
		return newer == a;
	return memcmp(a->initiator_ephemeral, b->initiator_ephemeral, NOISE_KEY_BYTES) < 0;
}
