/* test_buffers.c - copies are their own until the last reference is dropped, then used again. */
#include "tests/lib/cmocka.h"

#include "sim/buffers.h"

static uint8_t bytes[BUFFER_BYTES_MAX];

static void every_length_is_kept(void **state)
{
	struct buffers buffers;

	(void)state;
	buffers_init(&buffers);
	for (size_t len = 0; len <= BUFFER_BYTES_MAX; len++) {
		struct buffer *buffer = buffers_copy(&buffers, span_of(bytes, len));

		assert_non_null(buffer);
		assert_true(span_equal(buffer_span(buffer), span_of(bytes, len)));
		buffers_drop(&buffers, buffer);
	}
	buffers_free(&buffers);
}

static void no_two_share_memory(void **state)
{
	struct buffers buffers;
	struct buffer *all[2000];

	(void)state;
	buffers_init(&buffers);
	for (size_t i = 0; i < 2000; i++) {
		all[i] = buffers_copy(&buffers, span_of(bytes, i % 1000));
		for (size_t j = 0; j < i % 1000; j++)
			all[i]->bytes[j] = (uint8_t)i;
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t j = 0; j < i % 1000; j++)
			assert_int_equal(all[i]->bytes[j], (uint8_t)i);
	buffers_free(&buffers); /* with references */
}

static void the_last_reference_frees_for_reuse(void **state)
{
	struct buffers buffers;
	struct buffer *first;
	struct buffer *second;

	(void)state;
	buffers_init(&buffers);
	first = buffers_copy(&buffers, span_of(bytes, 100));
	assert_ptr_equal(buffer_share(first), first);
	buffers_drop(&buffers, first);
	second = buffers_copy(&buffers, span_of(bytes, 100));
	assert_ptr_not_equal(second, first);
	buffers_drop(&buffers, first);
	assert_ptr_equal(buffers_copy(&buffers, span_of(bytes, 90)), first);
	assert_ptr_not_equal(buffers_copy(&buffers, span_of(bytes, 300)), second);
	buffers_free(&buffers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_is_kept),
		cmocka_unit_test(no_two_share_memory),
		cmocka_unit_test(the_last_reference_frees_for_reuse),
	};

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + i / 256);
	return cmocka_run_group_tests_name("buffers", tests, NULL, NULL);
}
