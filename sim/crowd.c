/* crowd.c - see crowd.h.
 *
 * On the map members stand in a square, each with an access line of its own: as in measurements of
 * the Internet, most lines are short and a few are long, and who is far is far from everybody.
 */
#include "sim/crowd.h"

#include "base/check.h"
#include "base/heap.h"
#include "crypto/aead_null.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUND_TRIP_US 50000   /* the mean, if the script says nothing */
#define CORE_DELAY_US 1000    /* what the nearest two have between their lines */
#define CENTRAL_PER_MILLE 521 /* mean distance of two places in a square, in sides */
#define ACCESS_MEAN_DIVISOR 5 /* of the sum of fourth powers below */
#define RELAY_BYTES_S 1000000
#define OUTSIDE_FIRST 0xc6120001 /* 198.18.0.1, of the benchmarking network (RFC 2544, C.2.2) */
#define OUTSIDE_MAX 131000
#define ROOM_PACKETS 64   /* in flight, for each member */
#define ROOM_MAPPINGS 512 /* and permits, for each NAT */
#define SHARE_ALL 1000000

static const struct suite null_suites[] = {
	{ .id = SUITE_AES_256_GCM, .handshake = &aead_null, .packets = &aead_null },
	{ .id = SUITE_NONE },
};

struct world_config crowd_world(uint64_t seed, uint32_t count)
{
	struct world_config config = world_config_default(seed);

	config.net.devices_max = 2 * count;
	config.net.packets_max = 65536 + ROOM_PACKETS * count;
	config.net.mappings_max = 16384 + ROOM_MAPPINGS * count;
	config.net.paths_max = 1;
	return config;
}

uint64_t crowd_draw(struct rng *rng, struct script_range range)
{
	return range.low == range.high ? range.low : rng_between(rng, range.low, range.high);
}

/* -- where they stand ---------------------------------------------------------------------- */

void crowd_next_ip(struct crowd *crowd, char ret[32])
{
	const uint32_t ip = OUTSIDE_FIRST + crowd->addresses++;

	CHECK(crowd->addresses <= OUTSIDE_MAX);
	(void)snprintf(ret, 32, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

uint32_t crowd_device(const struct crowd *crowd, uint32_t i)
{
	const struct member *m = &crowd->members[i];

	return m->nat != 0 ? m->nat : m->host;
}

/* The kind of NAT that a new household has; NULL: none. The shares of the script's lines add up. */
static const struct natbox_kind *draw_kind(struct rng *rng, const struct script *script)
{
	static const struct natbox_kind *const common[] = {
		&natbox_full_cone, &natbox_address_restricted, &natbox_port_restricted,
		&natbox_symmetric, &natbox_linux_accept,
	};
	uint64_t at = rng_between(rng, 0, SHARE_ALL - 1);

	for (unsigned i = 0; i < script->count; i++) {
		const struct script_statement *s = &script->statements[i];

		if (s->verb != SCRIPT_NAT)
			continue;
		const uint64_t share = crowd_draw(rng, s->values[0]);

		if (at >= share) {
			at -= share;
			continue;
		}
		if (!s->any_nat)
			return &s->nat;
		return common[rng_between(rng, 0, sizeof(common) / sizeof(common[0]) - 1)];
	}
	return NULL;
}

static uint32_t add_nat(struct crowd *crowd, const struct natbox_kind *kind)
{
	struct net *net = world_net(crowd->world);
	char ip[32];
	uint32_t nat;

	if (kind->ports == NATBOX_KEEP) {
		nat = net_add_nat(net, NET_INTERNET, NULL, kind);
	} else {
		crowd_next_ip(crowd, ip);
		nat = net_add_nat(net, NET_INTERNET, ip, kind);
	}
	crowd->nats[crowd->nat_count++] = nat;
	return nat;
}

/* The line of a household: where it is, how long and how fast. */
static void set_line(struct crowd *crowd, const struct script *script, uint32_t device)
{
	const struct script_statement *bandwidth = script_find(script, SCRIPT_BANDWIDTH);
	const struct script_statement *mtu = script_find(script, SCRIPT_MTU);
	struct net *net = world_net(crowd->world);
	struct rng *rng = world_rng(crowd->world);
	struct leg *up = net_uplink(net, device);
	struct leg *down = net_downlink(net, device);

	if (crowd->reach_us > 0) {
		const uint64_t side = 2UL * (uint32_t)crowd->reach_us;
		const int32_t x_us = (int32_t)rng_between(rng, 0, side) - crowd->reach_us;
		const int32_t y_us = (int32_t)rng_between(rng, 0, side) - crowd->reach_us;
		const uint64_t draw = rng_between(rng, 0, 1000);
		/* Its mean is a twentieth of the side. */
		const uint64_t access_us =
			side / 4 * draw / 1000 * draw / 1000 * draw / 1000 * draw / 1000;

		net_place(net, device, x_us, y_us);
		up->delay_us = (uint32_t)access_us;
		down->delay_us = (uint32_t)access_us;
	}
	if (bandwidth != NULL) {
		up->rate_bytes = (uint32_t)crowd_draw(rng, bandwidth->values[0]);
		down->rate_bytes = (uint32_t)crowd_draw(rng, bandwidth->values[1]);
		up->queue_bytes = up->rate_bytes / 5; /* 200 ms of buffer */
		down->queue_bytes = down->rate_bytes / 5;
	}
	if (mtu != NULL)
		up->mtu_bytes = down->mtu_bytes = (uint16_t)crowd_draw(rng, mtu->values[0]);
}

/* Where households are filled: who comes next lives in the last one while it has room. */
struct household {
	uint32_t nat;
	uint64_t room, members;
};

static void place(struct crowd *crowd, const struct script *script, uint32_t i,
		  struct household *household)
{
	const struct script_statement *home = script_find(script, SCRIPT_HOME);
	struct net *net = world_net(crowd->world);
	struct rng *rng = world_rng(crowd->world);
	struct member *m = &crowd->members[i];
	bool is_new = true;
	char ip[32];

	if (household->room > 0) {
		household->room--;
		is_new = false;
		m->nat = household->nat;
	} else {
		const struct natbox_kind *kind =
			i < crowd->bootstrap ? NULL : draw_kind(rng, script);

		if (kind != NULL) {
			m->nat = add_nat(crowd, kind);
			*household = (struct household){ .nat = m->nat };
			if (home != NULL)
				household->room = crowd_draw(rng, home->values[0]) - 1;
		}
	}
	/* Everybody's private network is the same, as at home. */
	if (m->nat != 0 && net_nat(net, m->nat)->kind.ports != NATBOX_KEEP)
		(void)snprintf(ip, sizeof(ip), "192.168.0.%u", 2 + (unsigned)household->members++);
	else
		crowd_next_ip(crowd, ip);
	net_add_address(net, m->host, m->nat == 0 ? NET_INTERNET : m->nat, ip);
	if (is_new)
		set_line(crowd, script, crowd_device(crowd, i));
}

/* So that two members' mean round trip is what is asked: half of it on each way, which is the core,
 * two access lines and the distance. */
static void set_map(struct crowd *crowd, const struct script *script)
{
	const struct script_statement *latency = script_find(script, SCRIPT_LATENCY);
	struct leg *core = net_realm(world_net(crowd->world), NET_INTERNET);
	const uint64_t mean_us =
		(latency == NULL ? ROUND_TRIP_US
				 : crowd_draw(world_rng(crowd->world), latency->values[0])) /
		2;

	core->delay_us = mean_us < CORE_DELAY_US ? (uint32_t)mean_us : CORE_DELAY_US;
	/* side * 0.521, and twice side / 4 * the mean of x^4, which is 1/5. */
	crowd->reach_us = (int32_t)((mean_us - core->delay_us) * 1000 /
				    (CENTRAL_PER_MILLE + 2 * 250 / ACCESS_MEAN_DIVISOR) / 2);
}

/* -- who they are -------------------------------------------------------------------------- */

/* Ids do not change, so neither does their order. The ids of a group's members differ in their
 * first 64 bits, unless somebody made 2^32 of them. */
static void sort_by_id(struct crowd *crowd)
{
	struct heap heap;

	heap_init(&heap, crowd->count);
	for (uint32_t i = 0; i < crowd->count; i++) {
		const struct id *id = &crowd->members[i].identity.certificate.id;
		struct reader r = reader_of(span_of(id->bytes, sizeof(id->bytes)));
		struct mono place;

		CHECK(reader_u64(&r, &place.us) && heap_push(&heap, place, i) == 0);
	}
	for (uint32_t i = 0; i < crowd->count; i++)
		crowd->by_id[i] = (uint32_t)heap_pop(&heap).item;
	heap_free(&heap);
}

static void make_identity(struct crowd *crowd, uint32_t i)
{
	struct member *m = &crowd->members[i];
	const uint8_t ipv4[4] = { 10, (uint8_t)(128 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i };
	char name[32];

	(void)snprintf(name, sizeof(name), "m%u", i);
	group_member_init(&crowd->group, name, ipv4, &m->identity);
	CHECK(map_put(&crowd->index_by_id, m->identity.certificate.id.bytes, i) == 0);
}

void crowd_init(struct crowd *crowd, struct world *world, const struct script *script,
		uint32_t count)
{
	const struct script_statement *bootstrap = script_find(script, SCRIPT_BOOTSTRAP);
	const struct script_statement *crypto = script_find(script, SCRIPT_CRYPTO);
	struct rng *rng = world_rng(world);
	struct household household = { 0 };

	*crowd = (struct crowd){ .world = world, .count = count, .bootstrap = 1 };
	crowd->null_crypto = crypto != NULL && crypto->choice == 1;
	if (bootstrap != NULL)
		crowd->bootstrap = (uint32_t)crowd_draw(rng, bootstrap->values[0]);
	if (crowd->bootstrap > count)
		crowd->bootstrap = count;
	crowd->members = calloc(count, sizeof(crowd->members[0]));
	crowd->by_id = calloc(count, sizeof(crowd->by_id[0]));
	crowd->by_host = calloc(2UL * count + 1, sizeof(crowd->by_host[0]));
	crowd->nats = calloc(count, sizeof(crowd->nats[0]));
	CHECK(crowd->members != NULL && crowd->by_id != NULL && crowd->by_host != NULL &&
	      crowd->nats != NULL);
	map_init(&crowd->index_by_id, rng, count, ID_BYTES);
	group_init(&crowd->group, rng_u64(rng), wall_from_s(WORLD_START_S));
	for (uint32_t i = 0; i <= 2 * count; i++)
		crowd->by_host[i] = CROWD_NOBODY;
	if (script_find(script, SCRIPT_MATRIX) == NULL)
		set_map(crowd, script);
	for (uint32_t i = 0; i < count; i++) {
		crowd->members[i].host = net_add_host(world_net(world));
		crowd->by_host[crowd->members[i].host] = i;
	}
	for (uint32_t i = 0; i < count; i++) {
		make_identity(crowd, i);
		place(crowd, script, i, &household);
	}
	sort_by_id(crowd);
}

void crowd_set_matrix(struct crowd *crowd, const uint32_t *times_us, uint32_t sites)
{
	struct net *net = world_net(crowd->world);

	net_realm(net, NET_INTERNET)->delay_us = 0;
	net_set_matrix(net, times_us, sites);
	for (uint32_t i = 0; i < crowd->count; i++) {
		const uint32_t device = crowd_device(crowd, i);

		/* Households are numbered in their order, which says nothing of where they are. */
		net_set_site(net, device, device % sites);
	}
}

void crowd_free(struct crowd *crowd)
{
	for (uint32_t i = 0; crowd->members != NULL && i < crowd->count; i++) {
		if (crowd->members[i].node != NULL)
			crowd_crash(crowd, i); /* it borrows the key */
		group_member_free(&crowd->members[i].identity);
	}
	group_free(&crowd->group);
	map_free(&crowd->index_by_id);
	free(crowd->nats);
	free(crowd->by_host);
	free(crowd->by_id);
	free(crowd->members);
	*crowd = (struct crowd){ 0 };
}

/* -- life ---------------------------------------------------------------------------------- */

static void add_lines(const struct crowd *crowd, uint32_t i, struct node_config *config)
{
	for (uint32_t b = 0; b < crowd->bootstrap; b++) {
		const struct member *to = &crowd->members[b];
		struct node_bootstrap *line = &config->bootstrap[config->bootstrap_count];
		char ip[ENDPOINT_TEXT_CHARS + 1];
		struct endpoint address;

		if (b == i || !net_address(world_net(crowd->world), to->host, 0, &address))
			continue;
		endpoint_ip_to_text(&address, ip);
		memcpy(line->host, ip, strlen(ip) + 1);
		line->port = CROWD_PORT;
		line->id = to->identity.certificate.id;
		config->bootstrap_count++;
	}
}

void crowd_start(struct crowd *crowd, uint32_t i, bool with_memory)
{
	struct member *m = &crowd->members[i];
	struct node_config config = {
		.network = "sim",
		.key = m->identity.key,
		.certificate = &m->identity.certificate,
		.trust = crowd->group.trust,
		.suites = crowd->null_crypto ? null_suites : suites_all,
		.ipv4_prefix = { { 10, 128, 0, 0 }, 9 },
		.relay_bytes_s = RELAY_BYTES_S,
		.lan = true,
		.built = crowd->group.issued,
		.bundle_issued = crowd->group.issued,
	};

	CHECK(m->node == NULL);
	config.secrets[0].epoch = 1;
	memcpy(config.secrets[0].bytes, crowd->group.secret, SESSION_SECRET_BYTES);
	add_lines(crowd, i, &config);
	if (with_memory) {
		config.neighbour_count = m->kept_count;
		memcpy(config.neighbours, m->kept, sizeof(m->kept));
	}
	m->started = world_time(crowd->world);
	m->settled = false;
	m->paused = false;
	m->node = node_host_attach(crowd->world, m->host, &config, CROWD_PORT, ++m->starts);
	CHECK(m->node != NULL);
}

void crowd_crash(struct crowd *crowd, uint32_t i)
{
	struct member *m = &crowd->members[i];

	m->kept_count = node_host_kept(m->node, m->kept);
	world_crash(crowd->world, m->host);
	m->node = NULL;
	m->paused = false;
}

void crowd_pause(struct crowd *crowd, uint32_t i)
{
	world_pause(crowd->world, crowd->members[i].host);
	crowd->members[i].paused = true;
}

void crowd_resume(struct crowd *crowd, uint32_t i)
{
	world_resume(crowd->world, crowd->members[i].host);
	crowd->members[i].paused = false;
}

bool crowd_ipv6(struct crowd *crowd, uint32_t i, struct ip_address *ret)
{
	struct member *m = &crowd->members[i];
	struct node_addresses addresses;

	if (!m->has_ipv6 && m->node != NULL && node_host_addresses(m->node, &addresses)) {
		m->ipv6 = addresses.ipv6;
		m->has_ipv6 = true;
	}
	if (m->has_ipv6)
		*ret = m->ipv6;
	return m->has_ipv6;
}

uint32_t crowd_up_count(const struct crowd *crowd)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < crowd->count; i++)
		count += crowd_is_up(crowd, i);
	return count;
}

uint32_t crowd_find(const struct crowd *crowd, const struct id *id)
{
	uint32_t index;

	return map_get(&crowd->index_by_id, id->bytes, &index) ? index : CROWD_NOBODY;
}
