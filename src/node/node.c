/* node.c - carries what happened to the machine that it concerns, and what they want to the world.
 *
 * The order of node_poll(): sessions first, since they bring the keys that everything else is
 * sealed with; then what waits, control frames before packets; the new table last (node.h). */
#include "node/carrier.h"
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "vnet/address.h"

#include <stdlib.h>

/* Where a way to us would lead through ourselves. */
static void init_candidates(struct node *node)
{
	const struct ip_address v6 =
		address_ipv6(trust_network(node->config.trust), &node->certificate.id);
	const struct ip_address v4 = ip_v4(node->config.ipv4_prefix.bytes);
	struct candidates_prefix own[] = {
		{ .bits = ADDRESS_IPV6_PREFIX_LEN },
		{ .bits = (uint8_t)(96 + node->config.ipv4_prefix.len) },
	};

	memcpy(own[0].ip, v6.bytes, sizeof(own[0].ip));
	memcpy(own[1].ip, v4.bytes, sizeof(own[1].ip));
	candidates_init(&node->candidates, own, node->config.ipv4_prefix.len > 0 ? 2 : 1);
}

uint32_t node_capabilities(const struct node_config *config)
{
	return (config->relay_bytes_s > 0 ? NODE_CAPABILITY_RELAY : 0U) |
	       (config->takes_partial ? NODE_CAPABILITY_PARTIAL : 0U);
}

static int init_machines(struct node *node)
{
	const struct session_config sessions = {
		.key = node->config.key,
		.certificate = &node->certificate,
		.trust = node->config.trust,
		.secrets = { node->config.secrets[0], node->config.secrets[1] },
		.suites = node->config.suites,
		.capabilities = node_capabilities(&node->config),
		.sessions_max = NODE_SESSIONS_MAX,
	};
	struct vnet_config vnet = { .self = node->certificate.id,
				    .network = node->certificate.network,
				    .has_ipv4 = node->certificate.has_ipv4,
				    .ipv4_prefix = node->config.ipv4_prefix };
	const enum policy_kind kind =
		trust_is_open(node->config.trust) ? POLICY_OPEN : POLICY_GROUP;
	int err;

	memcpy(vnet.ipv4, node->certificate.ipv4, sizeof(vnet.ipv4));
	node->channels = calloc(NODE_SESSIONS_MAX, sizeof(node->channels[0]));
	send_init(node);
	if (node->channels == NULL)
		return ERR_NOMEM;
	init_candidates(node);
	if (node->config.relay_bytes_s > 0 &&
	    (err = meter_new(node->config.relay_bytes_s, RELAY_BURST_BYTES, &node->relay_meter)) !=
		    0)
		return err;
	if ((err = policy_new(kind, &node->policy)) != 0 ||
	    (err = vnet_new(&vnet, &node->vnet)) != 0 ||
	    (err = ring_new(&node->certificate.id, &node->rng, &node->ring)) != 0 ||
	    (err = relays_new(&node->rng, &node->relays)) != 0 ||
	    (err = probe_budget_new(&node->rng, &node->probe_budget)) != 0)
		return err;
	pool_init(&node->peers, NODE_PEERS_MAX, sizeof(struct peer));
	pool_init(&node->wishes, WISHES_MAX, sizeof(struct wish));
	map_init(&node->peer_by_id, &node->rng, NODE_PEERS_MAX, ID_BYTES);
	map_init(&node->channel_by_index, &node->rng, NODE_SESSIONS_MAX * CHANNEL_KEYSETS_MAX,
		 sizeof(uint32_t));
	return sessions_new(&sessions, node->entropy, &node->rng, &node->trace, &node->sessions);
}

/* A calendar that stands before the build date is wrong for certain; the newest date of our own
 * bundle is a better guess. The difference is kept, so that a jump of the calendar still shows as a
 * jump. */
static struct now corrected(struct node *node, struct now now)
{
	if (now.wall.us >= node->config.built.us) {
		node->calendar_fix_us = 0;
		return now;
	}
	if (node->calendar_fix_us == 0)
		node->calendar_fix_us = node->config.bundle_issued.us - now.wall.us;
	now.wall.us += node->calendar_fix_us;
	return now;
}

int node_new(const struct node_config *config, struct entropy *entropy, struct now now,
	     struct node **ret)
{
	struct node *node = calloc(1, sizeof(*node));
	uint8_t key[sizeof(node->rng.key)];
	uint32_t words[RNG_KEY_WORDS];
	int err;

	CHECK(config->bootstrap_count <= NODE_BOOTSTRAP_MAX);
	if (node == NULL)
		return ERR_NOMEM;
	node->config = *config;
	node->certificate = *config->certificate;
	node->config.certificate = &node->certificate;
	node->entropy = entropy;
	entropy_bytes(entropy, key, sizeof(key));
	memcpy(words, key, sizeof(words));
	rng_init(&node->rng, words);
	secret_wipe(key, sizeof(key));
	secret_wipe(words, sizeof(words));
	trace_init(&node->trace);
	node->started = now.mono;
	node->alone_since = now.mono;
	node->double_at = MONO_NEVER;
	node->table_offset_us = now_offset_us(now);
	clocks_init(node, now);

	now = corrected(node, now);
	err = certificate_check_time(&node->certificate, now.wall);
	if (err == 0)
		err = init_machines(node);
	if (err == 0)
		err = lan_init(node, now);
	if (err != 0) {
		node_del(node);
		return err;
	}
	lines_init(node, now);
	remember_init(node, now);
	*ret = node;
	return 0;
}

void node_del(struct node *node)
{
	if (node == NULL)
		return;
	lan_free(node);
	channel_free_all(node);
	answer_free_all(node);
	sessions_del(node->sessions);
	vnet_del(node->vnet);
	ring_del(node->ring);
	relays_del(node->relays);
	relaying_free_shares(node);
	peer_free_all(node);
	meter_unref(node->relay_meter);
	probe_budget_del(node->probe_budget);
	policy_del(node->policy);
	map_free(&node->channel_by_index);
	map_free(&node->peer_by_id);
	alarms_free(&node->way_alarms);
	pool_free(&node->peers);
	pool_free(&node->wishes);
	free(node->channels);
	pool_free(&node->departures);
	part_free(node);
	secret_wipe(node, sizeof(*node));
	free(node);
}

int node_input(struct node *node, struct now now, const struct node_event *event)
{
	now = corrected(node, now);
	node->tick_wanted = true;
	switch (event->kind) {
	case NODE_TIME:
		return 0;
	case NODE_DATAGRAM: {
		if (node->shutting_down)
			return ERR_DENIED; /* or a peer would find us again that was just left */
		const struct carrier carrier =
			carrier_of(&event->datagram.local, &event->datagram.remote);

		return sessions_handshake(node->sessions, now, &carrier, event->datagram.bytes);
	}
	case NODE_PACKET:
		if (!event->packet.too_big)
			return vnet_packet(node->vnet, now, event->packet.bytes);
		return vnet_too_big(node->vnet, now, event->packet.bytes, event->packet.mtu);
	case NODE_FRAME:
		return frames_take(node, now, event);
	case NODE_REPORT:
		return channel_report(node, now, &event->report);
	case NODE_COPIED:
		sessions_snapshot(node->sessions, now);
		return 0;
	case NODE_HOST:
		if (ways_host(node, now, event)) {
			lines_host_changed(node, now);
			remember_host_changed(node, now);
			lan_host_changed(node, now, event);
		}
		return 0;
	case NODE_HEARD:
		return lan_hear(node, now, event);
	case NODE_LOOKUP_DONE:
		lines_lookup_done(node, now, event);
		return 0;
	case NODE_REQUEST:
		return answer_request(node, now, event);
	case NODE_SETTINGS:
		return settings_take(node, now, event->settings);
	}
	UNREACHABLE();
}

/* 0 if its peer is there or wanted, ERR_FULL if it cannot be wanted now; else nobody has the
 * address. */
static int connect(struct node *node, struct now now, const struct vnet_output *wanted)
{
	struct handle handle;
	struct peer *peer = peer_wanted(node, wanted, &handle);

	if (peer != NULL && peer_is_up(peer)) {
		peer_release(node, handle); /* or it waits for keys */
		return peer->admits_ip ? 0 : ERR_DENIED;
	}
	lines_hurry(node, now, wanted);
	return wish_for_destination(node, now, wanted);
}

static void answer_connect(struct node *node, struct now now, const struct vnet_output *wanted)
{
	const int err = connect(node, now, wanted);

	if (err == ERR_FULL)
		vnet_connect_later(node->vnet, now, &wanted->destination);
	else if (err != 0)
		vnet_connect_failed(node->vnet, &wanted->destination);
}

static bool poll_vnet(struct node *node, struct now now, struct node_action *ret)
{
	struct vnet_output output;

	while (send_room(node) >= PARTS_MAX && vnet_poll(node->vnet, now, &output)) {
		switch (output.kind) {
		case VNET_CONNECT:
			answer_connect(node, now, &output);
			break;
		case VNET_PACKET:
			if (ways_carry(node, now, &output.id, output.packet))
				vnet_sent(node->vnet, &output);
			else
				vnet_hold(node->vnet, &output);
			break;
		case VNET_ANSWER:
			*ret = (struct node_action){ .kind = NODE_DELIVER,
						     .packet = output.packet };
			return true;
		}
	}
	return false;
}

static void poll_sessions(struct node *node, struct now now)
{
	struct session_output output;

	while (send_room(node) >= PARTS_MAX && sessions_poll(node->sessions, now, &output)) {
		channel_take_output(node, now, &output);
		if (output.kind == SESSION_KEYS)
			secret_wipe(&output.keys, sizeof(output.keys)); /* forward/ has them now */
	}
}

static void note_alone(struct node *node, struct now now)
{
	if (!node_is_alone(node)) {
		node->alone_since = MONO_NEVER;
	} else if (node->alone_since.us == MONO_NEVER.us) {
		node->alone_since = now.mono;
		lines_left_alone(node, now);
	}
}

/* The machines, until none has anything to say: what one wants may be another's input. Each stops
 * when there is no room for more, and goes on when that has left. */
static void poll_machines(struct node *node, struct now now)
{
	poll_sessions(node, now);
	if (node->tick_wanted) {
		node->tick_wanted = false;
		peers_tick(node);
		ways_tick(node, now);
		lines_tick(node, now);
		wishes_tick(node, now);
		remember_tick(node, now);
		lan_tick(node, now);
		double_tick(node, now);
	}
	neighbours_poll(node, now);
	relaying_poll(node, now);
	poll_sessions(node, now);
	note_alone(node, now);
}

static bool poll_table(struct node *node, struct now now, struct node_action *ret)
{
	const int64_t crept_us = now_offset_us(now) - node->table_offset_us;

	if (node->table_at.us == MONO_NEVER.us &&
	    (crept_us > NODE_CLOCK_SLACK_US || crept_us < -NODE_CLOCK_SLACK_US))
		table_now(node);
	if (!mono_reached(now.mono, node->table_at))
		return false;
	*ret = (struct node_action){ .kind = NODE_TABLE };
	if (node_build_table(node, now, &ret->table) != 0) {
		node->table_at =
			mono_add_ms(now.mono, NODE_RETRY_MS); /* no memory: the old one stays */
		return false;
	}
	node->table_at = MONO_NEVER;
	return true;
}

static bool poll_addresses(struct node *node, struct node_action *ret)
{
	if (node->configured)
		return false;
	node->configured = true;
	*ret = (struct node_action){ .kind = NODE_CONFIGURE };
	ret->addresses = (struct node_addresses){ .ipv6 = vnet_ipv6(node->vnet),
						  .ipv6_prefix_len = ADDRESS_IPV6_PREFIX_LEN,
						  .has_ipv4 = node->certificate.has_ipv4,
						  .ipv4_prefix_len = node->config.ipv4_prefix.len,
						  .mtu = FORWARD_MTU };
	memcpy(ret->addresses.ipv4, node->certificate.ipv4, sizeof(ret->addresses.ipv4));
	return true;
}

bool node_poll(struct node *node, struct now raw, struct node_action *ret)
{
	const struct now now = corrected(node, raw);

	if (poll_addresses(node, ret) || send_poll(node, ret))
		return true;
	poll_machines(node, now);
	if (send_poll(node, ret) || poll_vnet(node, now, ret) || send_poll(node, ret) ||
	    lines_poll(node, ret) || remember_poll(node, now, ret) || lan_poll(node, now, ret) ||
	    answer_poll(node, now, ret) || send_poll(node, ret) || poll_table(node, raw, ret) ||
	    clocks_poll(node, raw, ret) || double_poll(node, ret))
		return true;
	*ret = (struct node_action){ .kind = NODE_EVENT };
	return trace_poll(&node->trace, &ret->event);
}

struct mono node_deadline(const struct node *node)
{
	struct mono deadline = sessions_deadline(node->sessions);

	if (!queue_is_empty(&node->departure_queue) || !node->configured)
		return (struct mono){ 0 };
	deadline = mono_min(deadline, node->table_at);
	if (node->table_at.us == MONO_NEVER.us) /* or relaying_poll() waits for it */
		deadline = mono_min(deadline, relays_deadline(node->relays));
	deadline = mono_min(deadline, vnet_deadline(node->vnet));
	deadline = mono_min(deadline, ways_deadline(node));
	deadline = mono_min(deadline, wishes_deadline(node));
	deadline = mono_min(deadline, ring_deadline(node->ring));
	deadline = mono_min(deadline, remember_deadline(node));
	deadline = mono_min(deadline, lan_deadline(node));
	deadline = mono_min(deadline, lines_deadline(node));
	deadline = mono_min(deadline, node->double_at);
	deadline = mono_min(deadline, clocks_deadline(node));
	return mono_min(deadline, answer_deadline(node));
}

void node_mix(struct node *node, struct span bytes)
{
	rng_mix(&node->rng, bytes.data, bytes.len);
}
