/* test_der.c - one encoding of each length and number, from both sides. */
#include "crypto/der.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/hex.h"

static void test_take(void **state)
{
	static const struct {
		const char *bytes;
		bool taken;
		size_t header, left; /* bytes in front of the content, bytes behind the item */
	} cases[] = {
		{ "", false, 0, 0 },
		{ "04", false, 0, 0 },
		{ "0400", true, 2, 0 },
		{ "040100", true, 2, 0 },
		{ "04010000", true, 2, 1 },
		{ "0401", false, 0, 0 },
		{ "0480", false, 0, 0 },     /* BER: until the end */
		{ "04810100", false, 0, 0 }, /* one byte would have done */
		{ "0481", false, 0, 0 },
		{ "048200", false, 0, 0 },
		{ "0482000100", false, 0, 0 },
		{ "048300000100", false, 0, 0 }, /* more than we know */
		{ "1f8100", false, 0, 0 },       /* a tag of several bytes */
		{ "bf8100", false, 0, 0 },
		{ "1e00", true, 2, 0 },
		{ "a000", true, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[16];
		const struct span all = hex_bytes(cases[i].bytes, bytes, sizeof(bytes));
		struct reader r = reader_of(all);
		struct der_item item = { .tag = 0xee };

		assert_int_equal(der_take(&r, &item), cases[i].taken);
		if (cases[i].taken) {
			assert_int_equal(item.tag, bytes[0]);
			assert_int_equal(reader_left(&r), cases[i].left);
			assert_int_equal(item.whole.len, all.len - cases[i].left);
			assert_int_equal(item.content.len, item.whole.len - cases[i].header);
			assert_ptr_equal(item.content.data, bytes + cases[i].header);
		} else {
			assert_int_equal(item.tag, 0xee);
			assert_int_equal(reader_left(&r), all.len);
		}
	}
}

/* What is put is taken again, and is not taken with a byte less. */
static void test_lengths(void **state)
{
	static uint8_t content[65536], bytes[65536 + 8];
	static const size_t lens[] = { 0, 1, 127, 128, 255, 256, 257, 65535 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		const size_t header = lens[i] < 128 ? 2 : lens[i] < 256 ? 3 : 4;
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct reader r;
		struct span got;

		der_put(&w, DER_OCTET_STRING, span_of(content, lens[i]));
		assert_true(writer_ok(&w));
		assert_int_equal(w.len, header + lens[i]);
		r = reader_of(writer_span(&w));
		assert_false(der_take_tag(&r, DER_SEQUENCE, &got));
		assert_true(der_take_tag(&r, DER_OCTET_STRING, &got));
		assert_int_equal(got.len, lens[i]);
		assert_true(reader_end(&r));
		r = reader_of(span_of(bytes, w.len - 1));
		assert_false(der_take_tag(&r, DER_OCTET_STRING, &got));

		w = writer_of(bytes, w.len - 1);
		der_put(&w, DER_OCTET_STRING, span_of(content, lens[i]));
		assert_false(writer_ok(&w));
	}
	struct writer w = writer_of(bytes, sizeof(bytes));
	der_put(&w, DER_OCTET_STRING, span_of(content, 65536));
	assert_false(writer_ok(&w));
}

static void test_unsigned(void **state)
{
	static const struct {
		const char *integer, *bytes; /* NULL: not taken */
	} cases[] = {
		{ "020100", "00" },     { "02017f", "7f" },       { "02020080", "80" },
		{ "02020100", "0100" }, { "020300ffff", "ffff" }, { "020180", NULL },
		{ "0202007f", NULL },   { "02020000", NULL },     { "0200", NULL },
		{ "0202ff80", NULL },   { "040100", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t integer[8], bytes[8], padded[10] = { 0 }, out[16];
		const struct span all = hex_bytes(cases[i].integer, integer, sizeof(integer));
		struct reader r = reader_of(all);
		struct span got;

		assert_int_equal(der_take_unsigned(&r, &got), cases[i].bytes != NULL);
		if (cases[i].bytes == NULL) {
			assert_int_equal(reader_left(&r), all.len);
			continue;
		}
		const struct span want = hex_bytes(cases[i].bytes, bytes, sizeof(bytes));
		assert_true(span_equal(got, want));

		memcpy(padded + 2, bytes, want.len); /* zeros in front do not matter */
		for (size_t zeros = 0; zeros <= 2; zeros++) {
			struct writer w = writer_of(out, sizeof(out));

			der_put_unsigned(&w, span_of(padded + 2 - zeros, want.len + zeros));
			assert_true(span_equal(writer_span(&w), all));
		}
	}
}

static void test_overflow_is_handed_on(void **state)
{
	uint8_t small[2], large[64];
	struct writer content = writer_of(small, sizeof(small));
	struct writer w = writer_of(large, sizeof(large));

	(void)state;
	writer_zero(&content, 3);
	der_put_writer(&w, DER_SEQUENCE, &content);
	assert_false(writer_ok(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_overflow_is_handed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
