/* bundle.h - the one file with which a machine joins a group: `ipop join BUNDLE`.
 *
 * It holds the CA's certificate, the network's name, id, prefix and secret, members through whom it
 * can be entered, and this member's certificate. No private key is in it, so it is of use only to
 * who made the request; but the secret is, so it is written 0600 and is not for everybody's eyes.
 * doc/bundle.md describes it field by field. JSON, read strictly: every field is there, once, of
 * the right size, and no other.
 */
#ifndef GROUP_BUNDLE_H
#define GROUP_BUNDLE_H

#include "crypto/ca.h"
#include "group/bootstrap.h"
#include "group/network.h"
#include "group/prefix.h"

#define BUNDLE_SCHEMA "ipop.bundle/1"
#define BUNDLE_BYTES_MAX 16384
#define BUNDLE_BOOTSTRAP_MAX 16
#define BUNDLE_RENEW_DAYS 30 /* before the certificate ends its owner is told */

struct bundle {
	char network[NETWORK_NAME_MAX + 1];
	struct id network_id;
	struct prefix ipv4_prefix;
	struct network_secrets secrets;
	struct bootstrap bootstrap[BUNDLE_BOOTSTRAP_MAX];
	uint32_t bootstrap_count;
	char ca[CERTIFICATE_PEM_BYTES_MAX];          /* PEM */
	char certificate[CERTIFICATE_PEM_BYTES_MAX]; /* PEM */
};

/* Takes the text apart; whether it can be believed is for bundle_verify(). 0, ERR_NOMEM,
 * ERR_VERSION (of a later version), ERR_TOO_LONG, ERR_MALFORMED; with a complaint that completes
 * "BUNDLE: ...". Nothing secret stands in complaints. */
int bundle_from_text(struct span text, struct bundle *ret, struct complaint *complaint);

/* Writes at most BUNDLE_BYTES_MAX: 0 or ERR_NOMEM. The text is secret. */
int bundle_to_text(const struct bundle *bundle, struct writer *w);

/* Whether all parts belong together and are valid now: 0, ERR_NOMEM, ERR_FOREIGN (the certificates
 * or the id are of different networks), ERR_NOT_YET, ERR_EXPIRED, ERR_CERTIFICATE; with a
 * complaint. On success gives what to believe (the caller frees it) and the member's certificate,
 * verified. */
int bundle_verify(const struct bundle *bundle, struct wall now, struct trust **ret_trust,
		  struct certificate *ret_certificate, struct complaint *complaint);

/* When its certificate was issued; false if that cannot be read. As of then a certificate can be
 * verified that has ended since. */
bool bundle_issued(const struct bundle *bundle, struct wall *ret);

/* The time to verify a bundle at: the calendar's. A calendar that stands before the program was
 * made is wrong for certain; then it is the moment at which the bundle's certificate was issued,
 * or, of one that cannot be read and will be refused anyway, the date of the program. */
struct wall bundle_judged_at(const struct bundle *bundle, struct wall calendar, struct wall built);

/* Whether it is time to renew a certificate that ends then. */
bool bundle_renewal_is_due(struct wall not_after, struct wall now);

/* Whether this host may let a network have these IPv4 addresses, all of which it is going to route
 * there, without its owner saying so: 0, or ERR_DENIED (they may be other hosts'); with a
 * complaint. */
int bundle_check_prefix(const struct bundle *bundle, struct complaint *complaint);

/* Whether a bundle may take the place of another one. Of a network of the same name with another CA
 * it is never written over; and an old one, or one that somebody made up, would cut this host off.
 * 0, ERR_STALE (older secrets), ERR_EXISTS (another network, or another secret for an epoch); with
 * a complaint. */
int bundle_check_renewal(const struct bundle *present, const struct bundle *next,
			 struct complaint *complaint);

/* Overwrites the secrets. */
void bundle_wipe(struct bundle *bundle);

#endif
