/* node_host.c - see node_host.h. One turn is one call of run(): everything that waits goes in,
 * everything that comes out is carried, as the daemon does it. */
#include "sim/node_host.h"

#include "base/check.h"
#include "wire/beacon.h"

#include <stdlib.h>

#define PACKET_BYTES_MAX 2048
#define EGRESS_SLOTS 4 /* full, they all leave at once: of many hosts each byte counts */
#define REPLIES_MAX 64 /* power of two */

struct tun_packet {
	size_t len;
	uint8_t bytes[PACKET_BYTES_MAX];
};

/* Most hosts of a large world never send a packet: a place is made when it is first used. */
struct tun_queue {
	struct queue queue;
	struct tun_packet *packets[NODE_HOST_TUN_PACKETS]; /* owned */
};

struct node_host {
	struct world *world; /* borrowed */
	uint32_t host;
	uint16_t port;
	struct entropy entropy;
	struct node *node;           /* owned */
	struct egress *egress;       /* owned */
	struct forward_table *table; /* owned; NULL until the first */
	struct forward_thread thread;
	struct tun_queue from_programs, to_programs;
	struct queue reply_queue;
	struct node_reply *replies; /* owned: REPLIES_MAX; NULL before the first */
	uint64_t requests;
	struct endpoint named; /* by the host's names; zero: there are none */
	bool resolver_hangs;
	struct node_neighbour kept[NODE_NEIGHBOURS_MAX];
	uint32_t kept_count;
	bool configured;
	struct node_addresses addresses;
	struct tun_packet lent;
};

static void tun_push(struct tun_queue *tun, struct span packet)
{
	if (queue_is_full(&tun->queue) || packet.len > PACKET_BYTES_MAX)
		return;
	struct tun_packet **place = &tun->packets[queue_push(&tun->queue)];

	if (*place == NULL)
		*place = calloc(1, sizeof(**place));
	struct tun_packet *slot = *place;

	CHECK(slot != NULL);
	slot->len = packet.len;
	memcpy(slot->bytes, packet.data, packet.len);
}

/* What forward/ did not finish itself, and what it gives to the TUN. */
static void carry_verdict(struct node_host *nh, struct now now, const struct forward_packet *packet)
{
	struct node_event event = { .kind = NODE_PACKET };

	switch (packet->verdict) {
	case FORWARD_DELIVER:
		tun_push(&nh->to_programs, span_of(packet->data, packet->len));
		return;
	case FORWARD_NO_ENTRY:
	case FORWARD_TOO_BIG:
		event.packet.bytes = span_of(packet->data, packet->len);
		event.packet.too_big = packet->verdict == FORWARD_TOO_BIG;
		event.packet.mtu = packet->mtu;
		break;
	case FORWARD_FRAME:
		event.kind = NODE_FRAME;
		event.frame.link = packet->link;
		event.frame.local_index = packet->local_index;
		event.frame.kind = packet->frame_kind;
		event.frame.payload = span_of(packet->data, packet->len);
		event.frame.way = packet->way;
		break;
	case FORWARD_HANDSHAKE:
		event.kind = NODE_DATAGRAM;
		event.datagram.local = packet->way.local;
		event.datagram.remote = packet->way.remote;
		event.datagram.bytes = span_of(packet->data, packet->len);
		break;
	case FORWARD_PENDING:
	case FORWARD_JOIN: /* nobody here says that it takes super-packets */
		UNREACHABLE();
	case FORWARD_SENT:
	case FORWARD_DROP:
		return;
	}
	(void)node_input(nh->node, now, &event); /* what it refuses it has counted */
}

static void send_what_waits(struct node_host *nh, struct now now)
{
	struct egress_datagram *out;

	while ((out = egress_next(nh->egress, now.mono)) != NULL) {
		struct net_datagram datagram = { .local = out->local,
						 .remote = out->remote,
						 .ttl = out->ttl,
						 .bytes = span_of(out->data, out->len) };

		datagram.local.port = nh->port;
		(void)world_send(nh->world, nh->host,
				 &datagram); /* no address of that family: lost */
		egress_done(nh->egress, out);
	}
}

static void carry_send(struct node_host *nh, struct now now, const struct node_action *action)
{
	const struct egress_datagram like = { .link = action->send.link,
					      .class = action->send.class,
					      .local = action->send.local,
					      .remote = action->send.remote,
					      .ttl = action->send.ttl };
	struct egress_datagram *slot;

	if (egress_room(nh->egress) == 0)
		send_what_waits(nh, now); /* more than that leaves in one turn */
	slot = egress_reserve(nh->egress, &like);
	if (slot == NULL)
		return; /* full: lost, as on any wire */
	memcpy(slot->data, action->send.bytes.data, action->send.bytes.len);
	egress_commit(nh->egress, slot, action->send.bytes.len);
}

/* From the socket that the group's datagrams come to; no address of that family: to nobody. */
static void carry_beacon(struct node_host *nh, struct span beacon)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		const struct net_datagram datagram = { .local.port = BEACON_PORT,
						       .remote = beacon_group(v6 == 0),
						       .bytes = beacon };

		(void)world_send(nh->world, nh->host, &datagram);
	}
}

static void carry_lookup(struct node_host *nh, struct now now, uint32_t bootstrap)
{
	const struct node_event event = {
		.kind = NODE_LOOKUP_DONE,
		.lookup = { .bootstrap = bootstrap,
			    .endpoints = { nh->named },
			    .count = endpoint_ip_is_zero(&nh->named) ? 0 : 1 },
	};

	if (!nh->resolver_hangs)
		(void)node_input(nh->node, now, &event);
}

static void carry_reports(struct node_host *nh, struct now now)
{
	struct node_event event = { .kind = NODE_REPORT };

	while (forward_report(&nh->thread, &event.report))
		(void)node_input(nh->node, now, &event);
}

/* What came along the ring, or in pieces, is opened like what came from the wire. */
static void carry_open(struct node_host *nh, struct now now, struct span datagram)
{
	uint8_t buffer[PACKET_BYTES_MAX];
	struct forward_batch batch;

	memcpy(buffer, datagram.data, datagram.len);
	batch.count = 1;
	batch.packets[0] = (struct forward_packet){ .data = buffer,
						    .len = datagram.len,
						    .way = { .kind = WAY_RING } };
	if (forward_from_wire(&nh->thread, nh->table, now, &batch) > 0)
		carry_verdict(nh, now, &batch.packets[0]);
	carry_reports(nh, now); /* no other batch may come for long */
}

/* As the host's programs would see them. */
static void tell_addresses(struct node_host *nh, struct now now)
{
	struct node_event event = { .kind = NODE_HOST };
	struct endpoint address;

	while (event.host.count < NODE_HOST_ENDPOINTS_MAX &&
	       net_address(world_net(nh->world), nh->host, event.host.count, &address)) {
		address.port = nh->port;
		event.host.endpoints[event.host.count++] = address;
	}
	(void)node_input(nh->node, now, &event);
}

static void carry_action(struct node_host *nh, struct now now, const struct node_action *action)
{
	switch (action->kind) {
	case NODE_SEND:
		carry_send(nh, now, action);
		return;
	case NODE_OPEN:
		carry_open(nh, now, action->datagram);
		return;
	case NODE_BEACON:
		carry_beacon(nh, action->beacon);
		return;
	case NODE_KEEP:
		nh->kept_count = action->keep.count;
		memcpy(nh->kept, action->keep.neighbours, sizeof(nh->kept));
		return;
	case NODE_DELIVER:
		tun_push(&nh->to_programs, action->packet);
		return;
	case NODE_TABLE:
		table_del(nh->table);
		nh->table = action->table;
		return;
	case NODE_CONFIGURE:
		nh->configured = true;
		nh->addresses = action->addresses;
		return;
	case NODE_LOOKUP:
		carry_lookup(nh, now, action->bootstrap);
		return;
	case NODE_REPLY:
		if (queue_is_full(&nh->reply_queue))
			(void)queue_pop(&nh->reply_queue);
		if (nh->replies == NULL)
			nh->replies = calloc(REPLIES_MAX, sizeof(nh->replies[0]));
		CHECK(nh->replies != NULL);
		nh->replies[queue_push(&nh->reply_queue)] = action->reply;
		return;
	case NODE_CLOCK:
	case NODE_TWICE:
		return; /* whoever wants to know asks for the status */
	case NODE_EVENT:
		world_trace(nh->world, nh->host, &action->event);
		return;
	}
	UNREACHABLE();
}

static void take_from_programs(struct node_host *nh, struct now now)
{
	struct forward_batch batch; /* of one: a host's own would be most of what it holds */

	while (!queue_is_empty(&nh->from_programs.queue)) {
		struct tun_packet *packet =
			nh->from_programs.packets[queue_pop(&nh->from_programs.queue)];

		if (egress_room(nh->egress) == 0)
			send_what_waits(nh, now);
		batch.count = 1;
		batch.packets[0] =
			(struct forward_packet){ .data = packet->bytes, .len = packet->len };
		if (forward_from_tun(&nh->thread, nh->table, now, &batch) > 0)
			carry_verdict(nh, now, &batch.packets[0]);
	}
}

static void poll_node(struct node_host *nh, struct now now)
{
	struct node_action action;

	while (node_poll(nh->node, now, &action))
		carry_action(nh, now, &action);
}

static void run(void *machine, struct now now)
{
	struct node_host *nh = machine;
	const struct node_event time = { .kind = NODE_TIME };

	take_from_programs(nh, now);
	carry_reports(nh, now);
	(void)node_input(nh->node, now, &time);
	poll_node(nh, now);
	send_what_waits(nh, now);
}

static void hear_beacon(struct node_host *nh, struct now now, const struct net_datagram *datagram)
{
	const struct node_event event = { .kind = NODE_HEARD,
					  .beacon = { .remote = datagram->remote,
						      .bytes = datagram->bytes } };

	(void)node_input(nh->node, now, &event);
}

static void datagram_arrived(void *machine, struct now now, const struct net_datagram *datagram)
{
	struct node_host *nh = machine;
	uint8_t buffer[PACKET_BYTES_MAX];
	struct forward_batch batch;

	if (datagram->local.port == BEACON_PORT)
		hear_beacon(nh, now, datagram);
	if (datagram->local.port != nh->port || datagram->bytes.len > sizeof(buffer))
		return;
	memcpy(buffer, datagram->bytes.data, datagram->bytes.len);
	batch.count = 1;
	batch.packets[0] =
		(struct forward_packet){ .data = buffer,
					 .len = datagram->bytes.len,
					 .way = way_direct(&datagram->local, &datagram->remote) };
	if (forward_from_wire(&nh->thread, nh->table, now, &batch) > 0)
		carry_verdict(nh, now, &batch.packets[0]);
}

static struct mono deadline(const void *machine)
{
	const struct node_host *nh = machine;

	return mono_min(node_deadline(nh->node), egress_deadline(nh->egress));
}

static void end(void *machine)
{
	struct node_host *nh = machine;

	node_del(nh->node);
	table_del(nh->table);
	egress_del(nh->egress);
	entropy_wipe(&nh->entropy);
	for (uint32_t i = 0; i < NODE_HOST_TUN_PACKETS; i++) {
		free(nh->from_programs.packets[i]);
		free(nh->to_programs.packets[i]);
	}
	free(nh->replies);
	free(nh);
}

struct node_host *node_host_attach(struct world *world, uint32_t host,
				   const struct node_config *config, uint16_t port,
				   uint64_t secret_seed)
{
	static const struct host_ops ops = {
		.datagram = datagram_arrived, .run = run, .deadline = deadline, .end = end
	};
	struct node_host *nh = calloc(1, sizeof(*nh));
	uint8_t seed[ENTROPY_SEED_BYTES] = { 0 };
	struct writer w = writer_of(seed, sizeof(seed));

	if (nh == NULL)
		return NULL;
	writer_u64(&w, secret_seed);
	writer_u32(&w, host);
	*nh = (struct node_host){ .world = world,
				  .host = host,
				  .port = port,
				  .from_programs.queue = queue_of(NODE_HOST_TUN_PACKETS),
				  .to_programs.queue = queue_of(NODE_HOST_TUN_PACKETS),
				  .reply_queue = queue_of(REPLIES_MAX) };
	entropy_init(&nh->entropy, seed);
	if (egress_new(world_host_rng(world, host), EGRESS_SLOTS, &nh->egress) != 0 ||
	    node_new(config, &nh->entropy, world_now(world, host), &nh->node) != 0) {
		egress_del(nh->egress);
		free(nh);
		return NULL;
	}
	forward_thread_init(&nh->thread, nh->egress);
	tell_addresses(nh, world_now(world, host));
	world_attach(world, host, &ops, nh);
	return nh;
}

struct node *node_host_node(struct node_host *nh)
{
	return nh->node;
}

bool node_host_send(struct node_host *nh, struct span packet)
{
	if (queue_is_full(&nh->from_programs.queue))
		return false;
	tun_push(&nh->from_programs, packet);
	world_wake(nh->world, nh->host);
	return true;
}

bool node_host_receive(struct node_host *nh, struct span *ret_packet)
{
	if (queue_is_empty(&nh->to_programs.queue))
		return false;
	nh->lent = *nh->to_programs.packets[queue_pop(&nh->to_programs.queue)];
	*ret_packet = span_of(nh->lent.bytes, nh->lent.len);
	return true;
}

void node_host_request(struct node_host *nh, enum node_verb verb, const char *peer)
{
	struct node_event event = { .kind = NODE_REQUEST,
				    .request = { .token = ++nh->requests, .verb = verb } };
	const size_t len = strlen(peer);

	CHECK(len <= NODE_PEER_TEXT_MAX);
	memcpy(event.request.peer, peer, len + 1);
	(void)node_input(nh->node, world_now(nh->world, nh->host), &event);
	world_wake(nh->world, nh->host);
}

bool node_host_reply(struct node_host *nh, struct node_reply *ret)
{
	if (queue_is_empty(&nh->reply_queue))
		return false;
	*ret = nh->replies[queue_pop(&nh->reply_queue)];
	return true;
}

void node_host_resolve(struct node_host *nh, const char *ip)
{
	CHECK(endpoint_ip_from_text(ip, &nh->named) == 0);
}

void node_host_resolver_hangs(struct node_host *nh, bool hangs)
{
	nh->resolver_hangs = hangs;
}

void node_host_addresses_changed(struct node_host *nh)
{
	tell_addresses(nh, world_now(nh->world, nh->host));
	world_wake(nh->world, nh->host);
}

void node_host_copied(struct node_host *nh)
{
	const struct node_event event = { .kind = NODE_COPIED };
	const struct now now = world_now(nh->world, nh->host);

	(void)node_input(nh->node, now, &event);
	poll_node(nh, now);
	world_wake(nh->world, nh->host);
}

uint32_t node_host_kept(const struct node_host *nh, struct node_neighbour ret[NODE_NEIGHBOURS_MAX])
{
	memcpy(ret, nh->kept, sizeof(nh->kept));
	return nh->kept_count;
}

bool node_host_addresses(const struct node_host *nh, struct node_addresses *ret)
{
	if (nh->configured)
		*ret = nh->addresses;
	return nh->configured;
}

const struct forward_counters *node_host_counters(const struct node_host *nh)
{
	return &nh->thread.counters;
}

struct egress_counters node_host_egress_counters(const struct node_host *nh)
{
	return egress_counters(nh->egress);
}
