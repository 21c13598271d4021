/* fuzz_bundle.c - any text as a bundle, from JSON to the certificates in it.
 *
 * Oracle: what is accepted is written, and what was written is read and written alike. Whether it
 * is also believed is not asked for (nobody here has a CA's key), only that judging it ends.
 */
#include "base/check.h"
#include "group/bundle.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define NOW_S 1796000000 /* within the certificates of the corpus */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t first[BUNDLE_BYTES_MAX], second[BUNDLE_BYTES_MAX];
	struct writer w = writer_of(first, sizeof(first));
	struct writer again = writer_of(second, sizeof(second));
	struct certificate certificate;
	struct complaint complaint;
	struct trust *trust = NULL;
	struct bundle bundle;

	if (bundle_from_text(span_of(data, size), &bundle, &complaint) != 0)
		return 0;
	CHECK(bundle_to_text(&bundle, &w) == 0 && writer_ok(&w));
	CHECK(bundle_from_text(writer_span(&w), &bundle, &complaint) == 0);
	CHECK(bundle_to_text(&bundle, &again) == 0);
	CHECK(span_equal(writer_span(&w), writer_span(&again)));
	if (bundle_verify(&bundle, wall_from_s(NOW_S), &trust, &certificate, &complaint) == 0)
		trust_free(trust);
	return 0;
}
