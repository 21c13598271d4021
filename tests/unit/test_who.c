/* test_who.c - WHO and IAM, byte by byte. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "wire/who.h"

#include <string.h>

#define BYTES_MAX 1024

static struct id id_of(uint8_t byte)
{
	struct id id;

	memset(id.bytes, byte, ID_BYTES);
	return id;
}

static void who_has_its_bytes_and_limits(void **state)
{
	const struct who who = { .token = 0x0102030405060708, .bytes = 200 };
	uint8_t bytes[BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct who back;

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	who_encode(&who, &w);
	assert_int_equal(w.len, 200);
	assert_memory_equal(bytes, ((const uint8_t[]){ 1, 2, 3, 4, 5, 6, 7, 8, 0 }), 9);
	assert_int_equal(who_decode(writer_span(&w), &back), 0);
	assert_true(back.token == who.token);
	assert_int_equal(back.bytes, 200);
	bytes[199] = 1;
	assert_int_equal(who_decode(span_of(bytes, 200), &back), ERR_MALFORMED);
	memset(bytes + 8, 0, sizeof(bytes) - 8);
	assert_int_equal(who_decode(span_of(bytes, WHO_BYTES_MIN), &back), 0);
	assert_int_equal(who_decode(span_of(bytes, WHO_BYTES_MIN - 1), &back), ERR_MALFORMED);
	assert_int_equal(who_decode(span_of(bytes, WHO_BYTES_MAX), &back), 0);
	assert_int_equal(who_decode(span_of(bytes, WHO_BYTES_MAX + 1), &back), ERR_MALFORMED);
}

static struct iam an_iam(void)
{
	return (struct iam){ .token = 0x0102030405060708,
			     .end = IAM_TARGET,
			     .is_relay = true,
			     .step_us = 0x090a0b0c,
			     .before = id_of(1),
			     .relay = id_of(2),
			     .name = span_text("beta"),
			     .link_count = 2,
			     .links = { { id_of(3), true, false }, { id_of(4), false, true } } };
}

static void iam_has_its_bytes_and_reads_back(void **state)
{
	const struct iam iam = an_iam();
	uint8_t bytes[BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct iam back;

	(void)state;
	iam_encode(&iam, &w);
	assert_int_equal(w.len, 56 + 4 + 2 * 21);
	assert_memory_equal(
		bytes, ((const uint8_t[]){ 1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 4, 2, 9, 10, 11, 12, 1 }),
		17);
	assert_int_equal(bytes[36], 2);
	assert_memory_equal(bytes + 56, "beta\3", 5);
	assert_int_equal(bytes[80], 1);
	assert_int_equal(bytes[81], 4);
	assert_int_equal(bytes[101], 2);
	assert_int_equal(iam_decode(writer_span(&w), &back), 0);
	assert_true(back.token == iam.token);
	assert_int_equal(back.end, IAM_TARGET);
	assert_true(back.is_relay);
	assert_int_equal(back.step_us, iam.step_us);
	assert_true(id_equal(&back.before, &iam.before) && id_equal(&back.relay, &iam.relay));
	assert_true(span_equal(back.name, iam.name));
	assert_int_equal(back.link_count, 2);
	assert_true(back.links[0].is_near && !back.links[0].is_relay);
	assert_true(!back.links[1].is_near && back.links[1].is_relay);
	assert_true(id_equal(&back.links[1].id, &iam.links[1].id));
	for (size_t len = 0; len < w.len; len++)
		assert_int_equal(iam_decode(span_of(bytes, len), &back), ERR_MALFORMED);
	bytes[w.len] = 0;
	assert_int_equal(iam_decode(span_of(bytes, w.len + 1), &back), ERR_MALFORMED);
}

/* With one byte of an_iam() changed. */
static int iam_with(size_t at, uint8_t value)
{
	const struct iam iam = an_iam();
	uint8_t bytes[BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct iam back;

	iam_encode(&iam, &w);
	bytes[at] = value;
	return iam_decode(writer_span(&w), &back);
}

static void iam_keeps_its_limits(void **state)
{
	(void)state;
	assert_int_equal(iam_with(8, IAM_STUCK), 0);
	assert_int_equal(iam_with(8, IAM_STUCK + 1), ERR_MALFORMED);
	assert_int_equal(iam_with(9, 0), ERR_MALFORMED); /* a relay, on a direct way */
	assert_int_equal(iam_with(9, 2), ERR_MALFORMED);
	assert_int_equal(iam_with(10, 0), ERR_MALFORMED);
	assert_int_equal(iam_with(10, IAM_NAME_MAX + 1), ERR_MALFORMED);
	assert_int_equal(iam_with(11, 1), ERR_MALFORMED); /* more behind it */
	assert_int_equal(iam_with(11, 3), ERR_MALFORMED);
	assert_int_equal(iam_with(101, 3), 0);
	assert_int_equal(iam_with(101, 4), ERR_MALFORMED);
}

static int iam_of(size_t name_len, uint32_t links, size_t *ret_len)
{
	static const uint8_t name[IAM_NAME_MAX + 1] = "long";
	static struct iam iam;
	uint8_t bytes[BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct iam back;

	iam = (struct iam){ .name = span_of(name, name_len), .link_count = links };
	iam_encode(&iam, &w);
	*ret_len = w.len;
	return iam_decode(writer_span(&w), &back);
}

static void iam_has_no_more_links_than_it_may(void **state)
{
	static struct iam iam;
	uint8_t bytes[BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct iam back;

	(void)state;
	iam = (struct iam){ .name = span_text("x"), .link_count = IAM_LINKS_MAX };
	iam_encode(&iam, &w);
	assert_int_equal(iam_decode(span_of(bytes, w.len), &back), 0);
	bytes[11]++;
	assert_int_equal(iam_decode(span_of(bytes, w.len + 21), &back), ERR_MALFORMED);
}

static void the_longest_answer_fits_the_longest_question(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(iam_of(IAM_NAME_MAX, 0, &len), 0);
	assert_true(len <= WHO_BYTES_MIN);
	assert_int_equal(iam_of(IAM_NAME_MAX, IAM_LINKS_MAX, &len), 0);
	assert_true(len <= WHO_BYTES_MAX);
	assert_int_equal(iam_of(IAM_NAME_MAX + 1, 0, &len), ERR_MALFORMED);
	assert_int_equal(iam_links_fit(WHO_BYTES_MAX, IAM_NAME_MAX), IAM_LINKS_MAX);
	assert_int_equal(iam_links_fit(WHO_BYTES_MIN, IAM_NAME_MAX), 0);
	assert_int_equal(iam_links_fit(56 + 4 + 21, 4), 1);
	assert_int_equal(iam_links_fit(56 + 4 + 20, 4), 0);
	assert_int_equal(iam_links_fit(3, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_its_bytes_and_limits),
		cmocka_unit_test(iam_has_its_bytes_and_reads_back),
		cmocka_unit_test(iam_keeps_its_limits),
		cmocka_unit_test(iam_has_no_more_links_than_it_may),
		cmocka_unit_test(the_longest_answer_fits_the_longest_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
