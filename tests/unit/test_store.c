/* test_store.c - what holds a key or a secret is read only if it is for its owner alone, and a
 * bundle only in its own network's place; to whom bundles lead when the CA's host joins. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "group/authority_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/ipop-test-store-XXXXXX";
static struct store store = { .root = root, .network = "lab" };

static int set_up(void **state)
{
	struct complaint complaint;

	(void)state;
	return mkdtemp(root) == NULL || store_make_directory(&store, STORE_ETC, &complaint) != 0 ||
			       store_make_directory(&store, STORE_MEMBER, &complaint) != 0 ||
			       store_make_directory(&store, STORE_CA, &complaint) != 0
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	static const char *const parts[] = {
		"/var/lib/ipop-ca/lab",
		"/var/lib/ipop-ca",
		"/var/lib/ipop/lab",
		"/var/lib/ipop",
		"/var/lib",
		"/var",
		"/etc/ipop",
		"/etc",
		"",
	};
	struct file_path path;

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (file_path(&path, "%s%s", root, parts[i]) != 0 || remove(path.text) != 0)
			return -1;
	return 0;
}

/* Makes the file, reads it with this mode, and removes it. */
static int read_with_mode(enum store_file file, mode_t mode, struct complaint *complaint)
{
	struct file_bytes bytes = { .len = 0 };
	struct file_path path;
	int fd = -1;
	int opened;
	int err;

	assert_int_equal(store_write(&store, file, span_text("text"), complaint), 0);
	assert_int_equal(store_path(&store, file, &path), 0);
	assert_int_equal(chmod(path.text, mode), 0);
	opened = store_open(&store, file, &fd, complaint);
	if (opened == 0)
		(void)close(fd);
	err = store_read(&store, file, &bytes, complaint);
	file_free(&bytes);
	assert_int_equal(opened, err);
	if (file == STORE_KEY) {
		assert_int_equal(store_read_key(path.text, &bytes, complaint), err);
		file_free(&bytes);
	}
	assert_int_equal(unlink(path.text), 0);
	return err;
}

static void secrets_are_for_their_owner_alone(void **state)
{
	static const enum store_file secrets[] = { STORE_KEY, STORE_BUNDLE, STORE_CA_KEY,
						   STORE_CA_SECRET };
	static const mode_t refused[] = { 0644, 0640, 0604, 0620, 0602, 0601 };
	struct complaint complaint;

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		assert_int_equal(read_with_mode(secrets[i], 0600, &complaint), 0);
		assert_int_equal(read_with_mode(secrets[i], 0400, &complaint), 0);
		for (size_t m = 0; m < sizeof(refused) / sizeof(refused[0]); m++)
			assert_int_equal(read_with_mode(secrets[i], refused[m], &complaint),
					 ERR_DENIED);
		assert_non_null(strstr(complaint.text, "chmod 600 /tmp/"));
	}
}

static int check_reader(enum store_file file, uint32_t owner, mode_t mode, uint32_t reader,
			struct complaint *complaint)
{
	struct file_path path;
	int err;

	assert_int_equal(store_write(&store, file, span_text("text"), complaint), 0);
	assert_int_equal(store_path(&store, file, &path), 0);
	assert_int_equal(chown(path.text, owner, 0), 0);
	assert_int_equal(chmod(path.text, mode), 0);
	err = store_check_reader(&store, file, reader, reader, complaint);
	assert_int_equal(unlink(path.text), 0);
	return err;
}

/* The daemon has no right over the files of others, whoever asks. */
static void the_daemon_is_let_to_its_files(void **state)
{
	struct complaint complaint;
	struct file_path member;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(root, 0755), 0);
	assert_int_equal(store_directory_path(&store, STORE_MEMBER, &member), 0);
	assert_int_equal(chmod(member.text, 0700), 0);
	assert_int_equal(check_reader(STORE_KEY, 0, 0600, 0, &complaint), 0);
	assert_int_equal(check_reader(STORE_KEY, 4711, 0600, 0, &complaint), ERR_PERMISSION);
	assert_non_null(strstr(complaint.text, "belongs to user 4711, and the daemon, which is "
					       "root, may not read it: chown root /tmp/"));
	assert_int_equal(check_reader(STORE_KEY, 0, 0200, 0, &complaint), ERR_PERMISSION);
	assert_non_null(strstr(complaint.text, "may not read it: chmod u+r /tmp/"));
	assert_int_equal(check_reader(STORE_CONFIG, 0, 0644, 4711, &complaint), 0);
	assert_int_equal(check_reader(STORE_CONFIG, 0, 0600, 4711, &complaint), ERR_PERMISSION);
	assert_non_null(strstr(complaint.text, "which is user 4711, may not read it: chmod a+r "));
	assert_int_equal(check_reader(STORE_CONFIG, 4711, 0600, 0, &complaint), ERR_PERMISSION);
	assert_non_null(strstr(complaint.text, "belongs to user 4711, and the daemon, which is "
					       "root, may not read it: chown root /tmp/"));
	assert_null(strstr(complaint.text, "chmod"));
	assert_int_equal(check_reader(STORE_CONFIG, 4711, 0600, 4712, &complaint), ERR_PERMISSION);
	assert_non_null(strstr(complaint.text, "/lab.conf; chmod a+r /tmp/"));
	assert_int_equal(check_reader(STORE_BUNDLE, 4711, 0600, 4711, &complaint), ERR_PERMISSION);
	assert_non_null(strstr(complaint.text, "/lab: belongs to user 0, and the daemon, which is "
					       "user 4711, may not enter it: chown 4711 /tmp/"));
	assert_int_equal(chown(member.text, 4711, 0), 0);
	assert_int_equal(check_reader(STORE_BUNDLE, 4711, 0600, 4711, &complaint), 0);
	assert_int_equal(chown(member.text, 0, 0), 0);
	assert_int_equal(store_check_reader(&store, STORE_KEY, 0, 0, &complaint), 0);
}

static void other_files_are_for_all(void **state)
{
	struct complaint complaint;

	(void)state;
	assert_int_equal(read_with_mode(STORE_CONFIG, 0644, &complaint), 0);
	assert_int_equal(read_with_mode(STORE_CA_CERTIFICATE, 0644, &complaint), 0);
	assert_int_equal(read_with_mode(STORE_CA_REGISTRY, 0644, &complaint), 0);
}

static void a_bundle_is_of_the_network_in_whose_place_it_stands(void **state)
{
	struct bundle bundle = { .network = "lab",
				 .ipv4_prefix = { { 10, 1, 0, 0 }, 16 },
				 .secrets = { .epochs[0].epoch = 1, .count = 1 },
				 .ca = "a",
				 .certificate = "b" };
	struct bundle read = { .network = "" };
	struct complaint complaint;
	struct file_path path;

	(void)state;
	assert_int_equal(store_write_bundle(&store, &bundle, &complaint), 0);
	assert_int_equal(store_read_bundle(&store, &read, &complaint), 0);
	assert_string_equal(read.certificate, "b");
	memcpy(bundle.network, "den", sizeof("den"));
	assert_int_equal(store_write_bundle(&store, &bundle, &complaint), 0);
	assert_int_equal(store_read_bundle(&store, &read, &complaint), ERR_FOREIGN);
	assert_non_null(strstr(complaint.text, "bundle.json: is a bundle of the network \"den\""));
	assert_int_equal(store_path(&store, STORE_BUNDLE, &path), 0);
	assert_int_equal(unlink(path.text), 0);
}

/* --- the CA's host joins --- */

static const struct id old_host = { { 1 } };
static const struct id new_host = { { 2 } };
static const struct id somebody = { { 3 } };

static struct bootstrap line_to(const struct id *id, uint16_t port)
{
	struct bootstrap line = { .host = "192.0.2.1", .port = port, .id = *id };

	return line;
}

/* A CA on files: two lines to its host, and one to somebody else. A bundle of its network that has
 * one line. */
static void make_ca(struct bundle *ret)
{
	const uint8_t seed[ENTROPY_SEED_BYTES] = { 5 };
	struct complaint complaint;
	struct authority authority;
	struct entropy entropy;

	entropy_init(&entropy, seed);
	assert_int_equal(authority_new("lab", wall_from_s(1795000000), &entropy, &authority), 0);
	authority.bootstrap[0] = line_to(&old_host, 4001);
	authority.bootstrap[1] = line_to(&somebody, 4002);
	authority.bootstrap[2] = line_to(&old_host, 4003);
	authority.bootstrap_count = 3;
	assert_int_equal(authority_files_create(&store, &authority, span_text(""), &complaint), 0);
	*ret = (struct bundle){ .network_id = *trust_network(authority.trust),
				.bootstrap[0] = line_to(&old_host, 9999),
				.bootstrap_count = 1 };
	authority_free(&authority);
}

static void remove_ca(void)
{
	static const enum store_file files[] = { STORE_CA_KEY, STORE_CA_CERTIFICATE,
						 STORE_CA_REGISTRY, STORE_CA_SECRET,
						 STORE_CA_CONFIG };
	struct file_path path;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(store_path(&store, files[i], &path), 0);
		assert_int_equal(unlink(path.text), 0);
	}
	assert_int_equal(store_path(&store, STORE_CA_LOCK, &path), 0);
	(void)unlink(path.text); /* if it was locked at all */
}

/* The bundle has the CA's three lines, those to its host with this id; and so has the next one. */
static void expect_lines_to(const struct id *host, const struct bundle *bundle)
{
	struct complaint complaint;
	struct authority authority;

	assert_int_equal(authority_files_read(&store, NULL, &authority, &complaint), 0);
	assert_int_equal(authority.bootstrap_count, 3);
	assert_true(id_equal(&authority.bootstrap[0].id, host));
	assert_true(id_equal(&authority.bootstrap[1].id, &somebody));
	assert_true(id_equal(&authority.bootstrap[2].id, host));
	assert_int_equal(bundle->bootstrap_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(id_equal(&bundle->bootstrap[i].id, &authority.bootstrap[i].id));
		assert_int_equal(bundle->bootstrap[i].port, 4001 + i);
	}
	authority_free(&authority);
}

static void bundles_follow_the_host_of_the_ca(void **state)
{
	struct complaint complaint;
	struct bundle bundle;
	bool moved = true;

	(void)state;
	make_ca(&bundle);
	assert_int_equal(authority_files_join(&store, &bundle, NULL, &moved, &complaint), 0);
	assert_false(moved);
	expect_lines_to(&old_host, &bundle);
	assert_int_equal(authority_files_join(&store, &bundle, &new_host, &moved, &complaint), 0);
	assert_true(moved);
	expect_lines_to(&new_host, &bundle);
	assert_int_equal(authority_files_join(&store, &bundle, &new_host, &moved, &complaint), 0);
	assert_false(moved); /* it is so already */
	expect_lines_to(&new_host, &bundle);
	remove_ca();
}

/* A member of another group of the same name, or of a group whose CA is elsewhere. */
static void bundles_of_others_follow_nobody(void **state)
{
	struct complaint complaint;
	struct bundle bundle;
	struct bundle own;
	bool moved = true;

	(void)state;
	make_ca(&own);
	bundle = own;
	bundle.network_id.bytes[0] ^= 1;
	assert_int_equal(authority_files_join(&store, &bundle, &new_host, &moved, &complaint), 0);
	assert_false(moved);
	assert_int_equal(bundle.bootstrap_count, 1);
	assert_int_equal(authority_files_join(&store, &own, NULL, &moved, &complaint), 0);
	expect_lines_to(&old_host, &own);
	remove_ca();
	moved = true;
	assert_int_equal(authority_files_join(&store, &bundle, &new_host, &moved, &complaint), 0);
	assert_false(moved);
	assert_int_equal(bundle.bootstrap_count, 1);
}

static bool is_of(const char *name, uint32_t uid)
{
	struct file_path path;

	return file_path(&path, "%s/var/lib/%s", root, name) == 0 && file_is_of(path.text, uid);
}

/* The daemon has what it reads; of the group's CA it has nothing. */
static void a_daemon_is_given_its_files_and_not_the_ca(void **state)
{
	static const enum store_file files[] = { STORE_KEY, STORE_BUNDLE, STORE_CA_KEY };
	struct complaint complaint;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(store_write(&store, files[i], span_text("text"), &complaint), 0);
	assert_int_equal(store_give(&store, 4711, 4712, &complaint), 0);
	assert_true(is_of("ipop/lab", 4711) && is_of("ipop/lab/key.pem", 4711) &&
		    is_of("ipop/lab/bundle.json", 4711));
	assert_true(is_of("ipop-ca/lab", 0) && is_of("ipop-ca/lab/key.pem", 0));
	/* What comes later is the daemon's, too; of the CA, root's. */
	assert_int_equal(store_write(&store, STORE_BUNDLE, span_text("new"), &complaint), 0);
	assert_int_equal(store_write(&store, STORE_CA_KEY, span_text("new"), &complaint), 0);
	assert_true(is_of("ipop/lab/bundle.json", 4711) && is_of("ipop-ca/lab/key.pem", 0));
	assert_int_equal(store_give(&store, 0, 0, &complaint), 0);
	assert_true(is_of("ipop/lab", 0) && is_of("ipop/lab/key.pem", 0) &&
		    is_of("ipop/lab/bundle.json", 0));
	for (size_t i = 0; i < 3; i++) {
		struct file_path path;

		assert_int_equal(store_path(&store, files[i], &path), 0);
		assert_int_equal(unlink(path.text), 0);
	}
}

static struct file_path inside(const char *name)
{
	struct file_path path;

	assert_int_equal(file_path(&path, "%s%s", root, name), 0);
	return path;
}

/* Whether a file of this name is there after something was written; it is gone then. */
static bool outlives(const char *name, enum store_file file)
{
	const struct file_path path = inside(name);
	struct complaint complaint;
	struct file_path written;

	assert_int_equal(file_write(path.text, span_text(""), 0600), 0);
	assert_int_equal(store_write(&store, file, span_text("text"), &complaint), 0);
	assert_int_equal(store_path(&store, file, &written), 0);
	assert_int_equal(unlink(written.text), 0);
	return unlink(path.text) == 0;
}

#define DIGITS ".0123456789abcdef"

/* In a directory of ours its owner may have files of his own. */
static void what_a_crash_left_goes_and_nothing_else(void **state)
{
	(void)state;
	assert_false(outlives("/var/lib/ipop/lab/.key.pem" DIGITS, STORE_BUNDLE));
	assert_false(outlives("/var/lib/ipop/lab/.neighbours" DIGITS, STORE_NEIGHBOURS));
	assert_false(outlives("/var/lib/ipop-ca/lab/.key.pem" DIGITS, STORE_CA_REGISTRY));
	assert_false(outlives("/etc/ipop/.lab.conf" DIGITS, STORE_CONFIG));
	assert_true(outlives("/var/lib/ipop-ca/lab/.key.pem" DIGITS, STORE_BUNDLE));
	assert_true(outlives("/var/lib/ipop/lab/.notes" DIGITS, STORE_BUNDLE));
	assert_true(outlives("/var/lib/ipop/lab/.key.pem.20240101", STORE_BUNDLE));
	assert_true(outlives("/etc/ipop/.other.conf" DIGITS, STORE_CONFIG));
	assert_true(outlives("/etc/ipop/.lab.conf.20240101", STORE_CONFIG));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_for_their_owner_alone),
		cmocka_unit_test(other_files_are_for_all),
		cmocka_unit_test(the_daemon_is_let_to_its_files),
		cmocka_unit_test(a_daemon_is_given_its_files_and_not_the_ca),
		cmocka_unit_test(a_bundle_is_of_the_network_in_whose_place_it_stands),
		cmocka_unit_test(bundles_follow_the_host_of_the_ca),
		cmocka_unit_test(bundles_of_others_follow_nobody),
		cmocka_unit_test(what_a_crash_left_goes_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
