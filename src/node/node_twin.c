/* node_twin.c - see node_twin.h. */
#include "node/node_internal.h"

#include "base/seccheck.h"

static bool is_twin(const struct policy_holder *holder, const struct certificate *certificate,
		    struct wall now)
{
	return !SECCHECK(SEC_TWIN_NONE,
			 !id_prefix_equal(&holder->id, &certificate->id) ||
				 id_equal(&holder->id, &certificate->id) ||
				 now.us > holder->not_after.us +
						  CERTIFICATE_SKEW_S * INT64_C(1000000));
}

/* Who we know by a certificate, connected or not, and is a twin of it; NULL if nobody is. */
static struct peer *find_twin(struct node *node, struct wall now,
			      const struct certificate *certificate, struct handle *ret)
{
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct peer *peer = pool_slot(&node->peers, i, ret);

		if (peer == NULL)
			continue;
		const struct policy_holder holder = { peer->id, peer->not_after };

		if (is_twin(&holder, certificate, now))
			return peer;
	}
	return NULL;
}

static void note(struct node *node, struct now now, struct handle handle, struct peer *peer)
{
	peer->why = TWINS_WHY;
	trace_move(&node->trace, &(struct trace_record){ .at = now.mono,
							 .machine = "peer",
							 .index = handle.index,
							 .from = peer_is_up(peer) ? "up" : "down",
							 .to = "down",
							 .why = TWINS_WHY });
}

/* So that users can see what became of it. */
static void note_new(struct node *node, struct now now, const struct certificate *certificate)
{
	struct handle handle;
	struct peer *peer = peer_get(node, &certificate->id, &handle);

	if (peer == NULL)
		return;
	memcpy(peer->name, certificate->name, sizeof(peer->name));
	peer->not_after = certificate->not_after;
	note(node, now, handle, peer);
}

void twins_meet(struct node *node, struct now now, const struct certificate *certificate)
{
	const struct policy_holder self = { node->certificate.id, node->certificate.not_after };
	const struct policy_holder holder = { certificate->id, certificate->not_after };
	struct handle handle;
	struct peer *twin = find_twin(node, now.wall, certificate, &handle);

	if (is_twin(&self, certificate, now.wall)) {
		policy_refuse_twins(node->policy, &self, &holder);
	} else if (twin != NULL) {
		const struct policy_holder other = { twin->id, twin->not_after };

		policy_refuse_twins(node->policy, &other, &holder);
		note(node, now, handle, twin);
		channel_end_all(node, now, handle, FRAME_CLOSE_DENIED, TWINS_WHY);
	} else {
		return;
	}
	note_new(node, now, certificate);
}
