/* world.h - machines on a simulated Internet, on a virtual clock, from one seed.
 *
 * The world runs any sans-I/O machine: it hands datagrams in, lets it run when it asked to, and
 * carries what it sends. Nothing else moves time or chance, so one seed is one run, and the trace
 * hash says whether two runs were the same.
 *
 *     world_new -> net_add_host, legs -> world_attach -> world_run ... -> world_failure, world_hash
 *
 * One step is one event: a datagram arrives, or an alarm rings. After each the checkers look; the
 * first violation ends the run. The cost of a step is O(log n) in hosts and datagrams in flight.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/host_clock.h"
#include "sim/net.h"

#define WORLD_START_S 1767225600 /* 2026-01-01 00:00 UTC */
#define WORLD_CHECKERS_MAX 16
#define WORLD_RUNS_MAX 1000 /* of one host in one instant, before the world says it spins */
#define WORLD_FAILURE_BYTES 256

struct world_config {
	struct net_config net; /* also the seed and the number of hosts of the world */
	struct wall start;     /* what hosts' calendars show at first */
	FILE *print;           /* borrowed: where the journal is printed; NULL: nowhere */
};

/* Room for some 250 devices and 65,536 datagrams in flight. */
struct world_config world_config_default(uint64_t seed);

struct world; /* owns the net and the journal, not the machines */

/* NULL without memory. */
struct world *world_new(const struct world_config *config);

/* Ends the machines that still run. */
void world_free(struct world *world);

struct net *world_net(struct world *world);

/* -- machines ------------------------------------------------------------------------------ */

/* How a machine is driven. It sends by world_send(), from within `datagram` and `run` alone. */
struct host_ops {
	void (*datagram)(void *machine, struct now now, const struct net_datagram *datagram);
	void (*run)(void *machine, struct now now);   /* after each datagram, and at the deadline */
	struct mono (*deadline)(const void *machine); /* on the host's clock; read after each run */
	void (*end)(
		void *machine); /* the power fails: free it, send nothing; NULL: nothing to do */
};

/* Starts a machine on a host that has none; it runs first in a step of its own. `machine` is
 * borrowed until its end. */
void world_attach(struct world *world, uint32_t host, const struct host_ops *ops, void *machine);

/* The machine ends at once; datagrams to it are dropped until another one is attached. */
void world_crash(struct world *world, uint32_t host);

/* The machine stands still, as in suspend: datagrams to it are dropped and its deadlines pass, but
 * its clocks go on. It runs when it is resumed. */
void world_pause(struct world *world, uint32_t host);
void world_resume(struct world *world, uint32_t host);

/* Lets a machine run at the present instant, after something was done to it from outside. */
void world_wake(struct world *world, uint32_t host);

/* Whose machine runs at this moment; 0 if none does. */
uint32_t world_running(const struct world *world);

/* As net_send(), now. */
int world_send(struct world *world, uint32_t host, const struct net_datagram *datagram);

/* -- time and chance ----------------------------------------------------------------------- */

struct mono world_time(const struct world *world);

/* What the host's clocks show; they start with mono 0 and wall `start` at the world's beginning. */
struct now world_now(const struct world *world, uint32_t host);
void world_set_drift(struct world *world, uint32_t host, int32_t drift_ppm);
void world_step_wall(struct world *world, uint32_t host, int64_t step_us);

/* What the scenario draws, and what one host's machines draw: streams of their own. A machine that
 * is attached after a crash draws on where the one before it stopped. One draw a statement: the
 * order in which arguments are evaluated is the compiler's, and the trace would depend on it. */
struct rng *world_rng(struct world *world);
struct rng *world_host_rng(struct world *world, uint32_t host);

/* -- running ------------------------------------------------------------------------------- */

/* One event, at or before `limit`; false if there is none left or the world has failed. */
bool world_step(struct world *world, struct mono limit);

/* All events up to `until`, which is then the world's time. */
void world_run(struct world *world, struct mono until);
void world_run_ms(struct world *world, uint64_t ms);

/* Steps until done(context) is true; false if `limit` (then the world's time) or a failure came
 * first. */
bool world_run_until(struct world *world, struct mono limit, bool (*done)(void *context),
		     void *context);

uint64_t world_steps(const struct world *world);

/* -- judging ------------------------------------------------------------------------------- */

/* Looks after each step at what must never be; `host` is the one that just ran; and, unless `wire`
 * is NULL, at each datagram that a host sends. Both return the violation in words, or NULL. */
struct world_checker {
	const char *(*check)(void *context, uint32_t host);
	void *context;
	const char *(*wire)(void *context, const struct net_datagram *datagram);
};

void world_add_checker(struct world *world, struct world_checker checker);

/* States that something is wrong; the first statement stays, and the run ends. */
__attribute__((format(printf, 2, 3))) void world_fail(struct world *world, const char *format, ...);

/* The first failure, or NULL. */
const char *world_failure(const struct world *world);

/* Into the journal, and so into the hash. */
__attribute__((format(printf, 2, 3))) void world_note(struct world *world, const char *format, ...);
void world_trace(struct world *world, uint32_t host, const struct trace_record *record);

/* Of all that has happened so far. */
uint64_t world_hash(const struct world *world);

#endif
