/* test_start.c - libcrypto's configuration file is not read: one that takes all algorithms away
 * does harm without crypto_start(), and none with it. */
#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/start.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char no_algorithms[] = "openssl_conf = all\n"
				    "[all]\n"
				    "providers = providers\n"
				    "[providers]\n"
				    "null = null\n"
				    "[null]\n"
				    "activate = 1\n";

/* SHA-256 would not do: it is not looked up. */
static void mac_something(void)
{
	static const uint8_t key[MAC_KEY_BYTES] = { 1 };
	uint8_t mac[MAC_BYTES];

	CHECK(mac_once(key, NULL, 0, mac) == 0);
}

/* In a child, as all that libcrypto reads it reads once. */
static void start_and_mac(void)
{
	if (crypto_start() == 0) {
		mac_something();
		abort(); /* the only end that death_text() takes for one */
	}
}

static void test_configuration_is_not_read(void **state)
{
	char path[] = "/tmp/ipop-test-openssl-XXXXXX";
	const int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, no_algorithms, strlen(no_algorithms)), strlen(no_algorithms));
	assert_int_equal(close(fd), 0);
	assert_int_equal(setenv("OPENSSL_CONF", path, 1), 0);

	const char *text = death_text(mac_something);
	assert_non_null(text);
	assert_non_null(strstr(text, "check failed")); /* so the file would do harm */
	text = death_text(start_and_mac);
	assert_non_null(text);
	assert_null(strstr(text, "check failed"));
	assert_int_equal(unlink(path), 0);
}

static void test_start(void **state)
{
	(void)state;
	assert_int_equal(crypto_start(), 0);
	assert_int_equal(crypto_start(), 0); /* again does no harm */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configuration_is_not_read), /* first: see above */
		cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
