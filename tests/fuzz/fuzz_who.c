/* fuzz_who.c - WHO and IAM: the first byte chooses. Oracle: each has one form, so what is taken is
 * what the encoder writes of it, byte for byte; and an answer fits into its question.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"
#include "wire/who.h"

static void try_who(struct span bytes, struct writer *w)
{
	struct who who;

	if (who_decode(bytes, &who) != 0)
		return;
	CHECK(who.bytes == bytes.len);
	who_encode(&who, w);
	CHECK(span_equal(writer_span(w), bytes));
}

static void try_iam(struct span bytes, struct writer *w)
{
	struct iam iam;

	if (iam_decode(bytes, &iam) != 0)
		return;
	CHECK(iam.link_count <= iam_links_fit(bytes.len, iam.name.len));
	iam_encode(&iam, w);
	CHECK(span_equal(writer_span(w), bytes));
	CHECK(bytes.len <= WHO_BYTES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t out[2 * WHO_BYTES_MAX];
	struct writer w = writer_of(out, sizeof(out));

	if (size == 0 || size > sizeof(out))
		return 0;
	(data[0] % 2 == 0 ? try_who : try_iam)(span_of(data + 1, size - 1), &w);
	return 0;
}
