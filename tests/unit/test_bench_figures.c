/* test_bench_figures.c - percentiles, rates, processors: both sides of each limit. */
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

#include "prog/ipop/bench_figures.h"

#include <stdlib.h>
#include <string.h>

static struct bench_echoes echoes; /* too large for a stack */

/* Echoes that take 1, 2, 3 ... ms, answered from the last to the first. */
static void answer_all(uint32_t count)
{
	bench_echoes_init(&echoes, 100);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t number = 0;

		assert_true(bench_echoes_send(&echoes, 1000000, &number));
		assert_true(number == 100 + i);
	}
	for (uint32_t i = count; i-- > 0;)
		bench_echoes_answer(&echoes, 100 + i, 1000000 + 1000 * (i + 1));
	assert_int_equal(echoes.answered, count);
}

static void percentiles_are_nearest_ranks(void **state)
{
	static const struct {
		uint32_t count;
		unsigned percent;
		uint32_t want_ms;
	} cases[] = {
		{ 1, 1, 1 },      { 1, 50, 1 },     { 1, 100, 1 },    { 2, 50, 1 },
		{ 2, 51, 2 },     { 99, 99, 99 },   { 100, 99, 99 },  { 100, 100, 100 },
		{ 101, 99, 100 }, { 200, 99, 198 }, { 200, 50, 100 }, { 201, 50, 101 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer_all(cases[i].count);
		assert_int_equal(bench_echoes_percentile(&echoes, cases[i].percent),
				 1000 * cases[i].want_ms);
	}
}

static void of_none(void)
{
	bench_echoes_init(&echoes, 0);
	(void)bench_echoes_percentile(&echoes, 50);
}

static void of_more_than_all(void)
{
	(void)bench_echoes_percentile(&echoes, 101);
}

static void percentiles_of_nothing_are_a_bug(void **state)
{
	(void)state;
	assert_non_null(death_text(of_none));
	answer_all(3);
	assert_non_null(death_text(of_more_than_all));
}

/* What a peer sends back: an answer twice, to what was not sent, from before it was. */
static void only_answers_count(void **state)
{
	(void)state;
	answer_all(3);
	bench_echoes_init(&echoes, 100);
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t number;

		assert_true(bench_echoes_send(&echoes, 5000, &number));
	}
	bench_echoes_answer(&echoes, 99, 6000);
	bench_echoes_answer(&echoes, 103, 6000);
	bench_echoes_answer(&echoes, 0, 6000);
	bench_echoes_answer(&echoes, UINT64_MAX, 6000);
	assert_int_equal(echoes.answered, 0);
	bench_echoes_answer(&echoes, 100, 5600);
	bench_echoes_answer(&echoes, 100, 9000);
	bench_echoes_answer(&echoes, 102, 4000); /* the clock is ours, but be safe */
	assert_int_equal(echoes.answered, 2);
	assert_int_equal(bench_echoes_percentile(&echoes, 100), 600);
	assert_int_equal(bench_echoes_percentile(&echoes, 1), 0);
}

static void a_round_trip_has_an_end(void **state)
{
	uint64_t number;

	(void)state;
	bench_echoes_init(&echoes, 0);
	assert_true(bench_echoes_send(&echoes, 1, &number));
	bench_echoes_answer(&echoes, 0, UINT64_MAX);
	assert_true(bench_echoes_percentile(&echoes, 50) == UINT32_MAX);
}

static void there_is_room_for_the_longest_run(void **state)
{
	uint64_t number;
	uint32_t count = 0;

	(void)state;
	bench_echoes_init(&echoes, 0);
	while (count <= BENCH_ECHOES_MAX && bench_echoes_send(&echoes, 1, &number))
		count++;
	assert_int_equal(count, BENCH_ECHOES_MAX);
	assert_true(count >= BENCH_SECONDS_MAX * 1000 / BENCH_LOAD_INTERVAL_MS);
	assert_true(count >= BENCH_IDLE_ECHOES);
}

static void rates_do_not_overflow(void **state)
{
	(void)state;
	assert_true(bench_rate(0, 0) == 0);
	assert_true(bench_rate(1000, 0) == 0);
	assert_true(bench_rate(125000000, 1000000) == 1000000000);
	assert_true(bench_rate(1, 8000000) == 1);
	assert_true(bench_rate(1, 8000001) == 0);
	/* Where the product would not fit: a minute at ten times the speed of the fastest cable. */
	assert_true(bench_rate(60000000000000, 60000000) == 8000000000000);
}

static void processors_are_read(void **state)
{
	static const char before[] = "cpu  100 10 50 800 40 5 5 7 3 0\ncpu0 1 1 1 1\n";
	static const char after[] = "cpu  160 10 60 890 50 10 20 17 9 0\ncpu0 1 1 1 1\n";
	const struct bench_ticks a = bench_ticks_of(before);
	const struct bench_ticks b = bench_ticks_of(after);
	const struct bench_ticks none = bench_ticks_of("");

	(void)state;
	assert_true(a.busy == 170 && a.all == 1017);
	assert_true(b.busy == 260 && b.all == 1217);
	assert_int_equal(bench_ticks_permille(a, b), 450);
	assert_int_equal(bench_ticks_permille(b, a), -1);
	assert_int_equal(bench_ticks_permille(a, a), -1);
	assert_int_equal(bench_ticks_permille(none, b), -1);
	assert_true(bench_ticks_of("intr 1 2 3\n").all == 0);
	assert_true(bench_ticks_of("cpu").all == 0);
}

/* The table at its widest fits a screen, whoever the peer is. */
static void the_table_fits_a_screen(void **state)
{
	struct bench_figures figures = { .seconds = 60, .streams = 8, .mtu = 1360, .cpus = 128 };
	char *text = NULL;
	size_t len = 0;
	FILE *const out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	figures.peer = output_text("%064d", 0);
	figures.address = output_text("fd00:1111:2222:3333:4444:5555:6666:7777");
	figures.way =
		output_text("direct [2001:1111:2222:3333:4444:5555:6666:7777]:65535, mtu 1280");
	figures.cipher = output_text("ChaCha20-Poly1305 (OpenSSL)");
	for (size_t i = 0; i < BENCH_PARTS; i++)
		figures.parts[i] = (struct bench_part){ .bytes = 99900000000,
							.us = 59999999,
							.echoes = 6000,
							.answered = 1,
							.p50_us = 999999,
							.p99_us = 4200000000,
							.busy_permille = 1000 };
	figures.parts[BENCH_FROM].answered = 0;
	bench_figures_print(&figures, out);
	assert_int_equal(fclose(out), 0);
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_true(strchr(line, '\n') - line <= 80);
	assert_non_null(strstr(text, "  from it  13.3 Gbit/s  99.9 GB  -        -        100.0 %"));
	free(text);
}

static void what_is_not_known_is_null(void **state)
{
	struct bench_figures figures = { .seconds = 1 };
	json_t *json;

	(void)state;
	figures.parts[BENCH_TO].busy_permille = -1;
	figures.parts[BENCH_TO].bytes = 1000;
	figures.parts[BENCH_TO].us = 1000;
	json = bench_figures_json(&figures);
	assert_non_null(json);
	assert_true(json_is_null(json_object_get(json, "way")));
	assert_true(json_is_null(json_object_get(json_object_get(json, "idle"), "bits_s")));
	assert_true(json_is_null(json_object_get(json_object_get(json, "to"), "rtt_p50_us")));
	assert_true(json_is_null(json_object_get(json_object_get(json, "to"), "busy_permille")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "to"), "bits_s")),
			 8000000);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_nearest_ranks),
		cmocka_unit_test(percentiles_of_nothing_are_a_bug),
		cmocka_unit_test(only_answers_count),
		cmocka_unit_test(a_round_trip_has_an_end),
		cmocka_unit_test(there_is_room_for_the_longest_run),
		cmocka_unit_test(rates_do_not_overflow),
		cmocka_unit_test(processors_are_read),
		cmocka_unit_test(the_table_fits_a_screen),
		cmocka_unit_test(what_is_not_known_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
