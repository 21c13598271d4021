/* test_writer.c - a write fits whole or writes nothing, and the writer remembers. */
#include "base/reader.h"
#include "base/writer.h"
#include "tests/lib/cmocka.h"

#define GUARD 0xee

static void fields_stand_in_order_big_endian(void **state)
{
	static const uint8_t want[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
					0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
					0x08, 0xaa, 0xbb, 0x00, 0x00, 0xcc, 0xdd };
	static const uint8_t two[] = { 0xaa, 0xbb };
	uint8_t buffer[sizeof(want)];
	struct writer w = writer_of(buffer, sizeof(buffer));
	uint8_t *room;

	(void)state;
	memset(buffer, GUARD, sizeof(buffer));
	writer_u8(&w, 0x01);
	writer_u16(&w, 0x2345);
	writer_u32(&w, 0x6789abcd);
	writer_u64(&w, 0x0102030405060708);
	writer_bytes(&w, two, sizeof(two));
	writer_zero(&w, 2);
	room = writer_reserve(&w, 2);
	assert_ptr_equal(room, buffer + sizeof(want) - 2);
	room[0] = 0xcc;
	room[1] = 0xdd;
	assert_true(writer_ok(&w));
	assert_true(span_equal(writer_span(&w), span_of(want, sizeof(want))));
	writer_span_of(&w, (struct span){ NULL, 0 });
	assert_true(writer_ok(&w));
}

static void write_u8(struct writer *w)
{
	writer_u8(w, 1);
}

static void write_u16(struct writer *w)
{
	writer_u16(w, 1);
}

static void write_u32(struct writer *w)
{
	writer_u32(w, 1);
}

static void write_u64(struct writer *w)
{
	writer_u64(w, 1);
}

static void write_bytes(struct writer *w)
{
	static const uint8_t three[3];

	writer_bytes(w, three, sizeof(three));
}

static void write_span(struct writer *w)
{
	writer_span_of(w, span_text("four"));
}

static void write_zero(struct writer *w)
{
	writer_zero(w, 5);
}

static void reserve(struct writer *w)
{
	(void)writer_reserve(w, 6);
}

/* Each kind of write: fits into exactly its size; with one byte less it writes nothing, not even
 * a part, and every later write is refused too, however small. */
static void write_that_does_not_fit_marks_and_writes_nothing(void **state)
{
	static const struct {
		void (*write)(struct writer *w);
		size_t size;
	} kinds[] = {
		{ write_u8, 1 },    { write_u16, 2 },  { write_u32, 4 },  { write_u64, 8 },
		{ write_bytes, 3 }, { write_span, 4 }, { write_zero, 5 }, { reserve, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint8_t buffer[16];
		struct writer w = writer_of(buffer, kinds[i].size);

		memset(buffer, GUARD, sizeof(buffer));
		kinds[i].write(&w);
		assert_true(writer_ok(&w));
		assert_int_equal(writer_span(&w).len, kinds[i].size);
		assert_int_equal(buffer[kinds[i].size], GUARD);

		memset(buffer, GUARD, sizeof(buffer));
		w = writer_of(buffer, kinds[i].size - 1);
		kinds[i].write(&w);
		assert_false(writer_ok(&w));
		assert_int_equal(writer_span(&w).len, 0);
		assert_int_equal(buffer[0], GUARD);
		writer_zero(&w, 0);
		assert_null(writer_reserve(&w, 0));
		assert_false(writer_ok(&w));
	}
}

static void lengths_near_the_end_of_memory_do_not_wrap(void **state)
{
	uint8_t buffer[4];
	struct writer w = writer_of(buffer, sizeof(buffer));

	(void)state;
	writer_u8(&w, 1);
	assert_null(writer_reserve(&w, SIZE_MAX));
	assert_false(writer_ok(&w));
}

static void buffer_without_bytes_takes_nothing(void **state)
{
	struct writer w = writer_of(NULL, 0);

	(void)state;
	writer_bytes(&w, NULL, 0);
	writer_zero(&w, 0);
	assert_true(writer_ok(&w));
	assert_int_equal(writer_span(&w).len, 0);
	writer_u8(&w, 1);
	assert_false(writer_ok(&w));
}

static void what_is_written_reads_back(void **state)
{
	uint8_t buffer[15];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct reader r;
	uint8_t u8 = 0;
	uint16_t u16 = 0;
	uint32_t u32 = 0;
	uint64_t u64 = 0;

	(void)state;
	writer_u64(&w, UINT64_MAX - 1);
	writer_u32(&w, 0x80000001);
	writer_u16(&w, 0x8002);
	writer_u8(&w, 0x83);
	r = reader_of(writer_span(&w));
	assert_true(reader_u64(&r, &u64) && reader_u32(&r, &u32) && reader_u16(&r, &u16) &&
		    reader_u8(&r, &u8) && reader_end(&r));
	assert_int_equal(u64, UINT64_MAX - 1);
	assert_int_equal(u32, 0x80000001);
	assert_int_equal(u16, 0x8002);
	assert_int_equal(u8, 0x83);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_stand_in_order_big_endian),
		cmocka_unit_test(write_that_does_not_fit_marks_and_writes_nothing),
		cmocka_unit_test(lengths_near_the_end_of_memory_do_not_wrap),
		cmocka_unit_test(buffer_without_bytes_takes_nothing),
		cmocka_unit_test(what_is_written_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
