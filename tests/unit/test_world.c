/* test_world.c - the clock, the hosts' clocks, starts and ends of machines, and what a seed
 * decides. */
#include "tests/lib/cmocka.h"

#include "sim/world.h"

#include <inttypes.h>

#define PORT 5000

/* Sends an empty datagram each `period_us` to `target`, and writes down what happens to it. */
struct beat {
	struct world *world;
	uint32_t host;
	const char *target; /* NULL: only listens */
	uint64_t period_us;
	struct mono next;
	unsigned runs, got, ends;
	struct now last_run;
};

static void beat_datagram(void *machine, struct now now, const struct net_datagram *datagram)
{
	struct beat *beat = machine;

	(void)now;
	assert_int_equal(datagram->bytes.len, 0);
	beat->got++;
}

static void beat_run(void *machine, struct now now)
{
	struct beat *beat = machine;
	struct net_datagram datagram = { .local = { .port = PORT } };

	beat->runs++;
	beat->last_run = now;
	if (beat->target == NULL || !mono_reached(now.mono, beat->next))
		return;
	beat->next = mono_add_us(now.mono, beat->period_us);
	assert_int_equal(endpoint_ip_from_text(beat->target, &datagram.remote), 0);
	datagram.remote.port = PORT;
	assert_int_equal(world_send(beat->world, beat->host, &datagram), 0);
}

static struct mono beat_deadline(const void *machine)
{
	const struct beat *beat = machine;

	return beat->target == NULL ? MONO_NEVER : beat->next;
}

static void beat_end(void *machine)
{
	struct beat *beat = machine;

	beat->ends++;
}

static const struct host_ops beat_ops = {
	.datagram = beat_datagram,
	.run = beat_run,
	.deadline = beat_deadline,
	.end = beat_end,
};

static struct world *new_world(uint64_t seed)
{
	const struct world_config config = world_config_default(seed);
	struct world *world = world_new(&config);

	assert_non_null(world);
	return world;
}

static void start(struct beat *beat, struct world *world, const char *ip, const char *target)
{
	const uint32_t host = net_add_host(world_net(world));

	*beat = (struct beat){ .world = world, .host = host, .target = target, .period_us = 1000 };
	net_add_address(world_net(world), host, NET_INTERNET, ip);
	world_attach(world, host, &beat_ops, beat);
}

static void the_clock_stands_where_it_was_told(void **state)
{
	struct world *world = new_world(1);
	struct beat beat;

	(void)state;
	assert_int_equal(world_time(world).us, 0);
	world_run_ms(world, 5); /* nothing happens */
	assert_int_equal(world_time(world).us, 5000);
	start(&beat, world, "192.0.2.1", "192.0.2.2");
	assert_int_equal(beat.runs, 0); /* not from within world_attach() */
	assert_true(world_step(world, world_time(world)));
	assert_int_equal(beat.runs, 1);
	assert_int_equal(beat.last_run.mono.us, 5000);
	assert_int_equal(wall_to_s(beat.last_run.wall), WORLD_START_S);
	assert_false(world_step(world, (struct mono){ .us = 5999 }));
	assert_true(world_step(world, (struct mono){ .us = 6000 }));
	assert_int_equal(world_time(world).us, 6000);
	assert_int_equal(world_steps(world), 2);
	world_free(world);
	assert_int_equal(beat.ends, 1);
}

static void a_machine_runs_after_each_datagram_and_at_each_deadline(void **state)
{
	struct world *world = new_world(1);
	struct beat talker;
	struct beat listener;

	(void)state;
	start(&talker, world, "192.0.2.1", "192.0.2.2");
	start(&listener, world, "192.0.2.2", NULL);
	world_run_ms(world, 29); /* 30 were sent, 10 have arrived */
	assert_int_equal(talker.runs, 30);
	assert_int_equal(listener.got, 10);
	assert_int_equal(listener.runs, 11);
	world_wake(world, listener.host);
	world_run_ms(world, 0);
	assert_int_equal(listener.runs, 12);
	world_free(world);
}

static void a_crash_ends_the_machine_and_loses_what_comes(void **state)
{
	struct world *world = new_world(1);
	struct beat talker;
	struct beat listener;

	(void)state;
	start(&talker, world, "192.0.2.1", "192.0.2.2");
	start(&listener, world, "192.0.2.2", NULL);
	world_run_ms(world, 29);
	world_crash(world, listener.host);
	assert_int_equal(listener.ends, 1);
	world_run_ms(world, 10);
	assert_int_equal(listener.got, 10);
	assert_int_equal(net_count(world_net(world), FATE_HOST_DOWN), 10);
	world_attach(world, listener.host, &beat_ops, &listener);
	world_run_ms(world, 10);
	assert_int_equal(listener.got, 20);
	world_crash(world, talker.host);
	world_run_ms(world, 100);
	assert_int_equal(talker.runs, 50);
	assert_int_equal(listener.got, 40); /* what was in flight still came */
	world_free(world);
}

static void a_pause_stops_the_machine_but_not_its_clock(void **state)
{
	struct world *world = new_world(1);
	struct beat beat;

	(void)state;
	start(&beat, world, "192.0.2.1", "192.0.2.2");
	world_run_ms(world, 10);
	assert_int_equal(beat.runs, 11);
	world_pause(world, beat.host);
	world_wake(world, beat.host); /* to no effect */
	world_run_ms(world, 3600000);
	assert_int_equal(beat.runs, 11);
	world_resume(world, beat.host);
	world_run_ms(world, 0);
	assert_int_equal(beat.runs, 12); /* at once, and once, though it slept through many */
	assert_int_equal(beat.last_run.mono.us, 3600010000);
	world_pause(world, beat.host);
	world_crash(world, beat.host); /* a paused host can lose power */
	world_attach(world, beat.host, &beat_ops, &beat);
	world_run_ms(world, 0);
	assert_int_equal(beat.runs, 13);
	world_free(world);
}

static void a_fast_clock_comes_early(void **state)
{
	struct world *world = new_world(1);
	struct beat fast;
	struct beat slow;

	(void)state;
	start(&fast, world, "192.0.2.1", "192.0.2.9");
	start(&slow, world, "192.0.2.2", "192.0.2.9");
	fast.period_us = 1000000;
	slow.period_us = 1000000;
	world_set_drift(world, fast.host, 1000);
	world_set_drift(world, slow.host, -1000);
	world_run_ms(world,
		     1000500); /* on their clocks 1001.5 s and 999.5 s; the first run is at 0 */
	assert_int_equal(fast.runs, 1002);
	assert_int_equal(slow.runs, 1000);
	world_free(world);
}

static void setting_a_calendar_wakes_nobody(void **state)
{
	struct world *world = new_world(1);
	struct beat beat;

	(void)state;
	start(&beat, world, "192.0.2.1", "192.0.2.2");
	world_run_ms(world, 1);
	world_step_wall(world, beat.host, 3600 * (int64_t)1000000);
	world_run_ms(world, 1);
	assert_int_equal(beat.runs, 3);
	assert_int_equal(beat.last_run.mono.us, 2000);
	assert_int_equal(wall_to_s(beat.last_run.wall), WORLD_START_S + 3600);
	world_free(world);
}

static bool has_10(void *context)
{
	const struct beat *beat = context;

	return beat->got >= 10;
}

static void running_until_ends_at_the_step_or_at_the_limit(void **state)
{
	struct world *world = new_world(1);
	struct beat talker;
	struct beat listener;

	(void)state;
	start(&talker, world, "192.0.2.1", "192.0.2.2");
	start(&listener, world, "192.0.2.2", NULL);
	assert_false(world_run_until(world, (struct mono){ .us = 28999 }, has_10, &listener));
	assert_int_equal(world_time(world).us, 28999);
	assert_true(world_run_until(world, (struct mono){ .us = 29000 }, has_10, &listener));
	assert_int_equal(world_time(world).us, 29000);
	assert_int_equal(listener.got, 10);
	world_free(world);
}

static const char *object_at_20(void *context, uint32_t host)
{
	const struct beat *beat = context;

	return host == beat->host && beat->runs == 20 ? "twenty" : NULL;
}

static const char *see_nothing(void *context, uint32_t host)
{
	(void)context;
	(void)host;
	return NULL;
}

static const char *object_to_5th(void *context, const struct net_datagram *datagram)
{
	unsigned *count = context;

	(void)datagram;
	return ++*count == 5 ? "five" : NULL;
}

static void every_datagram_is_shown(void **state)
{
	struct world *world = new_world(1);
	struct beat beat;
	unsigned count = 0;

	(void)state;
	start(&beat, world, "192.0.2.1", "192.0.2.2");
	world_add_checker(world, (struct world_checker){ .check = see_nothing,
							 .context = &count,
							 .wire = object_to_5th });
	world_run_ms(world, 1000);
	assert_int_equal(count, 5);
	assert_non_null(world_failure(world));
	world_free(world);
}

static void every_checker_is_asked(void **state)
{
	struct world *world = new_world(1);
	struct beat beat;

	(void)state;
	start(&beat, world, "192.0.2.1", "192.0.2.2");
	world_add_checker(world, (struct world_checker){ .check = see_nothing });
	world_add_checker(world, (struct world_checker){ .check = object_at_20, .context = &beat });
	world_add_checker(world, (struct world_checker){ .check = see_nothing });
	world_run_ms(world, 1000);
	assert_non_null(world_failure(world));
	world_free(world);
}

static void a_world_can_be_full_of_hosts(void **state)
{
	struct world_config config = world_config_default(1);
	struct world *world;
	struct beat beats[3];

	(void)state;
	config.net.devices_max = 3;
	world = world_new(&config);
	assert_non_null(world);
	start(&beats[0], world, "192.0.2.1", "192.0.2.3");
	start(&beats[1], world, "192.0.2.2", "192.0.2.3");
	start(&beats[2], world, "192.0.2.3", NULL);
	world_run_ms(world, 29);
	assert_int_equal(beats[2].got, 20);
	world_free(world);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(beats[i].ends, 1);
}

/* A deadline that has passed is met once more at once; only so many times in one instant. */
static void only_so_many_runs_fit_an_instant(void **state)
{
	struct world *world = new_world(1);
	struct beat beat;

	(void)state;
	start(&beat, world, "192.0.2.1", "192.0.2.2");
	beat.period_us = 0;
	world_run_ms(world, 0);
	assert_int_equal(beat.runs, WORLD_RUNS_MAX + 1);
	assert_string_equal(world_failure(world), "at 0 us: host 1 runs on and on in one instant");
	world_free(world);
}

static void the_first_violation_ends_the_run(void **state)
{
	struct world *world = new_world(1);
	struct beat beat;

	(void)state;
	start(&beat, world, "192.0.2.1", "192.0.2.2");
	world_add_checker(world, (struct world_checker){ .check = object_at_20, .context = &beat });
	world_run_ms(world, 1000);
	assert_int_equal(beat.runs, 20);
	assert_int_equal(world_time(world).us, 19000);
	assert_string_equal(world_failure(world), "at 19000 us: after a step of host 1: twenty");
	world_fail(world, "another");
	assert_false(world_step(world, MONO_NEVER));
	assert_false(world_run_until(world, MONO_NEVER, has_10, &beat));
	assert_string_equal(world_failure(world), "at 19000 us: after a step of host 1: twenty");
	world_free(world);
}

/* -- what a seed decides ------------------------------------------------------------------- */

/* Three talk to one over a lossy way; the hash of it all, and how much of the first one's came. */
static uint64_t lossy_hash(uint64_t seed, uint64_t period_us, unsigned *ret_got)
{
	struct world *world = new_world(seed);
	struct beat talkers[3];
	struct beat listeners[2];
	uint64_t hash;

	net_realm(world_net(world), NET_INTERNET)->loss = 300;
	net_realm(world_net(world), NET_INTERNET)->jitter_us = 3000;
	start(&listeners[0], world, "192.0.2.1", NULL);
	start(&listeners[1], world, "192.0.2.2", NULL);
	start(&talkers[0], world, "192.0.2.3", "192.0.2.1");
	start(&talkers[1], world, "192.0.2.4", "192.0.2.2");
	start(&talkers[2], world, "192.0.2.5", "192.0.2.2");
	talkers[1].period_us = period_us;
	world_run_ms(world, 1000);
	*ret_got = listeners[0].got;
	hash = world_hash(world);
	world_free(world);
	return hash;
}

static void a_seed_is_a_run(void **state)
{
	uint64_t hashes[10];
	unsigned got;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		hashes[i] = lossy_hash(i, 1000, &got);
		assert_int_equal(lossy_hash(i, 1000, &got), hashes[i]);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(hashes[i], hashes[j]);
	}
}

/* The second talker draws more; the losses of the first stay the same. */
static void what_one_host_draws_does_not_shift_another(void **state)
{
	unsigned before;
	unsigned after;
	const uint64_t hash = lossy_hash(7, 1000, &before);

	(void)state;
	assert_int_not_equal(lossy_hash(7, 333, &after), hash);
	assert_int_equal(before, after);
	assert_in_range(before, 600, 800);
}

static void streams_of_chance_are_separate_and_go_on(void **state)
{
	struct world *world = new_world(1);
	struct world *other = new_world(1);
	const uint32_t a = net_add_host(world_net(world));
	const uint32_t b = net_add_host(world_net(world));
	uint64_t first;

	(void)state;
	(void)net_add_host(world_net(other));
	first = rng_u64(world_host_rng(world, a));
	(void)rng_u64(world_rng(other));
	assert_int_equal(rng_u64(world_host_rng(other, a)), first);
	assert_int_not_equal(rng_u64(world_host_rng(world, b)), first);
	assert_int_not_equal(rng_u64(world_rng(world)), first);
	assert_int_not_equal(rng_u64(world_host_rng(world, a)), first);
	world_free(world);
	world_free(other);
}

static void notes_and_moves_count_in_the_hash(void **state)
{
	const struct trace_record record = {
		.machine = "m", .index = 1, .from = "A", .to = "B", .why = "c"
	};
	struct trace_record changed[5] = { record, record, record, record, record };
	uint64_t hashes[9];
	unsigned count = 0;

	(void)state;
	changed[0].machine = "n";
	changed[1].index = 2;
	changed[2].from = "AB"; /* where the texts are cut counts */
	changed[2].to = "";
	changed[3].why = NULL;
	for (unsigned i = 0; i < 9; i++) {
		struct world *world = new_world(1);

		if (i == 6)
			world_note(world, "%s", "m");
		if (i == 7)
			world_note(world, "%s", "n");
		if (i == 8)
			world_run_ms(world, 1);
		if (i < 5)
			world_trace(world, 1, &changed[i]);
		if (i == 8)
			world_trace(world, 1, &record); /* as 4, but later */
		hashes[count++] = world_hash(world);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(hashes[i], hashes[j]);
		world_free(world);
	}
}

/* What is printed is one line an event, which scenarios may compare. */
static void the_journal_is_printed_when_asked(void **state)
{
	struct world_config config = world_config_default(1);
	char text[4096] = { 0 };
	struct world *world;
	struct beat talker;

	(void)state;
	config.print = fmemopen(text, sizeof(text), "w");
	assert_non_null(config.print);
	world = world_new(&config);
	assert_non_null(world);
	start(&talker, world, "192.0.2.1", "192.0.2.1");
	world_note(world, "begin %d", 1);
	world_trace(world, 1,
		    &(struct trace_record){
			    .machine = "beat", .index = 3, .from = "X", .to = "Y", .why = "z" });
	world_run_ms(world, 0);
	world_free(world);
	(void)fclose(config.print);
	assert_string_equal(
		text,
		"[    0.000000] begin 1\n"
		"[    0.000000] 1: beat 3: X -> Y (z)\n"
		"[    0.000000] 1: send #0 192.0.2.1:5000 > 192.0.2.1:5000 ttl 64, 0 bytes\n"
		"[    0.000000] 1: arrive #0 192.0.2.1:5000 > 192.0.2.1:5000 ttl 64, 0 bytes\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_stands_where_it_was_told),
		cmocka_unit_test(a_machine_runs_after_each_datagram_and_at_each_deadline),
		cmocka_unit_test(a_crash_ends_the_machine_and_loses_what_comes),
		cmocka_unit_test(a_pause_stops_the_machine_but_not_its_clock),
		cmocka_unit_test(a_fast_clock_comes_early),
		cmocka_unit_test(setting_a_calendar_wakes_nobody),
		cmocka_unit_test(running_until_ends_at_the_step_or_at_the_limit),
		cmocka_unit_test(every_checker_is_asked),
		cmocka_unit_test(every_datagram_is_shown),
		cmocka_unit_test(a_world_can_be_full_of_hosts),
		cmocka_unit_test(only_so_many_runs_fit_an_instant),
		cmocka_unit_test(the_first_violation_ends_the_run),
		cmocka_unit_test(a_seed_is_a_run),
		cmocka_unit_test(what_one_host_draws_does_not_shift_another),
		cmocka_unit_test(streams_of_chance_are_separate_and_go_on),
		cmocka_unit_test(notes_and_moves_count_in_the_hash),
		cmocka_unit_test(the_journal_is_printed_when_asked),
	};

	return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
