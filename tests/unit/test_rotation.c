/* test_rotation.c - the secret of a network can be replaced for ever: what is written is read, and
 * the newer bundle counts, however often it was. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "group/authority.h"

#include <string.h>

#define ROTATIONS 600 /* more than twice around */

static struct network_secrets read_back(const struct network_secrets *secrets)
{
	uint8_t text[NETWORK_SECRETS_TEXT_MAX];
	struct writer w = writer_of(text, sizeof(text));
	struct network_secrets ret;

	network_secrets_to_text(secrets, &w);
	assert_true(writer_ok(&w));
	assert_int_equal(network_secrets_from_text(writer_span(&w), &ret), 0);
	return ret;
}

static void the_newer_one_counts(const struct network_secrets *older,
				 const struct network_secrets *newer)
{
	struct bundle present = { .network = "lab", .secrets = *older };
	struct bundle next = { .network = "lab", .secrets = *newer };
	struct complaint complaint;

	assert_int_equal(bundle_check_renewal(&present, &next, &complaint), 0);
	assert_int_equal(bundle_check_renewal(&next, &present, &complaint), ERR_STALE);
}

static void it_goes_round(void **state)
{
	struct authority authority = { .secrets = { .epochs = { { .epoch = 1 } }, .count = 1 } };
	static const uint8_t seed[ENTROPY_SEED_BYTES];
	struct entropy entropy;

	(void)state;
	entropy_init(&entropy, seed);
	authority.entropy = &entropy;
	for (unsigned i = 0; i < ROTATIONS; i++) {
		const struct network_secrets before = authority.secrets;
		struct network_secrets again;

		authority_rotate(&authority);
		again = read_back(&authority.secrets);
		assert_int_equal(again.count, 2);
		assert_true(again.epochs[0].epoch != 0);
		assert_int_equal(again.epochs[1].epoch, before.epochs[0].epoch);
		the_newer_one_counts(&before, &again);
	}
}

static void the_order_has_two_sides(void **state)
{
	(void)state;
	assert_int_equal(network_epoch_next(254), 255);
	assert_int_equal(network_epoch_next(255), 1);
	assert_false(network_epoch_is_newer(7, 7));
	assert_true(network_epoch_is_newer(1, 255));
	assert_false(network_epoch_is_newer(255, 1));
	assert_true(network_epoch_is_newer(128, 1)); /* 127 ahead */
	assert_false(network_epoch_is_newer(129, 1));
	assert_true(network_epoch_is_newer(127, 255));
	assert_false(network_epoch_is_newer(128, 255));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_round),
		cmocka_unit_test(the_order_has_two_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
