/* test_top.c - what `ipop top` makes of two answers of the daemon. */
#include "tests/lib/cmocka.h"

#include "prog/ipop/top.h"

#include <stdlib.h>
#include <string.h>

struct figures {
	const char *name;
	int rtt_us, session_s; /* rtt -1: not known */
	int sent, received, packets, lost;
};

static json_t *peer_of(const struct figures *f)
{
	const bool is_up = f->session_s >= 0;
	char id[33];

	(void)snprintf(id, sizeof(id), "%.8saebagbafaydqqcikbmga2dqp", f->name);
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:n, s:o, s:i, s:i, s:i, s:i, s:i, s:i}",
			 "name", f->name, "id", id, "state", is_up ? "up" : "connecting", "way",
			 is_up ? "direct" : NULL, "remote", is_up ? "192.0.2.7:4767" : NULL,
			 "relay", "rtt_us", f->rtt_us < 0 ? json_null() : json_integer(f->rtt_us),
			 "session_s", f->session_s, "bytes_sent", f->sent, "bytes_received",
			 f->received, "packets_sent", f->packets, "packets_received", f->packets,
			 "packets_lost", f->lost);
}

/* What a daemon answers so many ms after the beginning. */
static void update(struct top *top, uint64_t ms, const struct figures *figures, size_t count)
{
	json_t *const list = json_array();

	for (size_t i = 0; i < count; i++)
		assert_int_equal(json_array_append_new(list, peer_of(&figures[i])), 0);
	assert_int_equal(top_update(top, json_pack("{s:o}", "peers", list),
				    mono_add_ms((struct mono){ 0 }, 1000 + ms)),
			 0);
}

static const struct figures before[] = {
	{ "anna", 500, 60, 1000, 2000, 100, 0 },
	{ "bert", 9000, 60, 0, 0, 10, 5 },
	{ "carl", -1, -1, 0, 0, 0, 0 },
};
static const struct figures after[] = {
	{ "carl", -1, -1, 0, 0, 0, 0 },
	{ "anna", 500, 62, 2000, 2400, 110, 0 },
	{ "bert", 9000, 62, 40000, 6000, 100, 15 },
};

static struct top two_seconds(void)
{
	struct top top = { 0 };

	update(&top, 0, before, 3);
	update(&top, 2000, after, 3);
	return top;
}

static void expect_text(const struct top *top, size_t max, const char *want)
{
	char *text = NULL;
	size_t len = 0;
	FILE *const out = open_memstream(&text, &len);

	assert_non_null(out);
	top_print(top, max, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, want);
	free(text);
}

static void rates_are_of_the_interval(void **state)
{
	struct top top = two_seconds();

	(void)state;
	top_sort(&top, TOP_BY_TRAFFIC);
	expect_text(&top, 3,
		    "MEMBER  IN         OUT        LOSS    RTT      WAY\n"
		    "bert    3.00 kB/s  20.0 kB/s  10.0 %  9.00 ms  direct 192.0.2.7:4767\n"
		    "anna    200 B/s    500 B/s    0.0 %   0.50 ms  direct 192.0.2.7:4767\n"
		    "carl    0 B/s      0 B/s      -       -        connecting\n");
	assert_string_equal(top_total(&top).text, "in 3.20 kB/s, out 20.5 kB/s");
	expect_text(&top, 1,
		    "MEMBER  IN         OUT        LOSS    RTT      WAY\n"
		    "bert    3.00 kB/s  20.0 kB/s  10.0 %  9.00 ms  direct 192.0.2.7:4767\n");
	top_free(&top);
}

/* One answer says nothing about rates. */
static void the_first_answer_has_no_rates(void **state)
{
	struct top top = { 0 };

	(void)state;
	update(&top, 0, before, 1);
	expect_text(&top, 3,
		    "MEMBER  IN  OUT  LOSS  RTT      WAY\n"
		    "anna    -   -    -     0.50 ms  direct 192.0.2.7:4767\n");
	assert_string_equal(top_total(&top).text, "in -, out -");
	top_free(&top);
}

/* Its counters began anew, so that all of them count; of one that goes on, what is new. */
static void a_new_session_counts_from_zero(void **state)
{
	static const struct figures younger[] = { { "anna", 500, 1, 5000, 9000, 200, 1 } };
	static const struct figures fewer[] = { { "anna", 500, 61, 5000, 9000, 99, 1 } };
	static const struct figures same[] = { { "anna", 500, 60, 1500, 2500, 100, 0 } };
	struct top top = { 0 };

	(void)state;
	update(&top, 0, before, 1);
	update(&top, 1000, younger, 1);
	assert_int_equal(top.rows[0].change.bytes_sent, 5000);
	update(&top, 2000, before, 1);
	update(&top, 3000, fewer, 1);
	assert_int_equal(top.rows[0].change.bytes_sent, 5000);
	assert_int_equal(top.rows[0].change.packets_lost, 1);
	top_free(&top);
	update(&top, 0, before, 1);
	update(&top, 1000, same, 1);
	assert_int_equal(top.rows[0].change.bytes_sent, 500);
	top_free(&top);
}

static void what_was_lost_and_came_is_no_loss(void **state)
{
	static const struct figures late[] = { { "bert", 9000, 61, 0, 0, 14, 1 } };
	struct top top = { 0 };

	(void)state;
	update(&top, 0, &before[1], 1);
	update(&top, 1000, late, 1);
	assert_int_equal(top.rows[0].change.packets_lost, 0);
	top_free(&top);
}

static void expect_order(struct top *top, enum top_order order, const char *name, const char *want)
{
	char got[64] = "";

	top_sort(top, order);
	for (size_t i = 0; i < top->count; i++)
		(void)strncat(got, top->rows[i].name.text, 4);
	assert_string_equal(got, want);
	assert_string_equal(top_order_name(order), name);
}

static void orders(void **state)
{
	struct top top = two_seconds();

	(void)state;
	expect_order(&top, TOP_BY_NAME, "name", "annabertcarl");
	expect_order(&top, TOP_BY_TRAFFIC, "traffic", "bertannacarl");
	expect_order(&top, TOP_BY_RTT, "rtt", "bertannacarl");
	expect_order(&top, TOP_BY_LOSS, "loss", "bertannacarl");
	/* What was sorted last does not matter to the next answer. */
	update(&top, 3000, before, 3);
	top_sort(&top, TOP_BY_RTT);
	assert_int_equal(top.rows[2].has_rtt, false);
	top_free(&top);
}

static void json_has_figures_and_the_way(void **state)
{
	struct top top = two_seconds();
	char *text;
	json_t *json;

	(void)state;
	top_sort(&top, TOP_BY_NAME);
	json = top_json(&top, wall_from_s(1826837940));
	text = json_dumps(json, JSON_COMPACT);
	assert_non_null(strstr(text, "{\"schema\":\"ipop.top/1\",\"at\":\"2027-11-21T22:59:00Z\","
				     "\"interval_ms\":2000,\"members\":[{\"bytes_received_s\":200,"
				     "\"bytes_sent_s\":500,\"packets_received\":10,"
				     "\"packets_sent\":10,\"packets_lost\":0,"
				     "\"loss_permille\":0,\"name\":\"anna\","));
	assert_non_null(strstr(text, "\"loss_permille\":null,\"name\":\"carl\""));
	assert_non_null(strstr(text, "\"way\":\"direct\",\"remote\":\"192.0.2.7:4767\","
				     "\"relay\":null,\"rtt_us\":9000}"));
	free(text);
	json_decref(json);
	top_free(&top);
}

/* Nobody is known; and later nobody any more. */
static void nobody_is_shown_too(void **state)
{
	struct top top = { 0 };

	(void)state;
	update(&top, 0, before, 0);
	update(&top, 1000, before, 3);
	update(&top, 2000, before, 0);
	top_sort(&top, TOP_BY_LOSS);
	expect_text(&top, 3, "MEMBER  IN  OUT  LOSS  RTT  WAY\n");
	assert_string_equal(top_total(&top).text, "in 0 B/s, out 0 B/s");
	top_free(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_of_the_interval),
		cmocka_unit_test(the_first_answer_has_no_rates),
		cmocka_unit_test(a_new_session_counts_from_zero),
		cmocka_unit_test(what_was_lost_and_came_is_no_loss),
		cmocka_unit_test(orders),
		cmocka_unit_test(json_has_figures_and_the_way),
		cmocka_unit_test(nobody_is_shown_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
