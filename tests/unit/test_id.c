/* test_id.c - arithmetic on the ring and the text of an id. */
#include "base/err.h"
#include "base/id.h"
#include "base/rng.h"
#include "tests/lib/cmocka.h"

#include <string.h>

#define SEEDS 1000

static struct id id_of_byte(unsigned index, uint8_t value)
{
	struct id id = { { 0 } };

	id.bytes[index] = value;
	return id;
}

static struct id id_random(struct rng *rng)
{
	struct id id;

	rng_bytes(rng, id.bytes, sizeof(id.bytes));
	return id;
}

/* a + b mod 2^160, to test the subtraction by its inverse. */
static struct id id_sum(const struct id *a, const struct id *b)
{
	struct id sum;
	unsigned carry = 0;

	for (unsigned i = ID_BYTES; i-- > 0;) {
		carry += (unsigned)a->bytes[i] + b->bytes[i];
		sum.bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return sum;
}

static void equality_sees_every_byte(void **state)
{
	const struct id zero = { { 0 } };

	(void)state;
	assert_true(id_is_zero(&zero));
	assert_true(id_equal(&zero, &zero));
	for (unsigned i = 0; i < ID_BYTES; i++) {
		const struct id one = id_of_byte(i, 1);

		assert_false(id_equal(&zero, &one));
		assert_false(id_is_zero(&one));
		assert_true(id_prefix_equal(&zero, &one) == (i >= ID_PREFIX_BYTES));
	}
}

static void order_is_of_big_endian_numbers(void **state)
{
	const struct id high = id_of_byte(0, 0x80);
	const struct id middle = id_of_byte(18, 1);
	const struct id low = id_of_byte(19, 0xff);

	(void)state;
	assert_true(id_compare(&low, &middle) < 0);
	assert_true(id_compare(&high, &middle) > 0);
	assert_int_equal(id_compare(&low, &low), 0);
}

static void the_way_clockwise_leads_there_and_wraps(void **state)
{
	const struct id zero = { { 0 } };
	const struct id one = id_of_byte(19, 1);
	struct id last;
	struct id way;
	struct rng rng;

	(void)state;
	memset(last.bytes, 0xff, sizeof(last.bytes));
	way = id_clockwise(&last, &zero);
	assert_true(id_equal(&way, &one));
	way = id_clockwise(&zero, &last);
	assert_true(id_equal(&way, &last));
	way = id_clockwise(&last, &last);
	assert_true(id_is_zero(&way));
	rng_init_seed(&rng, 1);
	for (unsigned i = 0; i < SEEDS; i++) {
		const struct id a = id_random(&rng);
		const struct id b = id_random(&rng);
		struct id there;

		way = id_clockwise(&a, &b);
		there = id_sum(&a, &way);
		assert_true(id_equal(&there, &b));
	}
}

static void distance_is_the_shorter_way_whichever_way_one_asks(void **state)
{
	const struct id zero = { { 0 } };
	const struct id half = id_of_byte(0, 0x80); /* as far as one can be */
	struct id distance = id_distance(&zero, &half);
	struct rng rng;

	(void)state;
	assert_true(id_equal(&distance, &half));
	rng_init_seed(&rng, 2);
	for (unsigned i = 0; i < SEEDS; i++) {
		const struct id a = id_random(&rng);
		const struct id b = id_random(&rng);
		const struct id back = id_distance(&b, &a);
		const struct id ahead = id_clockwise(&a, &b);
		const struct id behind = id_clockwise(&b, &a);

		distance = id_distance(&a, &b);
		assert_true(id_equal(&distance, &back));
		assert_true(id_compare(&distance, &half) <= 0);
		assert_true(id_equal(&distance, &ahead) || id_equal(&distance, &behind));
	}
}

/* RFC 4648, section 10 ends its vectors at "foobar" = MZXW6YTBOI======; twenty bytes need no
 * padding. Made with `printf 'foobarfoobarfoobarfo' | base32`. */
static void ahead_is_where_the_way_leads(void **state)
{
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 1);
	for (unsigned i = 0; i < 1000; i++) {
		struct id a, b;

		rng_bytes(&rng, a.bytes, ID_BYTES);
		rng_bytes(&rng, b.bytes, ID_BYTES);
		const struct id way = id_clockwise(&a, &b);
		const struct id there = id_ahead(&a, &way);

		assert_true(id_equal(&there, &b));
	}
}

static void the_logarithm_is_linear_between_powers(void **state)
{
	struct id id = { { 0 } };

	(void)state;
	assert_int_equal(id_log2(&id), 0);
	id.bytes[ID_BYTES - 1] = 1;
	assert_int_equal(id_log2(&id), 0);
	id.bytes[ID_BYTES - 1] = 3;
	assert_int_equal(id_log2(&id), ID_LOG_ONE + ID_LOG_ONE / 2);
	memset(id.bytes, 0xff, ID_BYTES);
	assert_int_equal(id_log2(&id), ID_BITS * ID_LOG_ONE - 1);
	for (uint32_t log = 0; log < ID_BITS * ID_LOG_ONE; log++) {
		const struct id way = id_exp2(log);

		if (log >= 8 * ID_LOG_ONE) /* below, not all digits exist */
			assert_int_equal(id_log2(&way), log);
		else
			assert_in_range(log - id_log2(&way), 0, ID_LOG_ONE - 1);
	}
}

static void text_is_base32_in_lower_case(void **state)
{
	struct id id;
	struct id back;
	char text[ID_TEXT_CHARS + 1];

	(void)state;
	memcpy(id.bytes, "foobarfoobarfoobarfo", ID_BYTES);
	id_to_text(&id, text);
	assert_string_equal(text, "mzxw6ytbojtg633cmfzgm33pmjqxeztp");
	assert_int_equal(id_from_text("MZXW6YTBOJTG633CMFZGM33PMJQXEZTP", &back), 0);
	assert_true(id_equal(&id, &back));
}

static void text_reads_back(void **state)
{
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 3);
	for (unsigned i = 0; i < SEEDS; i++) {
		const struct id id = id_random(&rng);
		struct id back;
		char text[ID_TEXT_CHARS + 1];

		id_to_text(&id, text);
		assert_int_equal(strlen(text), ID_TEXT_CHARS);
		assert_int_equal(id_from_text(text, &back), 0);
		assert_true(id_equal(&id, &back));
	}
}

/* Every character at every place: 58 are digits (two cases), all others make the text malformed. */
static void other_characters_and_lengths_are_malformed(void **state)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz234567";
	const struct id before = id_of_byte(3, 7);
	struct id id = before;

	(void)state;
	for (unsigned place = 0; place < ID_TEXT_CHARS; place++) {
		unsigned accepted = 0;

		for (unsigned c = 1; c < 256; c++) {
			char text[ID_TEXT_CHARS + 1];

			memcpy(text, good, sizeof(text));
			text[place] = (char)c;
			if (id_from_text(text, &id) == 0) {
				accepted++;
				id = before;
			}
			assert_true(id_equal(&id, &before)); /* untouched on failure */
		}
		assert_int_equal(accepted, 26 + 26 + 6);
	}
	assert_int_equal(id_from_text("", &id), ERR_MALFORMED);
	assert_int_equal(id_from_text("abcdefghijklmnopqrstuvwxyz23456", &id), ERR_MALFORMED);
	assert_int_equal(id_from_text("abcdefghijklmnopqrstuvwxyz2345672", &id), ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_sees_every_byte),
		cmocka_unit_test(order_is_of_big_endian_numbers),
		cmocka_unit_test(the_way_clockwise_leads_there_and_wraps),
		cmocka_unit_test(distance_is_the_shorter_way_whichever_way_one_asks),
		cmocka_unit_test(ahead_is_where_the_way_leads),
		cmocka_unit_test(the_logarithm_is_linear_between_powers),
		cmocka_unit_test(text_is_base32_in_lower_case),
		cmocka_unit_test(text_reads_back),
		cmocka_unit_test(other_characters_and_lengths_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
