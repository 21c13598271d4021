/* test_pem.c - what is encoded decodes to itself; what is odd is refused. */
#include "base/err.h"
#include "crypto/pem.h"
#include "tests/lib/cmocka.h"

#define BEGIN "-----BEGIN THING-----\n"
#define END "-----END THING-----\n"
#define LINE_OF_48 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

static void test_round_trip(void **state)
{
	uint8_t bytes[200], text[600], back[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct writer pem = writer_of(text, sizeof(text));
		struct writer der = writer_of(back, len);

		assert_int_equal(pem_encode(span_of(bytes, len), "THING", &pem), 0);
		assert_true(pem_has_label(writer_span(&pem), "THING"));
		assert_false(pem_has_label(writer_span(&pem), "THIN"));
		assert_int_equal(pem_decode(writer_span(&pem), "THING", &der), 0);
		assert_true(span_equal(writer_span(&der), span_of(bytes, len)));
		if (len > 0) {
			der = writer_of(back, len - 1);
			assert_int_equal(pem_decode(writer_span(&pem), "THING", &der),
					 ERR_TOO_LONG);
		}
		pem = writer_of(text, pem.len - 1);
		assert_int_equal(pem_encode(span_of(bytes, len), "THING", &pem), ERR_TOO_LONG);
	}
}

static void test_texts(void **state)
{
	static const struct {
		const char *text;
		int expected;
		size_t len;
	} cases[] = {
		{ BEGIN END, 0, 0 },
		{ BEGIN "AAAA\n" END, 0, 3 },
		{ BEGIN "AAA=\n" END, 0, 2 },
		{ BEGIN "AA==\n" END, 0, 1 },
		{ BEGIN LINE_OF_48 "AA==\n" END, 0, 49 },
		{ "Subject: a thing\n\n" BEGIN "AAAA\n" END "more\n", 0, 3 },
		{ BEGIN "AAAA\n" END BEGIN "AAAAAAAA\n" END, 0, 3 }, /* the first counts */
		{ "-----BEGIN THING-----\r\nAAAA\r\n-----END THING-----\r\n", 0, 3 },
		{ BEGIN "AAAA\n-----END THING-----", 0, 3 },
		{ "", ERR_MALFORMED, 0 },
		{ BEGIN, ERR_MALFORMED, 0 },
		{ BEGIN "AAAA\n", ERR_MALFORMED, 0 },
		{ " " BEGIN "AAAA\n" END, ERR_MALFORMED, 0 },
		{ "-----BEGIN THINGS-----\nAAAA\n" END, ERR_MALFORMED, 0 },
		{ "-----BEGIN OTHER-----\n-----END OTHER-----\n" BEGIN "AAAA\n" END, ERR_MALFORMED,
		  0 },
		{ BEGIN "AAAA\n-----END OTHER-----\n", ERR_MALFORMED, 0 },
		{ BEGIN "AAAA\n\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "AAAA\nAAAA\n" END, ERR_MALFORMED, 0 }, /* a short line is the last */
		{ BEGIN "AAA=\nAAAA\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "AAA\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "A===\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "====\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "A=AA\n" END, ERR_MALFORMED, 0 },
		{ BEGIN " AAAA\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "AA A\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "AAA\t\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "AA-A\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "AA\xc3\xa4\n" END, ERR_MALFORMED, 0 },
		{ BEGIN "Proc-Type: 4,ENCRYPTED\n\nAAAA\n" END, ERR_MALFORMED, 0 },
		{ BEGIN LINE_OF_48 "AAAA" LINE_OF_48 END, ERR_MALFORMED, 0 }, /* 68 in a line */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t buffer[200];
		struct writer w = writer_of(buffer, sizeof(buffer));

		assert_int_equal(pem_decode(span_text(cases[i].text), "THING", &w),
				 cases[i].expected);
		if (cases[i].expected == 0)
			assert_int_equal(w.len, cases[i].len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
