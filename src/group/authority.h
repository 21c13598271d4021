/* authority.h - a group's certificate authority at work: its key, what it has issued, and what it
 * puts into every bundle. In memory only; group/store.h keeps it in files.
 *
 * The order matters: the caller stores the changed registry before it hands the bundle out. A crash
 * between the two leaves a certificate that nobody has seen, and signing again repairs that; the
 * other order could forget who holds a name.
 */
#ifndef GROUP_AUTHORITY_H
#define GROUP_AUTHORITY_H

#include "group/bundle.h"
#include "group/registry.h"

struct authority {
	struct entropy *entropy; /* borrowed; outlives this */
	char network[NETWORK_NAME_MAX + 1];
	struct key *key;                    /* owned */
	char ca[CERTIFICATE_PEM_BYTES_MAX]; /* PEM */
	struct trust *trust;                /* owned */
	struct registry registry;           /* owned */
	struct network_secrets secrets;
	struct prefix ipv4_prefix;
	struct bootstrap bootstrap[BUNDLE_BOOTSTRAP_MAX];
	uint32_t bootstrap_count;
};

/* A new one: key, certificate and secret from entropy; no member, no bootstrap line; the network
 * id's own proposal for a prefix (prefix_choice()). Requires a valid name. 0, ERR_NOMEM,
 * ERR_CRYPTO. */
int authority_new(const char *network, struct wall now, struct entropy *entropy,
		  struct authority *ret);

/* Wipes; accepts a zeroed one. */
void authority_free(struct authority *authority);

/* Takes the CA's key, in PEM under a passphrase (empty: none); what was read from files has none
 * before. 0, ERR_NOMEM, ERR_PASSPHRASE, ERR_MALFORMED, ERR_FOREIGN (the key of another CA); with a
 * complaint. */
int authority_unlock(struct authority *authority, struct span pem, struct span passphrase,
		     struct complaint *complaint);

struct authority_wish {
	const struct ca_request *request; /* borrowed for the call */
	bool has_ipv4; /* this address, please; else the one it has, else the lowest free one */
	uint8_t ipv4[4];
	bool no_ipv4;  /* none at all; not with has_ipv4 */
	unsigned days; /* 1..CA_DAYS_MAX */
};

struct authority_issue {
	struct certificate certificate;
	bool renewed; /* the key had one before */
};

/* Signs and enters it into the registry: 0, ERR_NOMEM, ERR_CRYPTO, ERR_EXISTS (somebody else holds
 * the name, the address or the id, or the key is to keep what it has), ERR_REVOKED, ERR_FULL,
 * ERR_MALFORMED (no host of the prefix has this address); with a complaint. */
int authority_sign(struct authority *authority, const struct authority_wish *wish, struct wall now,
		   struct authority_issue *ret, struct complaint *complaint);

/* The CA's host has a new id: the first bootstrap line and all with the same id, which are this
 * host's (`group create` makes them so), lead to it from now on. Whether that changes anything. */
bool authority_move_host(struct authority *authority, const struct id *id);

/* Who has lost its place. */
struct authority_revoked {
	const struct registry_entry *entry; /* that has the name: borrowed until the next change */
	size_t count; /* of keys that were called so; all but that one have no valid certificate */
};

/* Takes its place in the group from the holder of a name, and from any key that had the name before
 * it and was not revoked: no certificate is renewed, and the name is free. 0,
 * ERR_NOT_FOUND (nobody has the name), ERR_REVOKED (who had it has lost it already); with a
 * complaint. */
int authority_revoke(struct authority *authority, const char *name, struct authority_revoked *ret,
		     struct complaint *complaint);

/* A new secret of the next epoch; bundles have it and the one before from now on. */
void authority_rotate(struct authority *authority);

/* One more way in, or one less; `line` is HOST:PORT#ID, or HOST:PORT#NAME of a member. 0,
 * ERR_MALFORMED, ERR_NOT_FOUND (no such member, or no such line), ERR_EXISTS, ERR_FULL; with a
 * complaint. */
int authority_add_bootstrap(struct authority *authority, const char *line,
			    struct complaint *complaint);
int authority_remove_bootstrap(struct authority *authority, const char *line,
			       struct complaint *complaint);

/* What the holder of a certificate joins with. 0, or ERR_CRYPTO if the library has no memory. */
int authority_bundle(const struct authority *authority, const struct certificate *certificate,
		     struct bundle *ret);

#endif
