/* hook_peers.c - see hook_peers.h. */
#include "prog/ipopd/hook_peers.h"

#include "base/err.h"
#include "node/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(HOOK_PEERS_MAX >= NODE_PEERS_MAX, "each that a node knows has a place");

struct hook_peer_entry {
	struct hook_peer peer;
	bool told;       /* what was told of it: that it is there */
	uint64_t change; /* when it became another; 0: free */
};

static bool is_to_tell(const struct hook_peer_entry *entry)
{
	return entry->change != 0 && entry->told != entry->peer.is_there;
}

/* It is not there, and nobody believes that it is. */
static void drop_if_done(struct hook_peer_entry *entry)
{
	if (!entry->told && !entry->peer.is_there)
		*entry = (struct hook_peer_entry){ 0 };
}

void hook_peers_free(struct hook_peers *peers)
{
	free(peers->entries);
	*peers = (struct hook_peers){ 0 };
}

/* Its entry, or a free one, or NULL. */
static struct hook_peer_entry *find(struct hook_peers *peers, const struct id *id)
{
	struct hook_peer_entry *room = NULL;

	for (size_t i = 0; i < HOOK_PEERS_MAX; i++) {
		struct hook_peer_entry *const entry = &peers->entries[i];

		if (entry->change != 0 && id_equal(&entry->peer.id, id))
			return entry;
		if (entry->change == 0 && room == NULL)
			room = entry;
	}
	return room;
}

static int take(struct hook_peers *peers, const struct hook_peer *peer)
{
	struct hook_peer_entry *entry;

	if (peers->entries == NULL)
		peers->entries = calloc(HOOK_PEERS_MAX, sizeof(*peers->entries));
	if (peers->entries == NULL)
		return ERR_NOMEM;
	entry = find(peers, &peer->id);
	if (entry == NULL && !peer->is_there)
		return 0; /* as they believe */
	if (entry == NULL)
		return ERR_FULL;
	if (entry->change == 0 || entry->peer.is_there != peer->is_there)
		entry->change = ++peers->changes;
	entry->peer = *peer;
	drop_if_done(entry);
	return 0;
}

int hook_peers_take(struct hook_peers *peers, const struct hook_peer *peer)
{
	const int err = take(peers, peer);

	if (err < 0)
		peers->is_behind = true;
	return err;
}

bool hook_peers_can_catch_up(const struct hook_peers *peers)
{
	if (!peers->is_behind || peers->entries == NULL)
		return peers->is_behind;
	for (size_t i = 0; i < HOOK_PEERS_MAX; i++)
		if (peers->entries[i].change == 0)
			return true;
	return false;
}

void hook_peers_all_gone(struct hook_peers *peers)
{
	peers->is_behind = false; /* the next one tells of all */
	for (size_t i = 0; peers->entries != NULL && i < HOOK_PEERS_MAX; i++) {
		struct hook_peer_entry *const entry = &peers->entries[i];

		if (entry->change == 0 || !entry->peer.is_there)
			continue;
		entry->peer.is_there = false;
		entry->change = ++peers->changes;
		drop_if_done(entry);
	}
}

static struct hook_peer_entry *longest(const struct hook_peers *peers)
{
	struct hook_peer_entry *best = NULL;

	for (size_t i = 0; peers->entries != NULL && i < HOOK_PEERS_MAX; i++) {
		struct hook_peer_entry *const entry = &peers->entries[i];

		if (is_to_tell(entry) && (best == NULL || entry->change < best->change))
			best = entry;
	}
	return best;
}

bool hook_peers_next(struct hook_peers *peers, struct hook_peer *ret)
{
	struct hook_peer_entry *const entry = longest(peers);

	if (entry == NULL)
		return false;
	*ret = entry->peer;
	entry->told = entry->peer.is_there;
	drop_if_done(entry);
	return true;
}

bool hook_peers_are_waiting(const struct hook_peers *peers)
{
	return longest(peers) != NULL;
}
