/* test_ciphers.c - the choice follows the machine and the owner: the fastest code that is right,
 * and ChaCha20 first where there are no AES instructions. */
#include "base/err.h"
#include "crypto/aead_trial.h"
#include "prog/ipopd/ciphers.h"
#include "prog/ipopd/ipsec_mb.h"
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_AES "--without-aes"

static void check_form(const struct ciphers *ciphers)
{
	assert_int_not_equal(ciphers->suites[0].id, ciphers->suites[1].id);
	assert_non_null(suite_find(ciphers->suites, SUITE_AES_256_GCM));
	assert_non_null(suite_find(ciphers->suites, SUITE_CHACHA20_POLY1305));
	assert_int_equal(ciphers->suites[2].id, SUITE_NONE);
	for (const struct suite *suite = ciphers->suites; suite->id != SUITE_NONE; suite++)
		assert_ptr_equal(suite->handshake,
				 suite_find(suites_all, (uint8_t)suite->id)->handshake);
	assert_in_range(ciphers->cost_ns[0], 1, 1000000);
	assert_in_range(ciphers->cost_ns[1], 1, 1000000);
	assert_false(ciphers->is_wrong);
}

static void a_library_is_taken_if_it_is_there(void **state)
{
	static struct ciphers ciphers;
	struct aead_functions functions;
	const int err = ipsec_mb_open(&functions);

	(void)state;
	ciphers_choose(&ciphers, CONFIG_CRYPTO_AUTO);
	check_form(&ciphers);
	if (err != 0) {
		assert_true(err == ERR_NOT_FOUND || err == ERR_UNSUPPORTED);
		assert_ptr_equal(suite_find(ciphers.suites, SUITE_AES_256_GCM)->packets,
				 &aead_aes_256_gcm);
		return;
	}
	assert_int_equal(ciphers.suites[0].id, SUITE_AES_256_GCM);
	assert_true(aead_trial_is_aes_256_gcm(ciphers.suites[0].packets));
	assert_true(strncmp(functions.name, "AES-256-GCM (ipsec-mb", 21) == 0);
	if (ciphers.suites[0].packets != &aead_aes_256_gcm) /* it is faster */
		assert_string_equal(ciphers.suites[0].packets->name, functions.name);
}

static void the_owner_has_his_way(void **state)
{
	static struct ciphers ciphers;

	(void)state;
	ciphers_choose(&ciphers, CONFIG_CRYPTO_OPENSSL);
	check_form(&ciphers);
	assert_ptr_equal(suite_find(ciphers.suites, SUITE_AES_256_GCM)->packets, &aead_aes_256_gcm);
	ciphers_choose(&ciphers, CONFIG_CRYPTO_CHACHA20);
	check_form(&ciphers);
	assert_int_equal(ciphers.suites[0].id, SUITE_CHACHA20_POLY1305);
	assert_ptr_equal(ciphers.suites[1].packets, &aead_aes_256_gcm);
}

/* libcrypto reads the variable when it is loaded (OPENSSL_ia32cap(3)), so this is another process:
 * there, bit 57 of the first word, AES-NI, is hidden, and bit 41 of the second, VAES. */
static void without_aes_instructions_it_is_chacha20(void **state)
{
	int status = 0;
	pid_t child;

	(void)state;
#if !defined(__x86_64__)
	skip();
#endif
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setenv("OPENSSL_ia32cap", "~0x200000200000000:~0x20000000000", 1) == 0)
			(void)execl("/proc/self/exe", "test_ciphers", NO_AES, (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SUITE_CHACHA20_POLY1305);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_library_is_taken_if_it_is_there),
		cmocka_unit_test(the_owner_has_his_way),
		cmocka_unit_test(without_aes_instructions_it_is_chacha20),
	};
	static struct ciphers ciphers;

	if (argc > 1 && strcmp(argv[1], NO_AES) == 0) {
		ciphers_choose(&ciphers, CONFIG_CRYPTO_OPENSSL);
		return (int)ciphers.suites[0].id;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
