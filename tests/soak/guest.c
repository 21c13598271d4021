/* guest.c - see guest.h. The wiring is that of the daemon's world.c with one socket, and no TUN. */
#include "guest.h"

#include "base/err.h"
#include "forward/forward.h"
#include "io/seed.h"
#include "vnet/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define EGRESS_SLOTS 64
#define TURN_DATAGRAMS 64 /* that are taken before others have their turn */
#define ECHO_REQUEST 128  /* RFC 4443, 4.1 and 4.2 */
#define ECHO_REPLY 129
#define ECHO_BYTES 16 /* header and a number */
#define ECHO_AGAIN_MS 1000

struct guest {
	enum guest_state state;
	bool quits;
	int fd; /* owned */
	struct endpoint address;
	struct ip_address host, self;
	struct entropy entropy;
	struct rng rng;
	struct node *node; /* owned, as the next two */
	struct egress *egress;
	struct forward_table *table; /* NULL before the first */
	struct forward_thread thread;
	struct mono ask_at; /* for the echo again: the host's tunnel may have lost it */
	size_t m0_len;
	uint8_t m0[GUEST_M0_BYTES_MAX];
};

/* --- the socket --- */

static struct sockaddr_in name_of(const struct endpoint *endpoint)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(endpoint->port) };

	memcpy(&name.sin_addr, endpoint->ip + ENDPOINT_IP_BYTES - sizeof(name.sin_addr),
	       sizeof(name.sin_addr));
	return name;
}

static struct endpoint endpoint_of(const struct sockaddr_in *name)
{
	uint8_t ip[sizeof(name->sin_addr)];

	memcpy(ip, &name->sin_addr, sizeof(ip));
	return endpoint_v4(ip, ntohs(name->sin_port));
}

static int open_socket(struct guest *guest)
{
	struct sockaddr_in name = name_of(&guest->address);
	socklen_t len = sizeof(name);

	guest->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (guest->fd < 0 || bind(guest->fd, (const struct sockaddr *)&name, len) < 0 ||
	    getsockname(guest->fd, (struct sockaddr *)&name, &len) < 0)
		return ERR_IO;
	guest->address = endpoint_of(&name);
	return 0;
}

static void keep_m0(struct guest *guest, struct span datagram)
{
	if (guest->m0_len > 0 || datagram_type(datagram) != DATAGRAM_M0 ||
	    datagram.len > sizeof(guest->m0))
		return;
	memcpy(guest->m0, datagram.data, datagram.len);
	guest->m0_len = datagram.len;
}

/* What the host or the kernel does not take is lost, as on any wire. */
static void send_what_waits(struct guest *guest, struct now now)
{
	struct egress_datagram *out;

	while ((out = egress_next(guest->egress, now.mono)) != NULL) {
		const struct sockaddr_in to = name_of(&out->remote);

		keep_m0(guest, span_of(out->data, out->len));
		if (endpoint_is_v4(&out->remote))
			(void)sendto(guest->fd, out->data, out->len, 0,
				     (const struct sockaddr *)&to, sizeof(to));
		egress_done(guest->egress, out);
	}
}

/* --- its program --- */

static void write_echo(const struct guest *guest, uint8_t ret[IPV6_HEADER_BYTES + ECHO_BYTES])
{
	struct writer w = writer_of(ret, IPV6_HEADER_BYTES + ECHO_BYTES);
	struct ip_packet packet;
	uint16_t sum;

	writer_u32(&w, UINT32_C(6) << 28);
	writer_u16(&w, ECHO_BYTES);
	writer_u8(&w, IP_ICMPV6);
	writer_u8(&w, 64);
	writer_bytes(&w, guest->self.bytes, IP_ADDRESS_BYTES);
	writer_bytes(&w, guest->host.bytes, IP_ADDRESS_BYTES);
	writer_u32(&w, (uint32_t)ECHO_REQUEST << 24);
	writer_u32(&w, guest->address.port);
	writer_u64(&w, 0);
	if (ip_decode(writer_span(&w), &packet) != 0)
		return;
	sum = ip_checksum(span_of(ret + IPV6_HEADER_BYTES, ECHO_BYTES),
			  ip_pseudo_sum(&packet, IP_ICMPV6, ECHO_BYTES));
	ret[IPV6_HEADER_BYTES + 2] = (uint8_t)(sum >> 8);
	ret[IPV6_HEADER_BYTES + 3] = (uint8_t)sum;
}

static void hear_echo(struct guest *guest, struct span bytes)
{
	struct ip_packet packet;

	if (guest->state == GUEST_COMING && ip_decode(bytes, &packet) == 0 &&
	    packet.protocol == IP_ICMPV6 && ip_equal(&packet.source, &guest->host) &&
	    packet.transport_at < packet.len && bytes.data[packet.transport_at] == ECHO_REPLY)
		guest->state = GUEST_STAYING;
}

/* --- between node, forward and the rest: as sim/node_host.c --- */

static void carry_verdict(struct guest *guest, struct now now, const struct forward_packet *packet)
{
	struct node_event event = { .kind = NODE_PACKET };
	const struct span bytes = span_of(packet->data, packet->len);

	switch (packet->verdict) {
	case FORWARD_DELIVER:
		hear_echo(guest, bytes);
		return;
	case FORWARD_NO_ENTRY:
	case FORWARD_TOO_BIG:
		event.packet.bytes = bytes;
		event.packet.too_big = packet->verdict == FORWARD_TOO_BIG;
		event.packet.mtu = packet->mtu;
		break;
	case FORWARD_FRAME:
		event.kind = NODE_FRAME;
		event.frame.link = packet->link;
		event.frame.local_index = packet->local_index;
		event.frame.kind = packet->frame_kind;
		event.frame.payload = bytes;
		event.frame.way = packet->way;
		break;
	case FORWARD_HANDSHAKE:
		event.kind = NODE_DATAGRAM;
		event.datagram.local = packet->way.local;
		event.datagram.remote = packet->way.remote;
		event.datagram.bytes = bytes;
		break;
	case FORWARD_PENDING:
	case FORWARD_JOIN:
	case FORWARD_SENT:
	case FORWARD_DROP:
		return;
	}
	(void)node_input(guest->node, now, &event); /* what it refuses it has counted */
}

static void carry_reports(struct guest *guest, struct now now)
{
	struct node_event event = { .kind = NODE_REPORT };

	while (forward_report(&guest->thread, &event.report))
		(void)node_input(guest->node, now, &event);
}

static void open_datagram(struct guest *guest, struct now now, struct span bytes,
			  const struct way *way)
{
	uint8_t buffer[FORWARD_PACKET_BYTES_MAX];
	struct forward_batch batch;

	if (bytes.len > sizeof(buffer))
		return;
	memcpy(buffer, bytes.data, bytes.len);
	batch.count = 1;
	batch.packets[0] = (struct forward_packet){ .data = buffer, .len = bytes.len, .way = *way };
	if (forward_from_wire(&guest->thread, guest->table, now, &batch) > 0)
		carry_verdict(guest, now, &batch.packets[0]);
	carry_reports(guest, now);
}

static void carry_send(struct guest *guest, struct now now, const struct node_action *action)
{
	const struct egress_datagram like = { .link = action->send.link,
					      .class = action->send.class,
					      .local = action->send.local,
					      .remote = action->send.remote,
					      .ttl = action->send.ttl };
	struct egress_datagram *slot;

	if (egress_room(guest->egress) == 0)
		send_what_waits(guest, now);
	slot = egress_reserve(guest->egress, &like);
	if (slot == NULL)
		return;
	memcpy(slot->data, action->send.bytes.data, action->send.bytes.len);
	egress_commit(guest->egress, slot, action->send.bytes.len);
}

static void carry_action(struct guest *guest, struct now now, const struct node_action *action)
{
	static const struct way by_ring = { .kind = WAY_RING };

	switch (action->kind) {
	case NODE_SEND:
		carry_send(guest, now, action);
		return;
	case NODE_OPEN:
		open_datagram(guest, now, action->datagram, &by_ring);
		return;
	case NODE_TABLE:
		table_del(guest->table);
		guest->table = action->table;
		return;
	case NODE_REPLY:
		if (guest->state == GUEST_LEAVING)
			guest->state = GUEST_GONE; /* nothing else was asked */
		return;
	case NODE_DELIVER:
		hear_echo(guest, action->packet);
		return;
	case NODE_CONFIGURE:
	case NODE_LOOKUP:
	case NODE_BEACON:
	case NODE_KEEP:
	case NODE_EVENT:
	case NODE_CLOCK:
	case NODE_TWICE:
		return;
	}
}

/* Until nobody has anything to say. */
static void run(struct guest *guest, struct now now)
{
	const struct node_event time = { .kind = NODE_TIME };
	struct node_action action;

	carry_reports(guest, now);
	(void)node_input(guest->node, now, &time);
	while (node_poll(guest->node, now, &action))
		carry_action(guest, now, &action);
	send_what_waits(guest, now);
}

static void ask(struct guest *guest, struct now now)
{
	uint8_t packet[IPV6_HEADER_BYTES + ECHO_BYTES];
	struct forward_batch batch;

	guest->ask_at = mono_add_ms(now.mono, ECHO_AGAIN_MS);
	write_echo(guest, packet);
	batch.count = 1;
	batch.packets[0] = (struct forward_packet){ .data = packet, .len = sizeof(packet) };
	if (forward_from_tun(&guest->thread, guest->table, now, &batch) > 0)
		carry_verdict(guest, now, &batch.packets[0]);
}

static void receive(struct guest *guest, struct now now)
{
	uint8_t buffer[FORWARD_PACKET_BYTES_MAX];

	for (int i = 0; i < TURN_DATAGRAMS; i++) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		const ssize_t len = recvfrom(guest->fd, buffer, sizeof(buffer), 0,
					     (struct sockaddr *)&from, &from_len);

		if (len < 0)
			return; /* nothing more, or what ICMP says, which nobody believes */
		if (guest->quits) {
			guest->state = GUEST_GONE;
			return;
		}
		const struct endpoint remote = endpoint_of(&from);
		const struct way way = way_direct(&guest->address, &remote);

		open_datagram(guest, now, span_of(buffer, (size_t)len), &way);
		run(guest, now); /* the keys for the next one may be in this one */
	}
}

/* --- from outside --- */

static int begin(struct guest *guest, const struct guest_config *config, struct now now)
{
	struct node_event host = { .kind = NODE_HOST, .host.count = 1 };
	uint8_t seed[ENTROPY_SEED_BYTES];
	int err = open_socket(guest);

	if (err != 0 || (err = seed_read(seed, sizeof(seed))) != 0)
		return err;
	entropy_init(&guest->entropy, seed);
	rng_init_seed(&guest->rng, guest->address.port);
	err = egress_new(&guest->rng, EGRESS_SLOTS, &guest->egress);
	if (err == 0)
		err = node_new(config->node, &guest->entropy, now, &guest->node);
	if (err != 0)
		return err;
	forward_thread_init(&guest->thread, guest->egress);
	host.host.endpoints[0] = guest->address;
	(void)node_input(guest->node, now, &host);
	return 0;
}

int guest_new(const struct guest_config *config, struct now now, struct guest **ret)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	int err;

	if (guest == NULL)
		return ERR_NOMEM;
	guest->quits = config->quits;
	guest->address = config->address;
	guest->host = config->host;
	guest->self =
		address_ipv6(&config->node->certificate->network, &config->node->certificate->id);
	err = begin(guest, config, now);
	if (err != 0) {
		guest_del(guest);
		return err;
	}
	run(guest, now); /* it has a table, if an empty one */
	ask(guest, now);
	run(guest, now);
	*ret = guest;
	return 0;
}

void guest_del(struct guest *guest)
{
	if (guest == NULL)
		return;
	node_del(guest->node);
	table_del(guest->table);
	egress_del(guest->egress);
	entropy_wipe(&guest->entropy);
	if (guest->fd >= 0)
		(void)close(guest->fd);
	free(guest);
}

int guest_fd(const struct guest *guest)
{
	return guest->fd;
}

void guest_turn(struct guest *guest, struct now now)
{
	receive(guest, now);
	if (guest->state == GUEST_GONE)
		return;
	if (guest->state == GUEST_COMING && mono_reached(now.mono, guest->ask_at))
		ask(guest, now);
	run(guest, now);
}

struct mono guest_deadline(const struct guest *guest)
{
	const struct mono node = node_deadline(guest->node);

	return guest->state == GUEST_COMING ? mono_min(node, guest->ask_at) : node;
}

void guest_leave(struct guest *guest, struct now now)
{
	const struct node_event goodbye = { .kind = NODE_REQUEST,
					    .request = { .token = 1, .verb = NODE_SHUTDOWN } };

	guest->state = GUEST_LEAVING;
	(void)node_input(guest->node, now, &goodbye);
	run(guest, now);
}

enum guest_state guest_state(const struct guest *guest)
{
	return guest->state;
}

struct span guest_m0(const struct guest *guest)
{
	return span_of(guest->m0, guest->m0_len);
}
