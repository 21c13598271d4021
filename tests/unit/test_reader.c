/* test_reader.c - takes exactly what it promises, or nothing at all. */
#include "base/reader.h"
#include "tests/lib/cmocka.h"

static const uint8_t bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff };

static struct reader reader_over(size_t len)
{
	return reader_of(span_of(bytes, len));
}

static void integers_are_big_endian(void **state)
{
	struct reader r = reader_over(sizeof(bytes));
	uint8_t u8 = 0;
	uint16_t u16 = 0;
	uint32_t u32 = 0;
	uint64_t u64 = 0;

	(void)state;
	assert_true(reader_u8(&r, &u8) && reader_u16(&r, &u16) && reader_u32(&r, &u32));
	assert_int_equal(u8, 0x01);
	assert_int_equal(u16, 0x2345);
	assert_int_equal(u32, 0x6789abcd);
	assert_int_equal(reader_left(&r), 2);
	r = reader_over(sizeof(bytes));
	assert_true(reader_u64(&r, &u64));
	assert_int_equal(u64, 0x0123456789abcdef);
	assert_int_equal(reader_left(&r), 1);
	assert_false(reader_end(&r));
}

/* One byte too few: false, the output untouched, nothing taken. */
static void short_input_takes_nothing(void **state)
{
	uint8_t u8 = 0x5a;
	uint16_t u16 = 0x5a5a;
	uint32_t u32 = 0x5a5a5a5a;
	uint64_t u64 = 0x5a5a5a5a5a5a5a5a;
	uint8_t copy[4] = { 0x5a, 0x5a, 0x5a, 0x5a };
	struct span lent = span_of(copy, 1);
	struct reader r;

	(void)state;
	r = reader_over(0);
	assert_false(reader_u8(&r, &u8));
	assert_int_equal(u8, 0x5a);
	r = reader_over(1);
	assert_false(reader_u16(&r, &u16));
	assert_int_equal(u16, 0x5a5a);
	r = reader_over(3);
	assert_false(reader_u32(&r, &u32));
	assert_false(reader_bytes(&r, copy, 4));
	assert_false(reader_span(&r, 4, &lent));
	assert_int_equal(u32, 0x5a5a5a5a);
	assert_memory_equal(copy, &u32, 4);
	assert_ptr_equal(lent.data, copy);
	assert_int_equal(reader_left(&r), 3);
	r = reader_over(7);
	assert_false(reader_u64(&r, &u64));
	assert_int_equal(u64, 0x5a5a5a5a5a5a5a5a);
	assert_int_equal(reader_left(&r), 7);
	assert_false(reader_span(&r, SIZE_MAX, &lent));
}

static void exact_input_is_taken_whole(void **state)
{
	struct reader r = reader_over(4);
	uint8_t copy[4];
	struct span lent;

	(void)state;
	assert_true(reader_bytes(&r, copy, 4));
	assert_memory_equal(copy, bytes, 4);
	assert_true(reader_end(&r));
	r = reader_over(4);
	assert_false(reader_end(&r));
	assert_true(reader_span(&r, 4, &lent));
	assert_ptr_equal(lent.data, bytes); /* lent, not copied */
	assert_int_equal(lent.len, 4);
	assert_true(reader_end(&r));
}

static void zero_bytes_must_be_zero_to_be_taken(void **state)
{
	static const uint8_t padding[] = { 0, 0, 0, 1 };
	struct reader r = reader_of(span_of(padding, sizeof(padding)));

	(void)state;
	assert_false(reader_zero(&r, 4));
	assert_false(reader_zero(&r, 5));
	assert_int_equal(reader_left(&r), 4);
	assert_true(reader_zero(&r, 3));
	assert_true(reader_zero(&r, 0));
	assert_int_equal(reader_left(&r), 1);
	assert_false(reader_zero(&r, 1));
}

/* {NULL, 0} is a span like any other: nothing can be taken from it but nothing. */
static void empty_input_without_bytes_is_allowed(void **state)
{
	struct reader r = reader_of((struct span){ NULL, 0 });
	struct span lent;
	uint8_t u8;

	(void)state;
	assert_true(reader_end(&r));
	assert_true(reader_span(&r, 0, &lent));
	assert_true(reader_bytes(&r, NULL, 0));
	assert_true(reader_zero(&r, 0));
	assert_false(reader_u8(&r, &u8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_big_endian),
		cmocka_unit_test(short_input_takes_nothing),
		cmocka_unit_test(exact_input_is_taken_whole),
		cmocka_unit_test(zero_bytes_must_be_zero_to_be_taken),
		cmocka_unit_test(empty_input_without_bytes_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
