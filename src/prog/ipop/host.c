/* host.c - see host.h. */
#include "prog/ipop/host.h"

#include "base/check.h"
#include "base/err.h"
#include "group/text.h"
#include "io/netlink.h"
#include "io/seed.h"
#include "prog/ipop/input.h"
#include "prog/ipop/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int host_entropy(struct entropy *ret, struct complaint *complaint)
{
	uint8_t seed[ENTROPY_SEED_BYTES];
	const int err = seed_read(seed, sizeof(seed));

	if (err != 0)
		return complain(complaint, err, "the kernel gives no random bytes");
	entropy_init(ret, seed);
	secret_wipe(seed, sizeof(seed));
	return 0;
}

void host_name(char ret[CERTIFICATE_NAME_MAX + 1])
{
	char name[256] = "";
	size_t len;

	ret[0] = '\0';
	if (gethostname(name, sizeof(name) - 1) != 0)
		return;
	len = strcspn(name, ".");
	if (len > CERTIFICATE_NAME_MAX)
		return;
	name[len] = '\0';
	for (char *c = name; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (certificate_name_is_valid(name))
		memcpy(ret, name, len + 1);
}

/* --- networks --- */

/* The name of the network whose file or directory is called so; false if it is none. */
static bool network_of(const char *file, const char *suffix, char ret[NETWORK_NAME_MAX + 1])
{
	const size_t suffix_len = strlen(suffix);
	const size_t len = strlen(file);
	struct complaint unused;

	return len > suffix_len && strcmp(file + len - suffix_len, suffix) == 0 &&
	       text_copy(span_of(file, len - suffix_len), ret, NETWORK_NAME_MAX + 1) == 0 &&
	       network_check_name(ret, &unused) == 0;
}

/* Whether a file of a network is there; also if only others may look. */
static bool has_file(const struct store *store, enum store_file file)
{
	struct file_path path;

	return store_path(store, file, &path) == 0 &&
	       (faccessat(AT_FDCWD, path.text, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno == EACCES);
}

/* What stands for a network in each directory of all networks, and what makes one of it. */
static const struct trace_of_network {
	enum store_directory directory;
	const char *suffix;
	enum store_file files[2];
} traces[] = {
	{ STORE_ETC, ".conf", { STORE_CONFIG, STORE_CONFIG } },
	{ STORE_MEMBERS, "", { STORE_BUNDLE, STORE_KEY } },
	{ STORE_RUNS, "", { STORE_CONTROL, STORE_CONTROL } },
};

static void add_network(struct host_networks *networks, const char *name)
{
	size_t at = networks->count;

	for (size_t i = 0; i < networks->count; i++)
		if (strcmp(networks->names[i], name) == 0)
			return;
	if (networks->count == HOST_NETWORKS_MAX)
		return;
	while (at > 0 && strcmp(networks->names[at - 1], name) > 0) {
		memcpy(networks->names[at], networks->names[at - 1], sizeof(networks->names[0]));
		at--;
	}
	memcpy(networks->names[at], name, strlen(name) + 1);
	networks->count++;
}

/* 0, ERR_PERMISSION or ERR_IO; `path` is the directory. */
static int look_for_traces(const char *root, const struct trace_of_network *trace,
			   struct host_networks *networks, struct file_path *path)
{
	struct store store = { .root = root };
	struct dirent **entries = NULL;
	int count;

	if (store_directory_path(&store, trace->directory, path) != 0)
		return 0; /* there is no room for a file either */
	count = scandir(path->text, &entries, NULL, alphasort);
	if (count < 0)
		return errno == ENOENT ? 0 : errno == EACCES ? ERR_PERMISSION : ERR_IO;
	if (entries == NULL) /* not so; the analyzer cannot know */
		return 0;
	for (int i = 0; i < count; i++) {
		if (network_of(entries[i]->d_name, trace->suffix, store.network) &&
		    (has_file(&store, trace->files[0]) || has_file(&store, trace->files[1])))
			add_network(networks, store.network);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int host_networks(const char *root, struct host_networks *ret, struct complaint *complaint)
{
	int first = 0;

	ret->count = 0;
	for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
		struct file_path path = { "" };
		const int err = look_for_traces(root, &traces[i], ret, &path);

		if (err != 0 && first == 0)
			first = store_complain(complaint, err, path.text);
	}
	return ret->count > 0 ? 0 : first; /* what was found counts, whatever else there may be */
}

/* Whether the addresses of a network are known, and overlap. */
static bool overlaps(const struct store *store, const struct prefix *prefix, struct prefix *ret)
{
	struct complaint unused;
	struct bundle bundle;
	bool found;

	if (store_read_bundle(store, &bundle, &unused) != 0)
		return false;
	*ret = bundle.ipv4_prefix;
	found = bundle.ipv4_prefix.len > 0 && prefix_overlaps(&bundle.ipv4_prefix, prefix);
	bundle_wipe(&bundle);
	return found;
}

bool host_find_overlap(const struct store *own, const struct prefix *prefix,
		       struct host_overlap *ret)
{
	struct host_networks networks;
	struct complaint unused;

	(void)host_networks(own->root, &networks, &unused); /* then there is none */
	for (size_t i = 0; i < networks.count; i++) {
		struct store store = { .root = own->root };

		memcpy(store.network, networks.names[i], sizeof(store.network));
		if (strcmp(store.network, own->network) != 0 &&
		    overlaps(&store, prefix, &ret->prefix)) {
			memcpy(ret->network, store.network, sizeof(ret->network));
			return true;
		}
	}
	return false;
}

void host_overlap_text(const struct store *own, const struct prefix *prefix,
		       const struct host_overlap *overlap, struct complaint *ret)
{
	char ours[PREFIX_TEXT_CHARS + 1];
	char theirs[PREFIX_TEXT_CHARS + 1];

	prefix_to_text(prefix, ours);
	prefix_to_text(&overlap->prefix, theirs);
	(void)complain(
		ret, 0,
		"The addresses of \"%s\", %s, overlap with those of \"%s\", %s, in which this "
		"host is, too",
		own->network, ours, overlap->network, theirs);
}

enum exit_code host_store(const struct cli *cli, const char *network, struct store *ret,
			  struct complaint *complaint)
{
	if (network_check_name(network, complaint) != 0)
		return EXIT_USAGE;
	*ret = (struct store){ .root = cli->root };
	CHECK(text_copy(span_text(network), ret->network, sizeof(ret->network)) == 0);
	return EXIT_OK;
}

/* "alpha, beta" */
static void list_names(const struct host_networks *networks, char *ret, size_t size)
{
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < networks->count && len < size; i++)
		len += (size_t)snprintf(ret + len, size - len, "%s%s", i > 0 ? ", " : "",
					networks->names[i]);
}

enum exit_code host_choose(const struct cli *cli, const char *network, struct store *ret,
			   struct complaint *complaint)
{
	struct host_networks networks;
	char names[256];
	const int err = host_networks(cli->root, &networks, complaint);

	if (err != 0)
		return err == ERR_PERMISSION ? EXIT_DENIED : EXIT_FAILED;
	list_names(&networks, names, sizeof(names));
	if (network == NULL && networks.count > 1) {
		(void)complain(complaint, 0, "this host is in several networks, name one: %s",
			       names);
		return EXIT_USAGE;
	}
	if (networks.count == 0) {
		(void)complain(complaint, 0,
			       "this host is in no network; ipop request makes a request to join "
			       "one, ipop group create makes one");
		return EXIT_NOT_JOINED;
	}
	if (network == NULL)
		return host_store(cli, networks.names[0], ret, complaint);
	for (size_t i = 0; i < networks.count; i++)
		if (strcmp(networks.names[i], network) == 0)
			return host_store(cli, network, ret, complaint);
	(void)complain(complaint, 0, "this host is not in the network \"%.40s\", but in: %s",
		       network, names);
	return EXIT_NOT_JOINED;
}

/* --- what else is here --- */

enum exit_code host_check_root(const struct cli *cli, struct complaint *complaint)
{
	struct stat status;

	if (cli->root[0] == '\0' || stat(cli->root, &status) != 0 || S_ISDIR(status.st_mode))
		return EXIT_OK;
	(void)complain(complaint, 0, "--root: %s is no directory", cli->root);
	return EXIT_USAGE;
}

void host_tell_new_root(const struct cli *cli)
{
	if (cli->root[0] != '\0' && access(cli->root, F_OK) != 0)
		report_note("--root: there is no %s yet; it is made.", cli->root);
}

uint32_t host_first_port(void)
{
	uint32_t first = IPPORT_RESERVED;
	struct file_bytes text;
	struct complaint unused;

	/* ip(7). Not file_read(): such a file has no size. */
	if (input_read("/proc/sys/net/ipv4/ip_unprivileged_port_start", 64, &text, &unused) != 0)
		return first;
	(void)text_number(text_trim(span_of(text.data, text.len)), &first); /* or it stays */
	file_free(&text);
	return first;
}

bool host_has_interface(const char *name)
{
	unsigned index;

	return netlink_find(name, &index) == 0;
}

bool host_has_route(const struct prefix *prefix)
{
	struct netlink_prefix wanted = { .len = prefix->len };
	struct netlink_route route;
	struct netlink *netlink;
	bool found;

	wanted.address = ip_v4(prefix->ip);
	if (netlink_open(&netlink) != 0)
		return false; /* without the list, nothing speaks against it */
	found = netlink_find_overlap(netlink, &wanted, 0, &route) == 0;
	netlink_close(netlink);
	return found;
}
