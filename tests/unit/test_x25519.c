/* test_x25519.c - RFC 7748, 5.2 and 6.1, and the points that give away their result. */
#include "base/err.h"
#include "crypto/x25519.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/hex.h"

static const char alice_secret[] =
	"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";

static void key_from(const char *text, uint8_t ret[X25519_BYTES])
{
	assert_int_equal(hex_bytes(text, ret, X25519_BYTES).len, X25519_BYTES);
}

static void assert_shared(const char *secret, const char *theirs, const char *shared)
{
	uint8_t s[32], public[32], t[32], expected[32], out[32];

	key_from(secret, s);
	key_from(theirs, t);
	key_from(shared, expected);
	assert_int_equal(x25519_public(s, public), 0);
	assert_int_equal(x25519_shared(s, public, t, out), 0);
	assert_memory_equal(out, expected, sizeof(out));
}

static void test_published(void **state)
{
	uint8_t secret[32], public[32], expected[32];

	(void)state;
	assert_shared("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	assert_shared("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
	assert_shared(alice_secret,
		      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
		      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");

	key_from(alice_secret, secret);
	key_from("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", expected);
	assert_int_equal(x25519_public(secret, public), 0);
	assert_memory_equal(public, expected, sizeof(public));
}

/* RFC 7748, 6.1 asks for the check. The points are those of the curve's home page (orders 4, 1, 8,
 * 8, 2) with 0 and 1 written as p and p + 1 too, each also with the top bit, which does not count.
 */
static void test_small_order_is_refused(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t secret[32], public[32], point[32], out[32];

	(void)state;
	key_from(alice_secret, secret);
	assert_int_equal(x25519_public(secret, public), 0);
	for (size_t i = 0; i < 2 * sizeof(points) / sizeof(points[0]); i++) {
		key_from(points[i / 2], point);
		point[31] |= i % 2 == 0 ? 0 : 0x80;
		assert_int_equal(x25519_shared(secret, public, point, out), ERR_CRYPTO);
		assert_true(span_is_zero(span_of(out, sizeof(out))));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_small_order_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
