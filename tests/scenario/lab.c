/* lab.c - see lab.h. */
#include "tests/scenario/lab.h"

#include "node/node_internal.h"
#include "tests/lib/packet.h"
#include "vnet/address.h"

#include <stdio.h>
#include <stdlib.h>

#define RELAY_BYTES_S 1000000

struct lab lab;

static void ip_of(unsigned i, char ret[32])
{
	(void)snprintf(ret, 32, "192.0.2.%u", i + 1);
}

void lab_start(unsigned i)
{
	struct lab_member *m = &lab.members[i];

	m->node = node_host_attach(lab.world, m->host, &m->config, LAB_PORT, ++m->starts);
	SCENARIO_EXPECT(lab.world, m->node != NULL);
}

void lab_add_line(unsigned from, unsigned to)
{
	struct node_config *config = &lab.members[from].config;
	struct node_bootstrap *line = &config->bootstrap[config->bootstrap_count++];

	ip_of(to, line->host);
	line->port = LAB_PORT;
	line->id = lab.members[to].identity.certificate.id;
}

void lab_set_up(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < lab.count; i++) /* of the play before */
		group_member_free(&lab.members[i].identity);
	group_free(&lab.group);
	memset(&lab, 0, sizeof(lab));
	lab.world = world;
	lab.count = count;
	group_init(&lab.group, rng_u64(world_rng(world)), wall_from_s(WORLD_START_S));
	for (unsigned i = 0; i < count; i++) {
		struct lab_member *m = &lab.members[i];
		const uint8_t ipv4[4] = { 10, 130, 0, (uint8_t)(i + 1) };
		char name[32];

		(void)snprintf(name, sizeof(name), "member-%u", i);
		group_member_init(&lab.group, name, ipv4, &m->identity);
		m->host = net_add_host(world_net(world));
		m->config = (struct node_config){
			.network = "test",
			.key = m->identity.key,
			.certificate = &m->identity.certificate,
			.trust = lab.group.trust,
			.suites = suites_all,
			.ipv4_prefix = { { 10, 130, 0, 0 }, 16 },
			.relay_bytes_s = RELAY_BYTES_S,
			.built = lab.group.issued,
			.bundle_issued = lab.group.issued,
		};
		m->config.secrets[0].epoch = 1;
		memcpy(m->config.secrets[0].bytes, lab.group.secret, SESSION_SECRET_BYTES);
	}
}

void lab_place_public(unsigned i)
{
	char ip[32];

	ip_of(i, ip);
	net_add_address(world_net(lab.world), lab.members[i].host, NET_INTERNET, ip);
}

void lab_place_all_public(void)
{
	for (unsigned i = 0; i < lab.count; i++)
		lab_place_public(i);
}

void lab_place_behind(unsigned i, const struct natbox_kind *kind)
{
	struct lab_member *m = &lab.members[i];
	char ip[32];

	(void)snprintf(ip, sizeof(ip), "198.51.100.%u", i + 1);
	m->nat = net_add_nat(world_net(lab.world), NET_INTERNET, ip, kind);
	(void)snprintf(ip, sizeof(ip), "10.0.%u.2", i);
	net_add_address(world_net(lab.world), m->host, m->nat, ip);
}

void lab_place_beside(unsigned i, unsigned neighbour)
{
	struct lab_member *m = &lab.members[i];
	char ip[32];

	m->nat = lab.members[neighbour].nat;
	(void)snprintf(ip, sizeof(ip), "10.0.%u.%u", neighbour, i + 3);
	net_add_address(world_net(lab.world), m->host, m->nat, ip);
}

void lab_crash(unsigned i)
{
	world_crash(lab.world, lab.members[i].host);
	lab.members[i].node = NULL;
}

void lab_crash_and_keep(unsigned i)
{
	struct lab_member *m = &lab.members[i];

	m->config.neighbour_count = node_host_kept(m->node, m->config.neighbours);
	lab_crash(i);
}

void lab_start_star(struct world *world, unsigned count)
{
	lab_set_up(world, count);
	lab_place_all_public();
	for (unsigned i = 1; i < count; i++)
		lab_add_line(i, 0);
	for (unsigned i = 0; i < count; i++)
		lab_start(i);
}

struct ip_address lab_ipv6(unsigned i)
{
	const struct certificate *c = &lab.members[i].identity.certificate;

	return address_ipv6(&c->network, &c->id);
}

/* Which family is the number's parity. */
void lab_send_sized(unsigned from, unsigned to, unsigned number, size_t len)
{
	uint8_t packet[LAB_PACKET_BYTES_MAX];

	SCENARIO_EXPECT(lab.world, len <= sizeof(packet));
	if (number % 2 == 0) {
		const struct ip_address source = lab_ipv6(from);
		const struct ip_address destination = lab_ipv6(to);

		(void)packet_v6(packet, len, source.bytes, destination.bytes);
	} else {
		(void)packet_v4(packet, len, lab.members[from].identity.certificate.ipv4,
				lab.members[to].identity.certificate.ipv4);
	}
	packet[len - 3] = (uint8_t)from;
	packet_u16(packet + len - 2, number);
	SCENARIO_EXPECT(lab.world, node_host_send(lab.members[from].node, span_of(packet, len)));
}

void lab_send_number(unsigned from, unsigned to, unsigned number)
{
	lab_send_sized(from, to, number, LAB_PACKET_LEN);
}

/* Counts what arrived; anything that nobody sent ends the play. */
static void collect(void)
{
	for (unsigned i = 0; i < lab.count; i++) {
		struct lab_member *m = &lab.members[i];
		struct span packet;

		while (m->node != NULL && node_host_receive(m->node, &packet)) {
			const bool v6 = packet.data[0] >> 4 == 6;
			const uint8_t protocol = packet.data[v6 ? 6 : 9];
			unsigned from, number;

			if (protocol != PACKET_UDP) {
				m->icmp++;
				continue;
			}
			from = packet.data[packet.len - 3];
			number = packet.data[packet.len - 2] * 256U + packet.data[packet.len - 1];
			SCENARIO_EXPECT(lab.world, from < lab.count && number < LAB_NUMBERS_MAX);
			if (from >= lab.count || number >= LAB_NUMBERS_MAX)
				continue;
			m->got[from][number]++;
			m->behind[from] += number < m->last[from][v6];
			m->last[from][v6] = number;
		}
	}
}

void lab_run_ms(uint64_t ms)
{
	for (uint64_t done = 0; done < ms; done += 10) {
		world_run_ms(lab.world, 10);
		collect();
	}
}

void lab_run_slowly_ms(uint64_t ms)
{
	world_run_ms(lab.world, ms);
	collect();
}

unsigned lab_arrived(unsigned from, unsigned to, unsigned first, unsigned end)
{
	unsigned count = 0;

	for (unsigned n = first; n < end; n++) {
		count += lab.members[to].got[from][n] > 0;
		SCENARIO_EXPECT(lab.world, lab.members[to].got[from][n] <= 1);
	}
	return count;
}

struct node_status lab_status(unsigned i)
{
	struct node_reply reply;
	struct node_status status = { .peers_up = UINT32_MAX };

	node_host_request(lab.members[i].node, NODE_STATUS, "");
	lab_run_ms(10);
	while (node_host_reply(lab.members[i].node, &reply))
		if (reply.kind == NODE_REPLY_STATUS)
			status = reply.status;
	return status;
}

bool lab_peer(unsigned i, unsigned of, struct node_peer *ret)
{
	struct node_reply reply;
	bool is_known = false;

	node_host_request(lab.members[i].node, NODE_PEERS, "");
	lab_run_ms(10);
	while (node_host_reply(lab.members[i].node, &reply)) {
		if (reply.kind != NODE_REPLY_PEER ||
		    !id_equal(&reply.peer.id, &lab.members[of].identity.certificate.id))
			continue;
		*ret = reply.peer;
		is_known = true;
	}
	return is_known;
}

struct peer *lab_inside(unsigned i, unsigned of)
{
	struct handle handle;

	return peer_find(node_host_node(lab.members[i].node),
			 &lab.members[of].identity.certificate.id, &handle);
}

struct node *lab_node(unsigned i)
{
	return node_host_node(lab.members[i].node);
}

struct now lab_now(unsigned i)
{
	return world_now(lab.world, lab.members[i].host);
}

const struct id *lab_id(unsigned i)
{
	return &lab.members[i].identity.certificate.id;
}

bool lab_has_met(unsigned i, unsigned of)
{
	const struct peer *peer = lab_inside(i, of);

	return peer != NULL && peer_is_up(peer);
}

unsigned lab_stranger(unsigned i, unsigned from)
{
	unsigned other = from + 1;

	while (other < lab.count && (other == i || lab_has_met(i, other)))
		other++;
	SCENARIO_EXPECT(lab.world, other < lab.count);
	return other < lab.count ? other : from;
}

void lab_say(unsigned from, unsigned to, uint8_t kind, struct span payload)
{
	const struct lab_member *m = &lab.members[from];

	SCENARIO_EXPECT(lab.world,
			send_to_peer(node_host_node(m->node), world_now(lab.world, m->host),
				     lab_inside(from, to), kind, payload));
	world_wake(lab.world, m->host);
}
