/* lookout.c - see lookout.h. */
#include "prog/ipopd/lookout.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

/* A peer as it was. */
struct sight {
	struct id id;
	char name[CERTIFICATE_NAME_MAX + 1];
	enum node_peer_state state;
	enum way_kind way;
	struct endpoint remote;
	char relay[CERTIFICATE_NAME_MAX + 1];
	bool is_used;
	bool is_lost;  /* by who is told: it comes once more */
	uint32_t look; /* the last one that it was in */
};

struct lookout {
	struct sight sights[NODE_PEERS_MAX];
	size_t next;  /* rows come in one order: where this one stood the time before */
	size_t ended; /* of sights: how far lookout_end() has come */
	uint32_t look;
	struct mono due;
	bool has_picture;
	bool has_status;
	uint8_t nat;
	bool settled;
};

struct lookout *lookout_new(enum lookout_first first)
{
	struct lookout *const lookout = calloc(1, sizeof(*lookout));

	if (lookout != NULL)
		lookout->has_picture = first == LOOKOUT_ALL;
	return lookout;
}

void lookout_del(struct lookout *lookout)
{
	free(lookout);
}

const char *happening_name(enum happening_kind kind)
{
	static const char *const names[HAPPENING_KINDS] = {
		[HAPPENING_PEER_UP] = "peer-up",
		[HAPPENING_PEER_STALE] = "peer-stale",
		[HAPPENING_PEER_DOWN] = "peer-down",
		[HAPPENING_WAY] = "way",
		[HAPPENING_NAT] = "nat",
		[HAPPENING_PLACE] = "place",
		[HAPPENING_HOST] = "host",
		[HAPPENING_COPIED] = "copied",
		[HAPPENING_CERTIFICATE] = "certificate",
		[HAPPENING_LOST] = "lost",
	};

	CHECK(kind < HAPPENING_KINDS);
	return names[kind];
}

void lookout_hint(struct lookout *lookout, struct mono now)
{
	lookout->due = mono_min(lookout->due, mono_add_ms(now, LOOKOUT_SOON_MS));
}

struct mono lookout_deadline(const struct lookout *lookout)
{
	return lookout->due;
}

void lookout_begin(struct lookout *lookout, struct mono now)
{
	lookout->due = mono_add_ms(now, LOOKOUT_MS);
	lookout->look++;
	lookout->next = 0;
	lookout->ended = 0;
}

/* Where the peer was seen, or is from now on; NULL: there is no room. */
static struct sight *find(struct lookout *lookout, const struct id *id, bool *ret_is_new)
{
	struct sight *room = NULL;

	*ret_is_new = false;
	for (size_t n = 0; n < NODE_PEERS_MAX; n++) {
		const size_t i = (lookout->next + n) % NODE_PEERS_MAX;
		struct sight *const sight = &lookout->sights[i];

		if (sight->is_used && id_equal(&sight->id, id)) {
			lookout->next = i + 1;
			return sight;
		}
		if (!sight->is_used && room == NULL)
			room = sight;
	}
	if (room == NULL)
		return NULL;
	*room = (struct sight){ .id = *id, .is_used = true, .state = NODE_PEER_GONE };
	*ret_is_new = true;
	return room;
}

static bool is_there(enum node_peer_state state)
{
	return state == NODE_PEER_UP || state == NODE_PEER_STALE;
}

static bool is_same_way(const struct sight *sight, const struct node_peer *peer)
{
	return sight->way == peer->way &&
	       (peer->way != WAY_DIRECT || endpoint_equal(&sight->remote, &peer->remote)) &&
	       (peer->way != WAY_RELAY || strcmp(sight->relay, peer->relay) == 0);
}

static struct happening of_sight(const struct sight *sight, enum happening_kind kind,
				 const char *why)
{
	struct happening happening = { .kind = kind,
				       .has_peer = true,
				       .id = sight->id,
				       .way = sight->way,
				       .remote = sight->remote,
				       .why = why == NULL ? "" : why };

	memcpy(happening.name, sight->name, sizeof(happening.name));
	memcpy(happening.relay, sight->relay, sizeof(happening.relay));
	return happening;
}

bool lookout_peer(struct lookout *lookout, const struct node_peer *peer, struct happening *ret)
{
	bool is_new;
	struct sight *const sight = find(lookout, &peer->id, &is_new);
	enum happening_kind kind = HAPPENING_KINDS;

	if (sight == NULL)
		return false;
	if (is_there(peer->state) && sight->is_lost)
		kind = HAPPENING_PEER_UP;
	else if (is_there(peer->state) != is_there(sight->state))
		kind = is_there(peer->state) ? HAPPENING_PEER_UP : HAPPENING_PEER_DOWN;
	else if (peer->state == NODE_PEER_STALE && sight->state == NODE_PEER_UP)
		kind = HAPPENING_PEER_STALE;
	else if (is_there(peer->state) && !is_same_way(sight, peer))
		kind = HAPPENING_WAY;
	sight->is_lost = false;
	sight->look = lookout->look;
	sight->state = peer->state;
	sight->way = peer->way;
	sight->remote = peer->remote;
	memcpy(sight->relay, peer->relay, sizeof(sight->relay));
	memcpy(sight->name, peer->name, sizeof(sight->name));
	if (kind == HAPPENING_KINDS || !lookout->has_picture)
		return false;
	*ret = of_sight(sight, kind, peer->why);
	return true;
}

bool lookout_end(struct lookout *lookout, struct happening *ret)
{
	while (lookout->ended < NODE_PEERS_MAX) {
		struct sight *const sight = &lookout->sights[lookout->ended++];

		if (!sight->is_used || sight->look == lookout->look)
			continue;
		sight->is_used = false;
		if (!is_there(sight->state))
			continue;
		*ret = of_sight(sight, HAPPENING_PEER_DOWN, "");
		ret->way = WAY_NONE;
		return true;
	}
	lookout->has_picture = true;
	return false;
}

void lookout_untell(struct lookout *lookout, const struct happening *happening)
{
	bool is_new;
	struct sight *const sight = find(lookout, &happening->id, &is_new);

	if (sight == NULL)
		return;
	sight->look = lookout->look;
	sight->state = happening->kind == HAPPENING_PEER_UP ? NODE_PEER_GONE : NODE_PEER_UP;
	memcpy(sight->name, happening->name, sizeof(sight->name));
}

void lookout_tell_again(struct lookout *lookout)
{
	for (size_t i = 0; i < NODE_PEERS_MAX; i++)
		lookout->sights[i].is_lost = lookout->sights[i].is_used;
	lookout->due = (struct mono){ 0 };
}

bool lookout_status(struct lookout *lookout, const struct node_status *status,
		    struct happening *ret)
{
	if (!lookout->has_status) {
		lookout->has_status = true;
		lookout->nat = status->nat;
		lookout->settled = status->is_settled;
		return false;
	}
	if (lookout->nat != status->nat) {
		lookout->nat = status->nat;
		*ret = (struct happening){ .kind = HAPPENING_NAT, .nat = status->nat, .why = "" };
		return true;
	}
	if (lookout->settled != status->is_settled) {
		lookout->settled = status->is_settled;
		*ret = (struct happening){ .kind = HAPPENING_PLACE,
					   .settled = status->is_settled,
					   .why = "" };
		return true;
	}
	return false;
}
