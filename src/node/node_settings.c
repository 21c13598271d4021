/* node_settings.c - see node_settings.h. What can fail comes first; what stands stays. */
#include "base/check.h"
#include "base/err.h"
#include "node/node_internal.h"

#include <string.h>

/* The same member: a renewal changes dates and the serial number, and nothing that others know. */
static bool is_same_member(const struct certificate *a, const struct certificate *b)
{
	return id_equal(&a->id, &b->id) && strcmp(a->name, b->name) == 0 &&
	       a->has_ipv4 == b->has_ipv4 && memcmp(a->ipv4, b->ipv4, sizeof(a->ipv4)) == 0;
}

static int make_meter(struct node *node, uint64_t bytes_s)
{
	if (bytes_s == 0 || node->relay_meter != NULL)
		return 0;
	return meter_new(bytes_s, RELAY_BURST_BYTES, &node->relay_meter);
}

/* Pairs that were promised something are told when it ends. */
static void set_relay_rate(struct node *node, uint64_t bytes_s)
{
	if (bytes_s == 0)
		relays_end_all(node->relays);
	else
		meter_set(node->relay_meter, bytes_s, RELAY_BURST_BYTES);
	if (bytes_s != node->config.relay_bytes_s)
		table_now(node); /* each member's share is of this rate */
	node->config.relay_bytes_s = bytes_s;
	sessions_set_capabilities(node->sessions, node_capabilities(&node->config));
}

static bool same_secrets(const struct node *node, const struct node_settings *settings)
{
	for (size_t i = 0; i < SESSION_EPOCHS_MAX; i++) {
		const struct session_secret *const a = &node->config.secrets[i];
		const struct session_secret *const b = &settings->secrets[i];

		if (a->epoch != b->epoch || memcmp(a->bytes, b->bytes, sizeof(a->bytes)) != 0)
			return false;
	}
	return true;
}

static int take_secrets(struct node *node, const struct node_settings *settings)
{
	const int err = lan_renew(node, settings->secrets);

	if (err == 0)
		memcpy(node->config.secrets, settings->secrets, sizeof(node->config.secrets));
	return err;
}

/* Where the calendar is a guess (node.c, corrected()), a certificate of a later date is a better
 * one; the clock itself goes on as it did, for a jump of it would end all sessions. */
static struct wall judged_at(const struct node *node, struct now now,
			     const struct certificate *certificate)
{
	const bool is_guess = node->calendar_fix_us != 0;

	return is_guess && certificate->not_before.us > now.wall.us ? certificate->not_before
								    : now.wall;
}

int settings_take(struct node *node, struct now now, const struct node_settings *settings)
{
	const bool has_new_secrets = !same_secrets(node, settings);
	int err;

	CHECK(settings->bootstrap_count <= NODE_BOOTSTRAP_MAX);
	if (!is_same_member(&node->certificate, settings->certificate))
		return ERR_DENIED;
	err = certificate_check_time(settings->certificate,
				     judged_at(node, now, settings->certificate));
	if (err == 0)
		err = make_meter(node, settings->relay_bytes_s);
	if (err == 0)
		err = sessions_renew(node->sessions, settings->certificate,
				     has_new_secrets ? settings->secrets : NULL);
	if (err == 0 && has_new_secrets)
		err = take_secrets(node, settings);
	if (err != 0)
		return err;
	node->certificate = *settings->certificate;
	node->config.bundle_issued = node->certificate.not_before;
	set_relay_rate(node, settings->relay_bytes_s);
	lines_renew(node, now, settings->bootstrap, settings->bootstrap_count);
	return 0;
}
