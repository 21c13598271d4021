/* test_datagram.c - the sixteen bytes before every sealed frame. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "wire/datagram.h"

#include <string.h>

static const uint8_t example[DATAGRAM_HEADER_BYTES] = { 6,    0,    0,    0,    0xa1, 0xa2,
							0xa3, 0xa4, 0xb1, 0xb2, 0xb3, 0xb4,
							0xb5, 0xb6, 0xb7, 0xb8 };

static void header_is_type_receiver_counter(void **state)
{
	const struct datagram_header header = { .receiver = 0xa1a2a3a4,
						.counter = 0xb1b2b3b4b5b6b7b8 };
	struct datagram_header back;
	uint8_t bytes[DATAGRAM_HEADER_BYTES];

	(void)state;
	datagram_header_encode(&header, bytes);
	assert_memory_equal(bytes, example, sizeof(bytes));
	assert_int_equal(datagram_header_decode(span_of(bytes, sizeof(bytes)), &back), 0);
	assert_int_equal(back.receiver, header.receiver);
	assert_int_equal(back.counter, header.counter);
	assert_int_equal(datagram_type(span_of(bytes, sizeof(bytes))), DATAGRAM_DATA);
	assert_int_equal(datagram_type(span_of(NULL, 0)), 0);
}

static void short_foreign_and_reserved_are_refused(void **state)
{
	struct datagram_header back = { .receiver = 7 };

	(void)state;
	for (size_t len = 0; len < sizeof(example); len++)
		assert_int_equal(datagram_header_decode(span_of(example, len), &back),
				 ERR_MALFORMED);
	for (size_t bit = 0; bit < (size_t)4 * 8; bit++) { /* type and reserved bytes */
		uint8_t bytes[DATAGRAM_HEADER_BYTES];

		memcpy(bytes, example, sizeof(bytes));
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(datagram_header_decode(span_of(bytes, sizeof(bytes)), &back),
				 ERR_MALFORMED);
	}
	assert_int_equal(back.receiver, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_type_receiver_counter),
		cmocka_unit_test(short_foreign_and_reserved_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
