/* wanderer.c - see wanderer.h.
 *
 * A datagram is: how it is carried 1, what it is 1, of whom 1, number 8, endpoint 18, rest. */
#include "tests/scenario/wanderer.h"

#include "base/check.h"

#define DATAGRAM_ROOM 600
#define LOOK_MS 100 /* while packets come and go */

enum carriage { DIRECT, RING, RELAYED_BY_FIRST, RELAYED_BY_SECOND, TO_HUB };
enum what { GREETING, SEEN, PROBE, PROBE_ANSWER, EMPTY, PACKET, CANDIDATES, GRANT };

struct said {
	uint8_t carriage, what, of;
	uint64_t number;
	struct endpoint endpoint;
	struct span rest;
};

static void put(struct writer *w, const struct said *said)
{
	writer_u8(w, said->carriage);
	writer_u8(w, said->what);
	writer_u8(w, said->of);
	writer_u64(w, said->number);
	endpoint_encode(&said->endpoint, w);
	writer_span_of(w, said->rest);
	CHECK(writer_ok(w));
}

static bool get(struct span bytes, struct said *ret)
{
	struct reader r = reader_of(bytes);

	return reader_u8(&r, &ret->carriage) && reader_u8(&r, &ret->what) &&
	       reader_u8(&r, &ret->of) && reader_u64(&r, &ret->number) &&
	       endpoint_decode(&r, &ret->endpoint) && reader_span(&r, reader_left(&r), &ret->rest);
}

static struct endpoint endpoint_of(struct world *world, uint32_t host)
{
	struct endpoint e;

	CHECK(net_address(world_net(world), host, 0, &e));
	e.port = WANDERER_PORT;
	return e;
}

/* -- hubs ---------------------------------------------------------------------------------- */

static void hub_datagram(void *machine, struct now now, const struct net_datagram *datagram)
{
	struct hub *hub = machine;
	uint8_t bytes[DATAGRAM_ROOM];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct net_datagram out = { .local = datagram->local, .remote = datagram->remote };
	struct said said;

	(void)now;
	if (!get(datagram->bytes, &said) || said.of > 1)
		return;
	hub->seen[said.of] = datagram->remote;
	if (said.what == GREETING) {
		said.what = SEEN;
		said.number = hub->number;
		said.endpoint = datagram->remote;
	} else {
		out.remote = hub->seen[1 - said.of];
		if (out.remote.port == 0 || (said.carriage != RING && !hub->relays))
			return;
	}
	put(&w, &said);
	out.bytes = writer_span(&w);
	CHECK(world_send(hub->world, hub->host, &out) == 0);
}

static void hub_run(void *machine, struct now now)
{
	(void)machine;
	(void)now;
}

static struct mono hub_deadline(const void *machine)
{
	(void)machine;
	return MONO_NEVER;
}

/* -- what a wanderer says ------------------------------------------------------------------- */

static void send_to(struct wanderer *w, const struct way *direct, uint8_t ttl,
		    const struct said *said)
{
	uint8_t bytes[DATAGRAM_ROOM];
	struct writer out = writer_of(bytes, sizeof(bytes));
	struct net_datagram datagram = { .local = direct->local,
					 .remote = direct->remote,
					 .ttl = ttl };

	datagram.local.port = WANDERER_PORT;
	put(&out, said);
	datagram.bytes = writer_span(&out);
	(void)world_send(w->world, w->host, &datagram); /* of a family that we do not have: lost */
}

static void send_to_hub(struct wanderer *w, uint32_t hub, const struct said *said)
{
	const struct endpoint any = { 0 };
	const struct endpoint at = endpoint_of(w->world, w->hubs[hub].host);
	const struct way way = way_direct(&any, &at);

	send_to(w, &way, 0, said);
}

static void send_by(struct wanderer *w, struct now now, const struct way *way,
		    const struct paths_output *like, struct said *said)
{
	said->of = (uint8_t)w->number;
	w->said += said->what != CANDIDATES;
	w->traffic.sent = now.mono;
	if (said->what == PACKET)
		w->traffic.ip_sent = now.mono;
	if (way->kind == WAY_DIRECT) {
		said->carriage = DIRECT;
		send_to(w, way, like == NULL ? 0 : like->ttl, said);
	} else {
		said->carriage = way->kind == WAY_RING ? RING : (uint8_t)way->link;
		send_to_hub(w, said->carriage == RELAYED_BY_SECOND ? 1 : 0, said);
	}
}

static void tell_candidates(struct wanderer *w, struct now now)
{
	const struct way ring = { .kind = WAY_RING };
	uint8_t bytes[DATAGRAM_ROOM / 2];
	struct writer out = writer_of(bytes, sizeof(bytes));
	struct candidates_message message;
	struct said said = { .what = CANDIDATES };

	candidates_tell(&w->candidates, now.mono, &message);
	candidates_encode(&message, &out);
	CHECK(writer_ok(&out));
	said.rest = writer_span(&out);
	send_by(w, now, &ring, NULL, &said);
}

static void grant(struct wanderer *w, struct now now, uint64_t relay)
{
	const struct way way = way_relay((uint32_t)relay, (uint32_t)relay);

	(void)paths_add_relay(&w->paths, now.mono, &way);
}

/* -- what it hears -------------------------------------------------------------------------- */

static struct way way_of(const struct net_datagram *datagram, const struct said *said)
{
	if (said->carriage == DIRECT)
		return way_direct(&datagram->local, &datagram->remote);
	if (said->carriage == RING)
		return (struct way){ .kind = WAY_RING };
	return way_relay(said->carriage, said->carriage);
}

static void take_seen(struct wanderer *w, struct now now, const struct net_datagram *datagram,
		      const struct said *said)
{
	const struct candidates_report report = { .reporter = { { (uint8_t)(1 + said->number) } },
						  .from = datagram->remote,
						  .seen = said->endpoint };

	if (candidates_saw(&w->candidates, now.mono, &report) && w->is_met)
		tell_candidates(w, now);
}

/* The first of ours that is an observed address, and whether the peer names the same. */
static bool is_same_network(const struct candidates_message *own,
			    const struct candidates_message *remote)
{
	for (uint32_t i = 0; i < own->candidate_count; i++)
		for (uint32_t k = 0; k < remote->candidate_count; k++)
			if (own->candidates[i].kind == CANDIDATE_SEEN &&
			    remote->candidates[k].kind == CANDIDATE_SEEN &&
			    endpoint_ip_equal(&own->candidates[i].endpoint,
					      &remote->candidates[k].endpoint))
				return true;
	return false;
}

static void take_candidates(struct wanderer *w, struct now now, struct span bytes)
{
	struct candidates_message own;
	struct candidates_message remote;
	struct paths_candidates told = { 0 };

	if (candidates_decode(bytes, &remote) != 0)
		return;
	candidates_tell(&w->candidates, now.mono, &own);
	told.nat = remote.nat;
	told.own_nat = own.nat;
	told.same_network = is_same_network(&own, &remote);
	for (uint32_t i = 0; i < remote.candidate_count; i++)
		if (candidates_is_probeable(&w->candidates, &remote.candidates[i].endpoint))
			told.candidates[told.count++] = remote.candidates[i];
	paths_candidates(&w->paths, now.mono, &told);
}

static void take_packet(struct wanderer *w, struct now now, const struct way *way)
{
	if (now.mono.us - w->got_last.us > w->gap_max_us)
		w->gap_max_us = now.mono.us - w->got_last.us;
	w->packets_got++;
	w->got_last = now.mono;
	w->came_last = *way;
	w->traffic.ip_received = now.mono;
}

static void take(struct wanderer *w, struct now now, const struct way *way, struct said *said)
{
	struct said answer = { .what = PROBE_ANSWER, .number = said->number };

	w->traffic.received = now.mono;
	if (!way_matches(&paths_used(&w->paths)->way, way))
		paths_came(&w->paths, now.mono, way);
	switch ((enum what)said->what) {
	case PROBE:
		paths_probed(&w->paths, now.mono, said->number, way);
		send_by(w, now, way, NULL, &answer);
		return;
	case PROBE_ANSWER:
		(void)paths_answered(&w->paths, now.mono, said->number, way);
		return;
	case PACKET:
		take_packet(w, now, way);
		return;
	case CANDIDATES:
		take_candidates(w, now, said->rest);
		return;
	case GRANT:
		grant(w, now, said->number);
		return;
	case GREETING:
	case SEEN:
	case EMPTY:
		return;
	}
}

static void meet(struct wanderer *w, struct now now)
{
	const struct way ring = { .kind = WAY_RING };

	paths_free(&w->paths);
	paths_init(&w->paths, &w->rng, now.mono, w->number == 0, &ring);
	w->is_met = true;
	w->next_packet = now.mono;
	w->got_last = now.mono;
	tell_candidates(w, now);
}

static void wanderer_datagram(void *machine, struct now now, const struct net_datagram *datagram)
{
	struct wanderer *w = machine;
	struct said said;

	if (!get(datagram->bytes, &said))
		return;
	if (said.carriage == TO_HUB) {
		if (said.what == SEEN)
			take_seen(w, now, datagram, &said);
		return;
	}
	const struct way way = way_of(datagram, &said);

	if (!w->is_met)
		meet(w, now); /* what came has the place of the last handshake message */
	take(w, now, &way, &said);
}

/* -- its turn ------------------------------------------------------------------------------- */

static void greet(struct wanderer *w, struct now now)
{
	const struct said greeting = { .carriage = TO_HUB,
				       .what = GREETING,
				       .of = (uint8_t)w->number };

	if (!mono_reached(now.mono, w->next_greeting))
		return;
	w->next_greeting = mono_add_ms(now.mono, w->greet_ms);
	for (uint32_t i = 0; i < HUBS; i++)
		send_to_hub(w, i, &greeting);
	if (w->is_met)
		tell_candidates(w, now); /* again: a datagram may be lost */
}

static void talk(struct wanderer *w, struct now now)
{
	struct said packet = { .what = PACKET };

	if (w->talk_ms == 0 || !mono_reached(now.mono, w->next_packet))
		return;
	w->next_packet = mono_add_ms(now.mono, w->talk_ms);
	send_by(w, now, &paths_used(&w->paths)->way, NULL, &packet);
}

static bool has_relay(const struct wanderer *w, uint64_t relay)
{
	for (uint32_t i = 0; i < w->paths.places; i++) {
		const struct trial *t = paths_trial(&w->paths, i);

		if (t->state != TRIAL_UNUSED && t->way.kind == WAY_RELAY && t->way.link == relay)
			return true;
	}
	return false;
}

/* Both take the first that this one does not have. */
static void want_relay(struct wanderer *w, struct now now)
{
	const struct way ring = { .kind = WAY_RING };
	struct said said = { .what = GRANT, .number = RELAYED_BY_FIRST };

	while (said.number < RELAYED_BY_FIRST + HUBS && has_relay(w, said.number))
		said.number++;
	if (said.number == RELAYED_BY_FIRST + HUBS)
		return;
	grant(w, now, said.number);
	send_by(w, now, &ring, NULL, &said);
}

static void do_as_told(struct wanderer *w, struct now now, const struct paths_output *output)
{
	struct said said = { .what = EMPTY };

	switch (output->kind) {
	case PATHS_USE:
		CHECK(paths_used(&w->paths)->state == TRIAL_PROVEN ||
		      paths_used(&w->paths)->state == TRIAL_DOUBTED);
		w->uses++;
		w->direct_since = output->way.kind == WAY_DIRECT ? now.mono : MONO_NEVER;
		return;
	case PATHS_DEAD:
		w->is_dead = true;
		return;
	case PATHS_WANT_RELAY:
		want_relay(w, now);
		return;
	case PATHS_DROP_RELAY:
	case PATHS_SIZE: /* its packets are small */
		return;
	case PATHS_PROBE:
		said.what = PROBE;
		said.number = output->token;
		send_by(w, now, &output->way, output, &said);
		return;
	case PATHS_EMPTY:
		send_by(w, now, &output->way, NULL, &said);
		return;
	}
}

static void wanderer_run(void *machine, struct now now)
{
	struct wanderer *w = machine;
	struct paths_output output;

	greet(w, now);
	if (!w->is_met && mono_reached(now.mono, w->meets_at))
		meet(w, now);
	if (!w->is_met)
		return;
	talk(w, now);
	paths_seen(&w->paths, now.mono, &w->traffic);
	while (paths_poll(&w->paths, now.mono, w->budget, &output))
		do_as_told(w, now, &output);
	paths_seen(&w->paths, now.mono, &w->traffic);
	w->next_look = paths_is_busy(&w->paths) ? mono_add_ms(now.mono, LOOK_MS) : MONO_NEVER;
}

static struct mono wanderer_deadline(const void *machine)
{
	const struct wanderer *w = machine;
	struct mono first = w->next_greeting;

	if (!w->is_met)
		return mono_min(first, w->meets_at);
	if (w->talk_ms > 0)
		first = mono_min(first, w->next_packet);
	return mono_min(first, mono_min(w->next_look, paths_deadline(&w->paths)));
}

/* -- the whole ------------------------------------------------------------------------------ */

static void start_hub(struct hike *hike, uint32_t i)
{
	static const struct host_ops ops = { .datagram = hub_datagram,
					     .run = hub_run,
					     .deadline = hub_deadline };
	struct hub *hub = &hike->hubs[i];

	*hub = (struct hub){ .world = hike->world, .number = i, .relays = true };
	hub->host = net_add_host(world_net(hike->world));
	net_add_address(world_net(hike->world), hub->host, NET_INTERNET,
			i == 0 ? "192.0.2.1" : "192.0.2.129");
	world_attach(hike->world, hub->host, &ops, hub);
}

static void start_wanderer(struct hike *hike, uint32_t i)
{
	static const struct host_ops ops = { .datagram = wanderer_datagram,
					     .run = wanderer_run,
					     .deadline = wanderer_deadline };
	struct wanderer *w = &hike->wanderers[i];
	struct net *net = world_net(hike->world);
	struct endpoint own;

	*w = (struct wanderer){ .world = hike->world,
				.peer = &hike->wanderers[1 - i],
				.hubs = hike->hubs,
				.number = i,
				.greet_ms = 5000,
				.next_look = MONO_NEVER,
				.meets_at = MONO_NEVER,
				.direct_since = MONO_NEVER };
	w->host = net_add_host(net);
	if (hike->nats[i] == 0)
		net_add_address(net, w->host, NET_INTERNET,
				i == 0 ? "198.51.100.1" : "198.51.100.2");
	else
		net_add_address(net, w->host, hike->nats[i],
				i == 0 ? "192.168.0.2" : "192.168.0.3");
	rng_init_seed(&w->rng, rng_u64(world_rng(hike->world)));
	CHECK(probe_budget_new(&w->rng, &w->budget) == 0);
	candidates_init(&w->candidates, NULL, 0);
	own = endpoint_of(hike->world, w->host);
	(void)candidates_set_host(&w->candidates, world_now(hike->world, w->host).mono, &own, 1);
	world_attach(hike->world, w->host, &ops, w);
}

void hike_start(struct hike *hike, struct world *world, const struct natbox_kind *const nats[2],
		bool same_nat)
{
	static const char *const outside[] = { "203.0.113.1", "203.0.113.2" };

	*hike = (struct hike){ .world = world };
	for (uint32_t i = 0; i < HUBS; i++)
		start_hub(hike, i);
	for (uint32_t i = 0; i < 2; i++) {
		if (i == 1 && same_nat)
			hike->nats[1] = hike->nats[0];
		else if (nats[i] != NULL)
			hike->nats[i] =
				net_add_nat(world_net(world), NET_INTERNET, outside[i], nats[i]);
	}
	for (uint32_t i = 0; i < 2; i++)
		start_wanderer(hike, i);
	world_run_ms(world, 1000); /* greetings */
}

void hike_end(struct hike *hike)
{
	for (uint32_t i = 0; i < 2; i++) {
		paths_free(&hike->wanderers[i].paths);
		probe_budget_del(hike->wanderers[i].budget);
	}
}

void hike_meet(struct hike *hike)
{
	struct wanderer *w = &hike->wanderers[rng_between(world_rng(hike->world), 0, 1)];

	w->meets_at = world_now(hike->world, w->host).mono;
	world_wake(hike->world, w->host);
}

/* True if the packets of the peer come by the way that is used here. */
static bool is_answered_alike(const struct wanderer *w)
{
	return w->is_met && paths_used(&w->paths)->way.kind == WAY_DIRECT &&
	       way_matches(&paths_used(&w->paths)->way, &w->came_last);
}

bool hike_is_direct(const struct hike *hike)
{
	return is_answered_alike(&hike->wanderers[0]) && is_answered_alike(&hike->wanderers[1]);
}

void wanderer_begin_gaps(struct wanderer *w)
{
	w->gap_max_us = 0;
	w->got_last = world_now(w->world, w->host).mono;
}

uint64_t wanderer_gap_ms(const struct wanderer *w)
{
	const uint64_t lasts_us = world_now(w->world, w->host).mono.us - w->got_last.us;

	return (lasts_us > w->gap_max_us ? lasts_us : w->gap_max_us) / 1000;
}
