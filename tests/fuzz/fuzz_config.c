/* fuzz_config.c - any text as a configuration file.
 *
 * Oracle: what is accepted is printed, and the printed form parses to what prints alike; what is
 * refused has a complaint that begins with the file and is printable.
 */
#include "base/check.h"
#include "group/config.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t first[CONFIG_BYTES_MAX], second[CONFIG_BYTES_MAX];
	struct writer w = writer_of(first, sizeof(first));
	struct writer again = writer_of(second, sizeof(second));
	struct complaint complaint = { "" };
	struct config config;

	if (config_parse(span_of(data, size), "f", &config, &complaint) != 0) {
		CHECK(memcmp(complaint.text, "f:", 2) == 0);
		for (const char *c = complaint.text; *c != '\0'; c++)
			CHECK(*c >= ' ' && *c <= '~');
		return 0;
	}
	config_print(&config, &w);
	CHECK(writer_ok(&w));
	CHECK(config_parse(writer_span(&w), "f", &config, &complaint) == 0);
	config_print(&config, &again);
	CHECK(span_equal(writer_span(&w), writer_span(&again)));
	return 0;
}
