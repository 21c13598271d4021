/* soak_guests.c - members come to a daemon, complete a handshake, stay for a moment and leave,
 * again and again; some without a word, some in the middle of the handshake; and strangers knock.
 *
 *     soak_guests ROOT NETWORK HANDSHAKES SECONDS IDENTITIES RUSH STRANGER ADDRESS...
 *
 * ROOT has the files of the group's CA, as below ROOT of the host that all of them dial. It ends
 * when HANDSHAKES were completed, spread over SECONDS, and all have left: with 0 if no guest was
 * kept waiting in vain, else with 1. ADDRESS are this machine's: handshakes are counted by source,
 * and the host lets each have so many a second. A line of JSON a second says how far it is.
 */
#include "guest.h"
#include "roster.h"
#include "strangers.h"

#include "crypto/start.h"
#include "io/clock.h"
#include "io/loop.h"
#include "vnet/address.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define GUESTS_MAX 1024
#define ADDRESSES_MAX 64
#define PATIENCE_MS 20000  /* a guest's, for its echo */
#define GOODBYE_MS 1000    /* and for its goodbye */
#define STAY_MS 500        /* at most; */
#define LONG_STAY_MS 20000 /* or a quarter of the run */
#define LONG_STAY_PER_MILLE 10
#define CRASH_PER_MILLE 50
/* Of so many visits the first ones quit, one after the other: there are so many half-open
 * handshakes then that the host asks for cookies. */
#define VISITS 1000
#define QUITTERS 150
/* And of so many some come all at once, so that what the host needs for a crowd it has needed soon.
 */
#define RUSH_VISITS 3000
#define RUSH_FIRST 160

struct visitor {
	struct guest *guest; /* owned; NULL: a free place */
	uint32_t member;
	bool crashes, was_answered;
	struct mono came, until; /* until when it is waited for, or stays */
};

struct counts {
	uint64_t visits, completed, quit, crashed, failed, unmade;
	uint64_t slowest_ms; /* from the first byte to the echo */
};

struct hall {
	struct roster roster;
	struct strangers strangers;
	struct loop loop;
	struct rng rng;
	struct endpoint addresses[ADDRESSES_MAX];
	uint32_t address_count;
	struct ip_address host;
	uint64_t handshakes, seconds, rush;
	struct mono began, next_visit, next_line;
	struct visitor visitors[GUESTS_MAX];
	bool *is_here; /* owned: by member */
	uint32_t here;
	struct counts counts;
};

static void tell(const struct hall *hall, struct mono now)
{
	const struct counts *c = &hall->counts;

	(void)printf("{\"ms\": %" PRIu64 ", \"visits\": %" PRIu64 ", \"completed\": %" PRIu64
		     ", \"quit\": %" PRIu64 ", \"crashed\": %" PRIu64 ", \"failed\": %" PRIu64
		     ", \"unmade\": %" PRIu64 ", \"strangers\": %" PRIu64 ", \"here\": %" PRIu32
		     ", \"slowest_ms\": %" PRIu64 "}\n",
		     mono_ms_between(hall->began, now), c->visits, c->completed, c->quit,
		     c->crashed, c->failed, c->unmade, hall->strangers.sent, hall->here,
		     c->slowest_ms);
	(void)fflush(stdout);
}

/* Somebody who is not here. */
static uint32_t draw_member(struct hall *hall)
{
	uint32_t member;

	do
		member = (uint32_t)rng_between(&hall->rng, 0, hall->roster.count - 1);
	while (hall->is_here[member]);
	return member;
}

static struct visitor *free_place(struct hall *hall, uint32_t *ret_index)
{
	for (uint32_t i = 0; i < GUESTS_MAX; i++) {
		*ret_index = i;
		if (hall->visitors[i].guest == NULL)
			return &hall->visitors[i];
	}
	return NULL;
}

static void go(struct hall *hall, struct visitor *visitor)
{
	loop_remove(&hall->loop, guest_fd(visitor->guest));
	guest_del(visitor->guest);
	hall->is_here[visitor->member] = false;
	hall->here--;
	*visitor = (struct visitor){ 0 };
}

static void come(struct hall *hall, struct now now)
{
	const uint64_t number = hall->counts.visits++;
	const uint32_t member = draw_member(hall);
	const struct node_config node = roster_config(&hall->roster, member);
	const struct guest_config config = {
		.node = &node,
		.address = hall->addresses[number % hall->address_count],
		.host = hall->host,
		.quits = number % VISITS < QUITTERS,
	};
	uint32_t index;
	struct visitor *visitor = free_place(hall, &index);

	if (visitor == NULL || guest_new(&config, now, &visitor->guest) != 0 ||
	    loop_add(&hall->loop, guest_fd(visitor->guest), LOOP_READ, 0,
		     (struct handle){ .index = index, .generation = 1 }) != 0) {
		hall->counts.unmade++;
		if (visitor != NULL)
			guest_del(visitor->guest);
		return;
	}
	visitor->member = member;
	visitor->crashes = rng_chance(&hall->rng, CRASH_PER_MILLE);
	visitor->came = now.mono;
	visitor->until = mono_add_ms(now.mono, PATIENCE_MS);
	hall->is_here[member] = true;
	hall->here++;
	strangers_speak(&hall->strangers, guest_m0(visitor->guest));
}

static void was_answered(struct hall *hall, struct visitor *visitor, struct now now)
{
	const uint64_t quarter_ms = hall->seconds * 1000 / 4;
	const uint64_t long_ms = quarter_ms < LONG_STAY_MS ? quarter_ms : LONG_STAY_MS;
	const uint64_t most_ms = rng_chance(&hall->rng, LONG_STAY_PER_MILLE) ? long_ms : STAY_MS;
	const uint64_t took_ms = mono_ms_between(visitor->came, now.mono);

	visitor->was_answered = true;
	visitor->until = mono_add_ms(now.mono, rng_between(&hall->rng, 0, most_ms));
	hall->counts.completed++;
	if (took_ms > hall->counts.slowest_ms)
		hall->counts.slowest_ms = took_ms;
}

/* What is due after it had its turn. */
static void look_at(struct hall *hall, struct visitor *visitor, struct now now)
{
	const enum guest_state state = guest_state(visitor->guest);

	if (state == GUEST_STAYING && !visitor->was_answered)
		was_answered(hall, visitor, now);
	if (state == GUEST_GONE) {
		hall->counts.quit += !visitor->was_answered;
		go(hall, visitor);
	} else if (mono_reached(now.mono, visitor->until)) {
		hall->counts.failed += state == GUEST_COMING;
		hall->counts.crashed += state == GUEST_STAYING && visitor->crashes;
		if (state != GUEST_STAYING || visitor->crashes) {
			go(hall, visitor);
			return;
		}
		guest_leave(visitor->guest, now);
		visitor->until = mono_add_ms(now.mono, GOODBYE_MS);
	}
}

static void turn_all(struct hall *hall, struct now now)
{
	for (uint32_t i = 0; i < GUESTS_MAX; i++) {
		struct visitor *visitor = &hall->visitors[i];

		if (visitor->guest == NULL)
			continue;
		if (mono_reached(now.mono, guest_deadline(visitor->guest)))
			guest_turn(visitor->guest, now);
		look_at(hall, visitor, now);
	}
}

static struct mono next_deadline(const struct hall *hall)
{
	struct mono deadline = mono_min(hall->next_line, hall->next_visit);

	for (uint32_t i = 0; i < GUESTS_MAX; i++) {
		const struct visitor *visitor = &hall->visitors[i];

		if (visitor->guest != NULL)
			deadline = mono_min(
				deadline, mono_min(visitor->until, guest_deadline(visitor->guest)));
	}
	return deadline;
}

/* Those who quit are no handshakes, so there are more visits than these. */
static uint64_t visit_us(const struct hall *hall)
{
	return hall->seconds * UINT64_C(1000000) * (VISITS - QUITTERS) / VISITS / hall->handshakes;
}

static bool is_rush(const struct hall *hall)
{
	const uint64_t number = hall->counts.visits % RUSH_VISITS;

	return number >= RUSH_FIRST && number < RUSH_FIRST + hall->rush;
}

static void run(struct hall *hall)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	struct now now = clock_now();

	hall->began = hall->next_visit = hall->next_line = now.mono;
	while (hall->counts.completed < hall->handshakes || hall->here > 0) {
		const size_t count = loop_wait(&hall->loop, now.mono, next_deadline(hall), events);

		now = clock_now();
		for (size_t i = 0; i < count; i++) {
			struct visitor *visitor = &hall->visitors[events[i].handle.index];

			if (visitor->guest != NULL)
				guest_turn(visitor->guest, now);
		}
		turn_all(hall, now);
		if (hall->counts.completed >= hall->handshakes) {
			hall->next_visit = MONO_NEVER;
		} else if (mono_reached(now.mono, hall->next_visit)) {
			if (!is_rush(hall))
				hall->next_visit = mono_add_us(hall->next_visit, visit_us(hall));
			come(hall, now);
		}
		if (mono_reached(now.mono, hall->next_line)) {
			hall->next_line = mono_add_ms(hall->next_line, 1000);
			tell(hall, now.mono);
		}
	}
	tell(hall, now.mono);
}

/* Whom the group's line leads to. */
static bool find_host(struct hall *hall, const char *stranger)
{
	const struct node_bootstrap *line = &hall->roster.like.bootstrap[0];
	struct endpoint host, from;

	if (endpoint_ip_from_text(line->host, &host) != 0 ||
	    endpoint_ip_from_text(stranger, &from) != 0)
		return false;
	host.port = line->port;
	hall->host = address_ipv6(trust_network(hall->roster.like.trust), &line->id);
	return strangers_init(&hall->strangers, &from, &host, 1) == 0;
}

static bool read_addresses(struct hall *hall, char **texts, int count)
{
	for (int i = 0; i < count && i < ADDRESSES_MAX; i++) {
		if (endpoint_ip_from_text(texts[i], &hall->addresses[i]) != 0)
			return false;
		hall->address_count++;
	}
	return hall->address_count > 0;
}

static bool set_up(struct hall *hall, char **arguments, int count)
{
	const uint32_t identities = (uint32_t)strtoul(arguments[4], NULL, 10);
	struct complaint complaint;

	hall->handshakes = strtoull(arguments[2], NULL, 10);
	hall->seconds = strtoull(arguments[3], NULL, 10);
	hall->rush = strtoull(arguments[5], NULL, 10);
	if (hall->handshakes == 0 || hall->seconds == 0 || identities <= GUESTS_MAX ||
	    !read_addresses(hall, arguments + 7, count - 7)) {
		(void)fprintf(stderr,
			      "soak_guests: each a number of at least 1, more than %d "
			      "identities, and addresses of this machine\n",
			      GUESTS_MAX);
		return false;
	}
	if (crypto_start() != 0 || loop_init(&hall->loop) != 0) {
		(void)fprintf(stderr, "soak_guests: cannot begin\n");
		return false;
	}
	if (roster_new(arguments[0], arguments[1], identities, &hall->roster, &complaint) != 0) {
		(void)fprintf(stderr, "soak_guests: %s\n", complaint.text);
		return false;
	}
	hall->is_here = calloc(identities, sizeof(hall->is_here[0]));
	rng_init_seed(&hall->rng, 1);
	if (hall->is_here == NULL || !find_host(hall, arguments[6])) {
		(void)fprintf(stderr, "soak_guests: no memory, or no way from %s to the host\n",
			      arguments[6]);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct hall hall;
	bool is_well;

	if (argc < 9) {
		(void)fprintf(stderr,
			      "usage: soak_guests ROOT NETWORK HANDSHAKES SECONDS IDENTITIES RUSH "
			      "STRANGER ADDRESS...\n");
		return 2;
	}
	if (!set_up(&hall, argv + 1, argc - 1))
		return 2;
	run(&hall);
	is_well = hall.counts.failed == 0 && hall.counts.unmade == 0;
	strangers_free(&hall.strangers);
	loop_free(&hall.loop);
	roster_free(&hall.roster);
	free(hall.is_here);
	return is_well ? 0 : 1;
}
