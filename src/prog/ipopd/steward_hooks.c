/* steward_hooks.c - what the node tells of members, for programs of the owner's; see
 * steward_internal.h. */
#include "prog/ipopd/steward_internal.h"

#include <string.h>

void steward_take_peer(struct steward *s, const struct channel_message *message)
{
	struct hook_peer peer = { .id = message->peer.id,
				  .ipv6 = address_ipv6(&s->claims.network_id, &message->peer.id),
				  .is_there = message->peer.is_there };

	memcpy(peer.name, message->peer.name, sizeof(peer.name));
	hooks_peer(&s->hooks, &peer);
}

void steward_ask_for_peers(struct steward *s, struct mono now)
{
	const struct channel_message message = { .kind = CHANNEL_PEERS };

	if (s->state == STEWARD_READY && mono_reached(now, hooks_catch_up_deadline(&s->hooks)))
		hooks_asked(&s->hooks, now, channel_send(s->channel, &message) == 0);
}
