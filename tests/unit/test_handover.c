/* test_handover.c - what a worker hands over arrives in its order and whole, and what anybody can
 * make leaves room for what members say. One thread; test_forward_threads.c has two. */
#include "forward/handover.h"
#include "tests/lib/cmocka.h"

#include <string.h>

static struct handover *h;

static int set_up(void **state)
{
	(void)state;
	return handover_new(&h);
}

static int tear_down(void **state)
{
	(void)state;
	handover_del(h);
	return 0;
}

static bool hand_over(enum forward_verdict verdict, const char *text)
{
	uint8_t bytes[EGRESS_SLOT_BYTES] = { 0 };
	const struct forward_packet packet = {
		.data = bytes, .len = strlen(text) + 1, .verdict = verdict, .link = 7
	};
	bool taken;

	memcpy(bytes, text, strlen(text) + 1);
	taken = handover_packet(h, &packet);
	memset(bytes, 'x', sizeof(bytes)); /* its buffer is the worker's again */
	return taken;
}

static void what_is_handed_over_arrives(void **state)
{
	const struct forward_report report = { .kind = FORWARD_REPORT_SENT, .count = 4711 };
	struct handover_item *item;

	(void)state;
	assert_null(handover_next(h));
	assert_false(handover_is_behind(h));
	assert_true(hand_over(FORWARD_FRAME, "frame"));
	assert_true(handover_report(h, &report));
	assert_true(hand_over(FORWARD_HANDSHAKE, "handshake"));

	item = handover_next(h);
	assert_non_null(item);
	assert_false(item->is_report);
	assert_int_equal(item->packet.verdict, FORWARD_FRAME);
	assert_int_equal(item->packet.link, 7);
	assert_int_equal(item->packet.len, sizeof("frame"));
	assert_string_equal((const char *)item->packet.data, "frame");
	item = handover_next(h);
	assert_non_null(item);
	assert_true(item->is_report);
	assert_int_equal(item->report.count, 4711);
	item = handover_next(h);
	assert_non_null(item);
	assert_string_equal((const char *)item->packet.data, "handshake");
	assert_null(handover_next(h));
}

/* Handed out is not yet done with; and only what may bring keys is waited for. */
static void the_node_is_behind_until_it_has_done(void **state)
{
	const struct forward_report report = { .kind = FORWARD_REPORT_IP };

	(void)state;
	assert_true(hand_over(FORWARD_FRAME, ""));
	assert_true(handover_is_behind(h));
	assert_true(hand_over(FORWARD_PENDING, ""));
	assert_non_null(handover_next(h));
	assert_true(handover_is_behind(h));
	handover_done(h);
	assert_false(handover_is_behind(h)); /* though a datagram is there */
	assert_true(hand_over(FORWARD_NO_ENTRY, ""));
	assert_true(handover_report(h, &report));
	assert_false(handover_is_behind(h));
	assert_true(hand_over(FORWARD_HANDSHAKE, ""));
	assert_true(handover_is_behind(h));
}

static void a_packet_may_fill_its_place(void **state)
{
	uint8_t bytes[EGRESS_SLOT_BYTES];
	const struct forward_packet packet = { .data = bytes, .len = sizeof(bytes) };

	(void)state;
	memset(bytes, 'y', sizeof(bytes));
	assert_true(handover_packet(h, &packet));
	assert_memory_equal(handover_next(h)->packet.data, bytes, sizeof(bytes));
}

/* Those that anybody can make leave the last quarter to the others, and frames the last eighth to
 * reports. */
static void strangers_leave_room(void **state)
{
	static const enum forward_verdict anybodys[] = { FORWARD_HANDSHAKE, FORWARD_NO_ENTRY,
							 FORWARD_TOO_BIG };
	const struct forward_report report = { .kind = FORWARD_REPORT_IP };
	size_t count;

	(void)state;
	for (count = 0; count < HANDOVER_ITEMS - HANDOVER_KEPT_PENDING; count++)
		assert_true(hand_over(FORWARD_PENDING, ""));
	assert_false(hand_over(FORWARD_PENDING, ""));
	for (; count < HANDOVER_ITEMS - HANDOVER_KEPT; count++)
		assert_true(hand_over(anybodys[count % 3], ""));
	for (size_t i = 0; i < 3; i++)
		assert_false(hand_over(anybodys[i], ""));
	for (; count < HANDOVER_ITEMS - HANDOVER_KEPT_REPORTS; count++)
		assert_true(hand_over(FORWARD_FRAME, ""));
	assert_false(hand_over(FORWARD_FRAME, ""));
	for (; count < HANDOVER_ITEMS; count++)
		assert_true(handover_report(h, &report));
	assert_false(handover_report(h, &report));

	/* A place is free when its reader has done with it, not when it was handed out. */
	assert_non_null(handover_next(h));
	assert_false(handover_report(h, &report));
	handover_done(h);
	assert_true(handover_report(h, &report));
	assert_false(handover_report(h, &report));
}

#define WITH_HANDOVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HANDOVER(what_is_handed_over_arrives),
		WITH_HANDOVER(the_node_is_behind_until_it_has_done),
		WITH_HANDOVER(a_packet_may_fill_its_place),
		WITH_HANDOVER(strangers_leave_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
