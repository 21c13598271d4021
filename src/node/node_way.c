/* node_way.c - how we reach each peer: carries between path/ and the sessions.
 *
 * When a session stands both sides tell each other their candidates, inside it, and path/ tries
 * them with probes that are sealed as everything else. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#define PASSED_QUIET_MS 250
#define PASSED_AGAIN_MS 2000 /* who did not answer is asked once more */
#define SILENCES_MS 10000    /* within so long, */
#define SILENCES_MIN 2       /* so many at least, */
#define SILENCES_SHARE 4     /* and a quarter of the links: they have a reason in common */
/* What may leave in one turn of a peer: probes, one of them along the ring, an EMPTY, CANDIDATES,
 * a CLOCK, and relays that are asked. */
#define TICK_SENDS_MAX (PATHS_TRIALS_MAX + 1 + SIZE_PROBES_MAX + 2 * 2 + 1 + 2 * PEER_RELAYS_MAX)

struct way peer_way(const struct peer *peer)
{
	return peer_is_up(peer) ? paths_used(&peer->paths)->way : (struct way){ .kind = WAY_NONE };
}

bool peer_is_linked(const struct peer *peer)
{
	const enum way_kind kind = peer_way(peer).kind;

	return kind == WAY_DIRECT || kind == WAY_RELAY;
}

/* Neighbours carry for a pair only until it has a way of its own. */
static bool may_carry(struct peer *peer, struct mono now, size_t bytes)
{
	return peer_way(peer).kind != WAY_RING ||
	       (allowance_left(&peer->ring_packets, now, RING_PACKETS_MAX, RING_REFILL_MS) > 0 &&
		allowance_left(&peer->ring_bytes, now, RING_BYTES_MAX, RING_REFILL_MS) >= bytes);
}

static void carried(struct peer *peer, struct mono now, size_t bytes)
{
	if (peer_way(peer).kind != WAY_RING)
		return;
	(void)allowance_take(&peer->ring_packets, now, 1, RING_PACKETS_MAX, RING_REFILL_MS);
	(void)allowance_take(&peer->ring_bytes, now, (uint32_t)bytes, RING_BYTES_MAX,
			     RING_REFILL_MS);
}

bool ways_carry(struct node *node, struct now now, const struct id *id, struct span packet)
{
	struct handle handle;
	struct peer *peer = peer_find(node, id, &handle);

	if (peer == NULL || !peer_is_up(peer))
		return false;
	if (need_admits(node, now, peer) && may_carry(peer, now.mono, packet.len) &&
	    send_to_peer(node, now, peer, FRAME_IP, packet)) {
		carried(peer, now.mono, packet.len);
		return true;
	}
	peer->release_at = mono_add_ms(now.mono, HELD_MS);
	ways_touch(node, handle);
	return false;
}

void ways_touch(struct node *node, struct handle handle)
{
	alarms_set(&node->way_alarms, handle.index, (struct mono){ 0 });
	node->tick_wanted = true;
}

/* Who is silent since PASSED_QUIET_MS is asked, so that the next message knows better. That is not
 * path/'s question, which a peer would not survive if it were left unanswered four times: who
 * passes nothing on for a while need not be dead. */
void ways_passed(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct paths_output probe = { .kind = PATHS_PROBE, .way = peer_way(peer) };

	if (!mono_reached(now.mono, mono_add_ms(peer->paths.heard, PASSED_QUIET_MS)) ||
	    (peer->owes && !mono_reached(now.mono, mono_add_ms(peer->asked, PASSED_AGAIN_MS))))
		return;
	peer->owes = true;
	peer->asked = now.mono;
	probe.token = (rng_u64(&node->rng) & FRAME_TOKEN_MAX) | 1; /* by the way in use: paths.h */
	frames_probe(node, now, peer, &probe);
	ways_touch(node, handle);
}

void ways_check(struct node *node, struct now now, const struct id *id)
{
	struct handle handle;
	struct peer *peer = peer_find(node, id, &handle);

	if (peer == NULL || !peer_is_up(peer))
		return;
	paths_check(&peer->paths, now.mono);
	ways_touch(node, handle);
}

/* When the answer is overdue. */
static struct mono owed_deadline(const struct peer *peer)
{
	if (!peer->owes || peer->doubted)
		return MONO_NEVER;
	return mono_add_us(peer->asked, paths_patience_us(&peer->paths));
}

/* The ring passes over who owes an answer. */
static void look_for_doubt(struct node *node, struct now now, struct peer *peer)
{
	const bool was_doubted = peer->doubted;

	if (!mono_reached(peer->asked, peer->paths.heard)) {
		peer->owes = false;
		peer->doubted = false;
	} else if (mono_reached(now.mono, owed_deadline(peer))) {
		peer->doubted = true;
	}
	if (peer->doubted != was_doubted)
		neighbour_changed(node, now, peer);
}

void ways_near_changed(struct node *node, struct now now)
{
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer == NULL || !peer_is_up(peer) ||
		    peer->paths.is_near == ring_is_near(node->ring, &peer->id))
			continue;
		paths_set_near(&peer->paths, !peer->paths.is_near);
		if (!peer->paths.is_near)
			need_ended(&peer->need, now);
		ways_touch(node, handle);
	}
}

/* All that we knew of the ways may have ended with the peer's last life: it begins with the one
 * that the handshake came by. */
void ways_begin(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const struct channel *channel = channel_of(node, peer->session);
	const struct probe_purse purse = peer->paths.purse;

	CHECK(channel != NULL);
	peer->via = channel->ring_via; /* zero, if it was not found along the ring */
	relaying_link_down(node, now, handle);
	relaying_forget(node, now, handle);
	paths_free(&peer->paths);
	paths_init(&peer->paths, &node->rng, now.mono,
		   id_compare(&node->certificate.id, &peer->id) < 0, &channel->way);
	peer->paths.purse = purse; /* who dials again has not more to spend */
	peer->candidates = (struct candidates_message){ 0 };
	announce_begin(peer, now);
	peer->release_at = MONO_NEVER;
	peer->doubted = false;
	peer->owes = false;
	ring_left(node->ring, now, &peer->id); /* it may have lost what we told it */
	neighbour_changed(node, now, peer);
	ways_touch(node, handle);
	announce_to_all(node, now); /* it may relay */
}

void ways_end(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	alarms_set(&node->way_alarms, handle.index, MONO_NEVER);
	relaying_link_down(node, now, handle);
	relaying_forget(node, now, handle);
	neighbour_changed(node, now, peer);
	announce_to_all(node, now);
}

/* What forward/ saw, under all keys of all sessions with the peer; what keys saw that are gone, we
 * know from the last time. */
static struct paths_traffic traffic_of(const struct node *node, struct handle peer)
{
	const struct peer *known = pool_at(&node->peers, peer);
	struct paths_traffic traffic = known->paths.traffic;

	for (const struct channel *channel = NULL;
	     (channel = channel_of_peer(node, peer, channel)) != NULL;)
		for (size_t k = 0; k < CHANNEL_KEYSETS_MAX; k++) {
			struct keyset_counters seen;

			if (channel->keysets[k] == NULL)
				continue;
			seen = keyset_counters(channel->keysets[k]);
			traffic.received = mono_max(traffic.received, seen.last_received);
			traffic.sent = mono_max(traffic.sent, seen.last_sent);
			traffic.ip_received = mono_max(traffic.ip_received, seen.last_ip_received);
			traffic.ip_sent = mono_max(traffic.ip_sent, seen.last_ip_sent);
		}
	return traffic;
}

static const char *name_of(enum way_kind kind)
{
	switch (kind) {
	case WAY_DIRECT:
		return "direct";
	case WAY_RELAY:
		return "relay";
	case WAY_RING:
		return "ring";
	case WAY_NONE:
		return "none";
	}
	UNREACHABLE();
}

/* The session's packets travel otherwise from now on. */
static void use_way(struct node *node, struct now now, struct handle handle,
		    const struct paths_output *output)
{
	struct peer *peer = pool_at(&node->peers, handle);

	if (peer->paths.talks || relaying_with(node, handle))
		table_now(node);
	else
		table_soon(node, now);
	trace_move(&node->trace, &(struct trace_record){
					 .at = now.mono,
					 .machine = "way",
					 .index = handle.index,
					 .from = "",
					 .to = name_of(output->way.kind),
					 .why = output->why,
				 });
	if (output->way.kind == WAY_DIRECT) {
		remember_soon(node); /* now it can be remembered where it was reached */
	} else {
		relaying_link_down(node, now, handle); /* nobody is relayed by what is relayed */
		announce_anew(&peer->announcement);
	}
	neighbour_changed(node, now, peer);
	announce_to_all(node, now);
	peer_release(node, handle);
}

/* What is larger is answered "too big", or goes in pieces. */
static void use_size(struct node *node, struct now now, struct handle handle,
		     const struct paths_output *output)
{
	table_now(node);
	trace_move(&node->trace, &(struct trace_record){
					 .at = now.mono,
					 .machine = "size",
					 .index = handle.index,
					 .from = "",
					 .to = output->size < PATHS_SIZE_MAX ? "lowered" : "full",
					 .why = name_of(output->way.kind),
				 });
}

/* One that falls silent may have left. When many of our links do within a short time, they may be
 * cut off, or we: so all are asked. */
static void fell_silent(struct node *node, struct now now)
{
	const size_t share = ring_link_count(node->ring) / SILENCES_SHARE;
	const bool is_news = mono_reached(now.mono, mono_add_ms(node->silent_since, SILENCES_MS));

	if (is_news)
		node->silent_since = now.mono;
	node->silent = is_news ? 1 : node->silent + 1;
	if (node->silent < SILENCES_MIN || node->silent < share)
		return;
	node->silent = 0;
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer == NULL || !peer_is_up(peer))
			continue;
		paths_check(&peer->paths, now.mono);
		ways_touch(node, handle);
	}
}

static void obey(struct node *node, struct now now, struct handle handle,
		 const struct paths_output *output)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const struct sealing empty = { .channel = channel_of(node, peer->session),
				       .kind = FRAME_EMPTY,
				       .way = &output->way };

	switch (output->kind) {
	case PATHS_PROBE:
		frames_probe(node, now, peer, output);
		break;
	case PATHS_EMPTY:
		(void)send_frame(node, now, &empty);
		break;
	case PATHS_USE:
		use_way(node, now, handle, output);
		break;
	case PATHS_SIZE:
		use_size(node, now, handle, output);
		break;
	case PATHS_WANT_RELAY:
		relaying_want(node, now, handle, output->relays);
		break;
	case PATHS_DROP_RELAY:
		relaying_drop(node, now, handle, &output->way);
		break;
	case PATHS_DEAD:
		fell_silent(node, now);
		sessions_close(node->sessions, now, peer->session, FRAME_CLOSE_IDLE);
		break;
	}
}

static struct mono deadline_of(const struct peer *peer, struct mono now)
{
	struct mono deadline = mono_min(paths_deadline(&peer->paths), relaying_deadline(peer));

	deadline = mono_min(deadline, peer->release_at);
	deadline = mono_min(deadline, need_deadline(peer));
	deadline = mono_min(deadline, owed_deadline(peer));
	deadline = mono_min(deadline, announce_deadline(&peer->announcement));
	deadline = mono_min(deadline, clocks_peer_deadline(peer));
	/* Traffic is looked at while it flows: forward/ tells of its beginning alone. */
	if (paths_is_busy(&peer->paths))
		deadline = mono_min(deadline, mono_add_ms(now, PATHS_ECHO_MS));
	return deadline;
}

static void tick(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const struct paths_traffic traffic = traffic_of(node, handle);
	struct paths_output output;

	paths_seen(&peer->paths, now.mono, &traffic);
	while (paths_poll(&peer->paths, now.mono, node->probe_budget, &output)) {
		obey(node, now, handle, &output);
		if (output.kind == PATHS_DEAD)
			break;
	}
	look_for_doubt(node, now, peer);
	announce_tick(node, now, handle);
	clocks_tick(node, now, peer);
	relaying_tick(node, now, handle);
	if (mono_reached(now.mono, peer->release_at)) {
		peer->release_at = MONO_NEVER;
		peer_release(node, handle);
	}
	need_tick(node, now, handle);
}

/* Those whose time has come, each once; for whom there is no room has his turn when what the others
 * say has left. */
void ways_tick(struct node *node, struct now now)
{
	uint32_t due[NODE_PEERS_MAX];
	uint32_t count = 0, owner;

	while (count < NODE_PEERS_MAX &&
	       mono_reached(now.mono, alarms_first(&node->way_alarms, &owner))) {
		alarms_set(&node->way_alarms, owner, MONO_NEVER);
		due[count++] = owner;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct handle handle;
		const struct peer *peer = pool_slot(&node->peers, due[i], &handle);

		if (peer == NULL || !peer_is_up(peer))
			continue;
		if (send_room(node) < TICK_SENDS_MAX) {
			ways_touch(node, handle);
			continue;
		}
		tick(node, now, handle);
		alarms_set(&node->way_alarms, due[i], deadline_of(peer, now.mono));
	}
}

struct mono ways_deadline(const struct node *node)
{
	uint32_t owner;

	return alarms_first(&node->way_alarms, &owner);
}

/* Seen from outside under the same address as the peer, we stand behind the same NAT, so its own
 * addresses may be on our link. */
static bool is_same_network(const struct node *node, struct now now,
			    const struct candidates_message *theirs)
{
	struct candidates_message ours = { 0 };

	candidates_tell(&node->candidates, now.mono, &ours);
	for (size_t i = 0; i < ours.candidate_count; i++)
		for (size_t k = 0; k < theirs->candidate_count; k++)
			if (ours.candidates[i].kind == CANDIDATE_SEEN &&
			    theirs->candidates[k].kind == CANDIDATE_SEEN &&
			    endpoint_ip_equal(&ours.candidates[i].endpoint,
					      &theirs->candidates[k].endpoint))
				return true;
	return false;
}

int ways_candidates(struct node *node, struct now now, struct handle handle, struct span payload)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct paths_candidates remote = { 0 };
	struct candidates_message message;
	const int err = candidates_decode(payload, &message);

	if (err != 0)
		return err;
	if (!SECCHECK(SEC_CANDIDATES_ALLOWANCE,
		      allowance_take(&peer->named, now.mono, 1, MEMBER_CANDIDATES,
				     MEMBER_CANDIDATES_REFILL_MS)))
		return ERR_DENIED;
	for (size_t i = 0; i < message.candidate_count; i++)
		if (candidates_is_probeable(&node->candidates, &message.candidates[i].endpoint))
			remote.candidates[remote.count++] = message.candidates[i];
	remote.nat = message.nat;
	remote.own_nat = (uint8_t)candidates_nat(&node->candidates, now.mono);
	remote.same_network = is_same_network(node, now, &message);
	peer->candidates = message;
	paths_candidates(&peer->paths, now.mono, &remote);
	announce_heard(peer, now);
	relaying_retry(node, now, handle);
	return 0;
}

bool ways_host(struct node *node, struct now now, const struct node_event *event)
{
	if (!candidates_set_host(&node->candidates, now.mono, event->host.endpoints,
				 event->host.count))
		return false;
	candidates_forget_seen(&node->candidates);
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer == NULL || !peer_is_up(peer))
			continue;
		paths_host_changed(&peer->paths, now.mono);
		announce_anew(&peer->announcement);
		ways_touch(node, handle);
	}
	return true;
}
