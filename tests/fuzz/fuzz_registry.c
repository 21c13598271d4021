/* fuzz_registry.c - any text as the CA's registry.
 *
 * The last line holds a hash that chance does not find. So the input is the part before it, and the
 * right last line is put behind it here; an input that begins with '!' is taken as it is.
 *
 * Oracle: what is accepted is written byte by byte as it was read.
 */
#include "base/check.h"
#include "crypto/hash.h"
#include "group/registry.h"
#include "group/text.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 65536

static const struct id network = { { 1, 2, 3 } };

/* The input with its last line, of as many entries as it has lines but the first. */
static struct span with_end(const uint8_t *data, size_t size, uint8_t text[TEXT_MAX])
{
	char hex[TEXT_HEX_CHARS(HASH_BYTES) + 1];
	struct writer w = writer_of(text, TEXT_MAX);
	const struct span all = span_of(data, size);
	uint8_t hash[HASH_BYTES];
	char line[128];
	size_t lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	hash_sha256(&all, 1, hash);
	text_hex(span_of(hash, sizeof(hash)), hex);
	CHECK(snprintf(line, sizeof(line), "end %zu %s\n", lines - 1, hex) > 0);
	writer_span_of(&w, all);
	writer_span_of(&w, span_text(line));
	return writer_span(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t text[TEXT_MAX], written[TEXT_MAX];
	struct writer w = writer_of(written, sizeof(written));
	struct registry registry;
	struct span input;

	if (size > TEXT_MAX / 2)
		return 0;
	input = size > 0 && data[0] == '!' ? span_of(data + 1, size - 1)
					   : with_end(data, size, text);
	if (registry_from_text(input, &network, &registry) != 0)
		return 0;
	registry_to_text(&registry, &w);
	CHECK(writer_ok(&w) && span_equal(writer_span(&w), input));
	registry_free(&registry);
	return 0;
}
