/* test_trace_hash.c - the hash is SipHash-2-4, however its input is cut. */
#include "tests/lib/cmocka.h"

#include "sim/trace_hash.h"

/* Of the bytes 0, 1, 2, ... under the key 0, 1, ... 15, by length: the table vectors_sip64 of the
 * authors' reference implementation, and (15 bytes) appendix A of the paper. */
static const struct {
	size_t len;
	uint64_t hash;
} vectors[] = {
	{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },  { 2, 0x0d6c8009d9a94f5a },
	{ 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 },
};

static uint8_t input[64];

static void published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct trace_hash hash;

		trace_hash_init(&hash);
		trace_hash_bytes(&hash, span_of(input, vectors[i].len));
		assert_int_equal(trace_hash_value(&hash), vectors[i].hash);
	}
}

static void cuts_do_not_matter(void **state)
{
	struct trace_hash whole;

	(void)state;
	trace_hash_init(&whole);
	trace_hash_bytes(&whole, span_of(input, sizeof(input)));
	for (size_t cut = 0; cut <= sizeof(input); cut++) {
		struct trace_hash parts;

		trace_hash_init(&parts);
		trace_hash_bytes(&parts, span_of(input, cut));
		(void)trace_hash_value(&parts); /* looking changes nothing */
		trace_hash_bytes(&parts, span_of(input + cut, sizeof(input) - cut));
		assert_int_equal(trace_hash_value(&parts), trace_hash_value(&whole));
	}
}

static void a_number_is_its_bytes_lowest_first(void **state)
{
	(void)state;
	for (size_t before = 0; before < 9; before++) {
		struct trace_hash number;
		struct trace_hash bytes;

		trace_hash_init(&number);
		trace_hash_init(&bytes);
		trace_hash_bytes(&number, span_of(input, before));
		trace_hash_bytes(&bytes, span_of(input, before));
		trace_hash_u64(&number, 0x0706050403020100);
		trace_hash_bytes(&bytes, span_of(input, 8));
		assert_int_equal(trace_hash_value(&number), trace_hash_value(&bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(cuts_do_not_matter),
		cmocka_unit_test(a_number_is_its_bytes_lowest_first),
	};

	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	return cmocka_run_group_tests_name("trace_hash", tests, NULL, NULL);
}
