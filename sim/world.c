/* world.c - see world.h. */
#include "sim/world.h"

#include "base/alarms.h"
#include "base/check.h"
#include "base/err.h"
#include "sim/streams.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define NOTE_BYTES 512

struct seat {
	const struct host_ops *ops; /* borrowed; NULL: nothing runs here */
	void *machine;              /* borrowed */
	struct host_clock clock;
	struct rng rng;
	bool rng_ready; /* keyed when first asked for */
	bool paused;
	unsigned run_count; /* at the instant `run_at` */
	struct mono run_at;
};

struct world {
	struct world_config config;
	struct journal journal;
	struct net *net;      /* owned */
	struct seat *seats;   /* owned; by device number */
	struct alarms alarms; /* by device number */
	struct mono time;
	uint32_t running; /* 0: none */
	struct rng rng;
	uint64_t steps;
	struct world_checker checkers[WORLD_CHECKERS_MAX];
	unsigned checker_count;
	char failure[WORLD_FAILURE_BYTES]; /* empty: none */
};

/* -- life ---------------------------------------------------------------------------------- */

struct world_config world_config_default(uint64_t seed)
{
	return (struct world_config){
		.net = { .seed = seed,
			 .devices_max = 250,
			 .packets_max = 65536,
			 .paths_max = 1024,
			 .mappings_max = 16384 },
		.start = wall_from_s(WORLD_START_S),
	};
}

struct world *world_new(const struct world_config *config)
{
	struct world *world = calloc(1, sizeof(*world));
	const uint32_t places = config->net.devices_max + 1;

	if (world == NULL)
		return NULL;
	world->config = *config;
	journal_init(&world->journal, config->print);
	stream_init(&world->rng, config->net.seed, STREAM_SCENARIO, 0);
	world->net = net_new(&config->net, &world->journal);
	world->seats = calloc(places, sizeof(world->seats[0]));
	if (world->net == NULL || world->seats == NULL ||
	    alarms_init(&world->alarms, places) != 0) {
		world_free(world);
		return NULL;
	}
	for (uint32_t i = 0; i < places; i++)
		host_clock_init(&world->seats[i].clock, world->time,
				(struct now){ .wall = config->start });
	return world;
}

void world_free(struct world *world)
{
	if (world == NULL)
		return;
	for (uint32_t i = 0; world->seats != NULL && i <= world->config.net.devices_max; i++)
		if (world->seats[i].ops != NULL)
			world_crash(world, i);
	alarms_free(&world->alarms);
	free(world->seats);
	net_free(world->net);
	free(world);
}

struct net *world_net(struct world *world)
{
	return world->net;
}

/* -- machines ------------------------------------------------------------------------------ */

static struct seat *seat_at(const struct world *world, uint32_t host)
{
	CHECK(host > 0 && host <= world->config.net.devices_max);
	return &world->seats[host];
}

static bool runs(const struct seat *seat)
{
	return seat->ops != NULL && !seat->paused;
}

void world_attach(struct world *world, uint32_t host, const struct host_ops *ops, void *machine)
{
	struct seat *seat = seat_at(world, host);

	CHECK(seat->ops == NULL);
	seat->ops = ops;
	seat->machine = machine;
	seat->paused = false;
	net_set_up(world->net, host, true);
	world_wake(world, host);
}

void world_crash(struct world *world, uint32_t host)
{
	struct seat *seat = seat_at(world, host);
	const struct host_ops *ops = seat->ops;

	CHECK(ops != NULL);
	seat->ops = NULL;
	net_set_up(world->net, host, false);
	alarms_set(&world->alarms, host, MONO_NEVER);
	if (ops->end != NULL)
		ops->end(seat->machine);
	seat->machine = NULL;
}

void world_pause(struct world *world, uint32_t host)
{
	struct seat *seat = seat_at(world, host);

	CHECK(runs(seat));
	seat->paused = true;
	net_set_up(world->net, host, false);
	alarms_set(&world->alarms, host, MONO_NEVER);
}

void world_resume(struct world *world, uint32_t host)
{
	struct seat *seat = seat_at(world, host);

	CHECK(seat->ops != NULL && seat->paused);
	seat->paused = false;
	net_set_up(world->net, host, true);
	world_wake(world, host);
}

void world_wake(struct world *world, uint32_t host)
{
	if (runs(seat_at(world, host)))
		alarms_set(&world->alarms, host, world->time);
}

uint32_t world_running(const struct world *world)
{
	return world->running;
}

int world_send(struct world *world, uint32_t host, const struct net_datagram *datagram)
{
	for (unsigned i = 0; i < world->checker_count; i++) {
		const struct world_checker *checker = &world->checkers[i];
		const char *violation =
			checker->wire == NULL ? NULL : checker->wire(checker->context, datagram);

		if (violation != NULL)
			world_fail(world, "host %" PRIu32 " sends: %s", host, violation);
	}
	return net_send(world->net, world->time, host, datagram);
}

/* -- time and chance ----------------------------------------------------------------------- */

struct mono world_time(const struct world *world)
{
	return world->time;
}

struct now world_now(const struct world *world, uint32_t host)
{
	return host_clock_at(&seat_at(world, host)->clock, world->time);
}

/* The deadline of a host's machine is on its own clock, which has just changed. */
static void set_alarm(struct world *world, uint32_t host)
{
	const struct seat *seat = &world->seats[host];
	struct mono at = MONO_NEVER;

	if (runs(seat))
		at = host_clock_when(&seat->clock, seat->ops->deadline(seat->machine));
	if (!mono_reached(at, world->time))
		at = world->time;
	alarms_set(&world->alarms, host, at);
}

void world_set_drift(struct world *world, uint32_t host, int32_t drift_ppm)
{
	host_clock_set_drift(&seat_at(world, host)->clock, world->time, drift_ppm);
	set_alarm(world, host);
}

void world_step_wall(struct world *world, uint32_t host, int64_t step_us)
{
	host_clock_step_wall(&seat_at(world, host)->clock, world->time, step_us);
}

struct rng *world_rng(struct world *world)
{
	return &world->rng;
}

struct rng *world_host_rng(struct world *world, uint32_t host)
{
	struct seat *seat = seat_at(world, host);

	if (!seat->rng_ready)
		stream_init(&seat->rng, world->config.net.seed, STREAM_MACHINE, host);
	seat->rng_ready = true;
	return &seat->rng;
}

/* -- running ------------------------------------------------------------------------------- */

/* A machine whose deadline does not move would hold the world at one instant for ever. */
static void watch_for_spin(struct world *world, uint32_t host)
{
	struct seat *seat = &world->seats[host];

	if (seat->run_at.us != world->time.us)
		seat->run_count = 0;
	seat->run_at = world->time;
	if (++seat->run_count > WORLD_RUNS_MAX)
		world_fail(world, "host %" PRIu32 " runs on and on in one instant", host);
}

static void run_host(struct world *world, uint32_t host)
{
	const struct seat *seat = &world->seats[host];

	world->running = host;
	seat->ops->run(seat->machine, world_now(world, host));
	world->running = 0;
	set_alarm(world, host);
}

static void check(struct world *world, uint32_t host)
{
	for (unsigned i = 0; i < world->checker_count; i++) {
		const struct world_checker *checker = &world->checkers[i];
		const char *violation = checker->check(checker->context, host);

		if (violation != NULL)
			world_fail(world, "after a step of host %" PRIu32 ": %s", host, violation);
	}
}

static void take_arrival(struct world *world)
{
	struct net_arrival arrival;

	if (!net_poll(world->net, world->time, &arrival))
		return;
	const struct seat *seat = &world->seats[arrival.host];

	CHECK(runs(seat)); /* the net knows which hosts are down */
	world->running = arrival.host;
	seat->ops->datagram(seat->machine, world_now(world, arrival.host), &arrival.datagram);
	run_host(world, arrival.host);
	check(world, arrival.host);
}

/* Of what is due at one instant datagrams come first: a machine that runs has seen them all. */
bool world_step(struct world *world, struct mono limit)
{
	uint32_t host = 0;
	const struct mono alarm = alarms_first(&world->alarms, &host);
	const struct mono datagram = net_deadline(world->net);
	const struct mono next = mono_min(alarm, datagram);

	if (world->failure[0] != 0 || next.us == MONO_NEVER.us || !mono_reached(limit, next))
		return false;
	CHECK(mono_reached(next, world->time));
	world->time = next;
	world->steps++;
	if (mono_reached(next, datagram)) {
		take_arrival(world);
	} else {
		watch_for_spin(world, host);
		run_host(world, host);
		check(world, host);
	}
	return true;
}

void world_run(struct world *world, struct mono until)
{
	CHECK(mono_reached(until, world->time));
	while (world_step(world, until))
		;
	if (world->failure[0] == 0)
		world->time = until;
}

void world_run_ms(struct world *world, uint64_t ms)
{
	world_run(world, mono_add_ms(world->time, ms));
}

bool world_run_until(struct world *world, struct mono limit, bool (*done)(void *context),
		     void *context)
{
	CHECK(mono_reached(limit, world->time));
	while (world->failure[0] == 0) {
		if (done(context))
			return true;
		if (!world_step(world, limit) && world->failure[0] == 0) {
			world->time = limit;
			return false;
		}
	}
	return false;
}

uint64_t world_steps(const struct world *world)
{
	return world->steps;
}

/* -- judging ------------------------------------------------------------------------------- */

void world_add_checker(struct world *world, struct world_checker checker)
{
	CHECK(world->checker_count < WORLD_CHECKERS_MAX);
	world->checkers[world->checker_count++] = checker;
}

void world_fail(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (world->failure[0] != 0)
		return;
	const int len = snprintf(world->failure, sizeof(world->failure),
				 "at %" PRIu64 " us: ", world->time.us);

	CHECK(len > 0 && (size_t)len < sizeof(world->failure));
	va_start(arguments, format);
	(void)vsnprintf(world->failure + len, sizeof(world->failure) - (size_t)len, format,
			arguments); /* a long text is cut */
	va_end(arguments);
	journal_note(&world->journal, world->time, world->failure);
}

const char *world_failure(const struct world *world)
{
	return world->failure[0] == 0 ? NULL : world->failure;
}

void world_note(struct world *world, const char *format, ...)
{
	char text[NOTE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments); /* a long text is cut */
	va_end(arguments);
	journal_note(&world->journal, world->time, text);
}

void world_trace(struct world *world, uint32_t host, const struct trace_record *record)
{
	journal_record(&world->journal, world->time, host, record);
}

uint64_t world_hash(const struct world *world)
{
	return trace_hash_value(&world->journal.hash);
}
