/* test_settings.c - what its owner changes while a node runs counts, and no session is lost. */
#include "base/err.h"
#include "node/node_internal.h"
#include "tests/scenario/lab.h"

#include "sim/natbox.h"

#include <string.h>

#define NEW_EPOCH 2

/* What a member has now. */
static struct node_settings settings_of(unsigned i)
{
	const struct lab_member *const m = &lab.members[i];
	struct node_settings settings = { .certificate = &m->identity.certificate,
					  .bootstrap_count = m->config.bootstrap_count,
					  .relay_bytes_s = m->config.relay_bytes_s };

	memcpy(settings.secrets, m->config.secrets, sizeof(settings.secrets));
	memcpy(settings.bootstrap, m->config.bootstrap, sizeof(settings.bootstrap));
	return settings;
}

static int tell(unsigned i, const struct node_settings *settings)
{
	const struct node_event event = { .kind = NODE_SETTINGS, .settings = settings };
	const int err = node_input(lab_node(i), lab_now(i), &event);

	world_wake(lab.world, lab.members[i].host);
	return err;
}

static uint64_t established(unsigned i)
{
	return lab_status(i).sessions.established;
}

/* Packets pass both ways, all of them, and by the session that there was. */
static bool goes_on(unsigned i, unsigned k, unsigned first, uint64_t before)
{
	for (unsigned n = first; n < first + 20; n++) {
		lab_send_number(i, k, n);
		lab_send_number(k, i, n);
		lab_run_ms(10);
	}
	lab_run_ms(500);
	return lab_arrived(i, k, first, first + 20) == 20 &&
	       lab_arrived(k, i, first, first + 20) == 20 && established(i) == before;
}

/* Who knew no way in is given one; the ways of others do not change. */
static void a_line_leads_in_once_it_is_there(struct world *world)
{
	struct node_settings settings;

	lab_set_up(world, 3);
	lab_place_all_public();
	lab_add_line(1, 2); /* who does not run */
	lab_start(0);
	lab_start(1);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, !lab_has_met(1, 0));
	lab_add_line(1, 0);
	settings = settings_of(1);
	SCENARIO_EXPECT(world, tell(1, &settings) == 0);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));

	/* The one that leads nowhere goes, the other stays: nothing happens to the session. */
	const uint64_t before = established(1);

	settings.bootstrap[0] = settings.bootstrap[1];
	settings.bootstrap_count = 1;
	SCENARIO_EXPECT(world, tell(1, &settings) == 0);
	SCENARIO_EXPECT(world, goes_on(1, 0, 0, before));
	SCENARIO_EXPECT(world, lab_inside(1, 0)->is_line);
	SCENARIO_EXPECT(world, lab_inside(1, 2) == NULL || !lab_inside(1, 2)->is_line);

	/* None at all: who is known stays known. */
	settings.bootstrap_count = 0;
	SCENARIO_EXPECT(world, tell(1, &settings) == 0);
	SCENARIO_EXPECT(world, goes_on(1, 0, 100, before));
	/* And all of them again. */
	settings = settings_of(1);
	SCENARIO_EXPECT(world, tell(1, &settings) == 0);
	lab_start(2);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, lab_has_met(1, 2));
	SCENARIO_EXPECT(world, goes_on(1, 0, 200, before + 1));
}

/* Lines that lead nowhere, as many as there can be. */
static void lead_nowhere(struct node_settings *settings)
{
	settings->bootstrap_count = NODE_BOOTSTRAP_MAX;
	for (uint8_t n = 0; n < NODE_BOOTSTRAP_MAX; n++) {
		struct node_bootstrap *const line = &settings->bootstrap[n];

		*line = (struct node_bootstrap){ .host = "192.0.2.200", .port = 4767 };
		memset(line->id.bytes, n + 1, sizeof(line->id.bytes));
	}
}

/* Nobody behind a line is forgotten for one that is new, also where none of them was ever met. */
static void new_lines_push_out_no_old_one(struct world *world)
{
	struct node_settings settings;

	lab_set_up(world, 2);
	lab_place_all_public();
	lab_start(0);
	lab_start(1);
	settings = settings_of(1);
	lead_nowhere(&settings);
	SCENARIO_EXPECT(world, tell(1, &settings) == 0);
	lab_run_ms(5000);
	settings.bootstrap[0].id.bytes[0] = UINT8_MAX;
	SCENARIO_EXPECT(world, tell(1, &settings) == 0);
	lab_run_ms(5000);
	lab_add_line(1, 0);
	settings.bootstrap[1] = settings_of(1).bootstrap[0];
	SCENARIO_EXPECT(world, tell(1, &settings) == 0);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
}

/* A host whose calendar is that of its battery: it judges by the date of its bundle, and a renewed
 * one may be younger than all that it knows. */
static void a_renewal_may_be_the_newest_date_known(struct world *world)
{
	const int64_t month_us = INT64_C(30) * 86400 * 1000000;
	struct node_settings settings;

	lab_set_up(world, 2);
	lab_place_all_public();
	lab_add_line(1, 0);
	world_step_wall(world, lab.members[1].host, -INT64_C(20) * 365 * 86400 * 1000000);
	lab_start(0);
	lab_start(1);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
	const uint64_t before = established(1);

	world_step_wall(world, lab.members[0].host, 0);
	group_member_renew(&lab.group, (struct wall){ lab.group.issued.us + month_us },
			   &lab.members[1].identity);
	settings = settings_of(1);
	SCENARIO_EXPECT(world, tell(1, &settings) == 0);
	SCENARIO_EXPECT(world, goes_on(1, 0, 0, before));
}

static bool is_relayed(unsigned i, unsigned of)
{
	return peer_way(lab_inside(i, of)).kind == WAY_RELAY;
}

static void a_relay_ends_and_begins_again(struct world *world)
{
	struct node_settings settings;

	lab_set_up(world, 3);
	lab_place_public(0);
	for (unsigned i = 1; i < 3; i++) {
		lab_place_behind(i, &natbox_symmetric);
		lab_add_line(i, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		lab_start(i);
	lab_run_slowly_ms(20000);
	SCENARIO_EXPECT(world, is_relayed(1, 2) && is_relayed(2, 1));
	SCENARIO_EXPECT(world, lab_status(0).relayed_pairs == 1);
	const uint64_t before = established(1);

	settings = settings_of(0);
	settings.relay_bytes_s = 0;
	SCENARIO_EXPECT(world, tell(0, &settings) == 0);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_status(0).relayed_pairs == 0);
	SCENARIO_EXPECT(world, !is_relayed(1, 2) && !is_relayed(2, 1));
	SCENARIO_EXPECT(world, goes_on(1, 2, 0, before)); /* along the ring */
	settings.relay_bytes_s = 20000000;
	SCENARIO_EXPECT(world, tell(0, &settings) == 0);
	for (unsigned n = 0; n < 400; n++) {
		lab_send_number(1, 2, 1000 + n);
		lab_run_ms(1000);
	}
	SCENARIO_EXPECT(world, is_relayed(1, 2) && lab_status(0).relayed_pairs == 1);
}

/* New members see the new certificate, and those of before keep their session. */
static void a_certificate_is_renewed(struct world *world)
{
	struct lab_member *const m = &lab.members[0];
	const struct certificate *const certificate = &m->identity.certificate;
	const int64_t minute_s = 60;
	struct node_settings settings;
	struct node_peer peer;

	lab_set_up(world, 3);
	lab_place_all_public();
	for (unsigned i = 1; i < 3; i++)
		lab_add_line(i, 0);
	lab_start(0);
	lab_start(1);
	lab_run_ms(2000);
	const uint64_t before = established(0);
	const struct wall was = certificate->not_after;

	group_member_renew(&lab.group, wall_from_s(wall_to_s(lab.group.issued) + minute_s),
			   &m->identity);
	settings = settings_of(0);
	SCENARIO_EXPECT(world, tell(0, &settings) == 0);
	SCENARIO_EXPECT(world, goes_on(0, 1, 0, before));
	SCENARIO_EXPECT(world, lab_status(0).not_after.us == certificate->not_after.us);
	SCENARIO_EXPECT(world, certificate->not_after.us != was.us);
	lab_start(2);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world,
			lab_peer(2, 0, &peer) && peer.not_after.us == certificate->not_after.us);
	SCENARIO_EXPECT(world, lab_peer(1, 0, &peer) && peer.not_after.us == was.us);
}

/* The old secret is good for those who have no other one, and the new one for those who have. */
static void a_secret_is_added(struct world *world)
{
	struct node_settings settings;

	lab_set_up(world, 3);
	lab_place_all_public();
	for (unsigned i = 1; i < 3; i++)
		lab_add_line(i, 0);
	lab_start(0);
	lab_start(1);
	lab_run_ms(2000);
	const uint64_t before = established(0);

	settings = settings_of(0);
	settings.secrets[1] = settings.secrets[0];
	memset(settings.secrets[0].bytes, 7, sizeof(settings.secrets[0].bytes));
	settings.secrets[0].epoch = NEW_EPOCH;
	SCENARIO_EXPECT(world, tell(0, &settings) == 0);
	SCENARIO_EXPECT(world, goes_on(0, 1, 0, before));
	memcpy(lab.members[2].config.secrets, settings.secrets, sizeof(settings.secrets));
	lab_start(2);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_has_met(2, 0));
	lab_crash(1); /* comes back with what it had */
	lab_start(1);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
}

/* A bundle after `group rotate`: the next secret, and the one before. */
static void gets_the_next_secret(unsigned i)
{
	struct session_secret *const secrets = lab.members[i].config.secrets;

	secrets[1] = secrets[0];
	secrets[0].epoch = NEW_EPOCH;
	memset(secrets[0].bytes, 0x5a, sizeof(secrets[0].bytes));
}

/* Bundles are renewed one after the other: until all are, some have the next secret and some do
 * not, and they meet whoever dials, by an address and along the ring. */
static void old_and_new_secrets_meet(struct world *world)
{
	lab_set_up(world, 4);
	lab_place_all_public();
	for (unsigned i = 1; i < 4; i++)
		lab_add_line(i, 0);
	gets_the_next_secret(1);
	gets_the_next_secret(2);
	for (unsigned i = 0; i < 4; i++)
		lab_start(i);
	lab_run_ms(8000);
	for (unsigned i = 1; i < 4; i++)
		SCENARIO_EXPECT(world, lab_has_met(i, 0));
	for (unsigned i = 1; i < 4; i++)
		for (unsigned k = 1; k < 4; k++)
			SCENARIO_EXPECT(world, i == k || lab_has_met(i, k));
}

/* One that was renewed is the way in for one that was not. */
static void a_new_secret_admits_an_old_one(struct world *world)
{
	lab_set_up(world, 2);
	lab_place_all_public();
	gets_the_next_secret(0);
	lab_add_line(1, 0);
	lab_start(0);
	lab_start(1);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
}

/* Who others know cannot become somebody else, and what is refused has no effect. */
static void another_member_is_nobody(struct world *world)
{
	struct node_settings settings;

	lab_start_star(world, 3);
	lab_run_ms(2000);
	const uint64_t before = established(0);

	settings = settings_of(0);
	settings.certificate = &lab.members[1].identity.certificate;
	settings.relay_bytes_s = 0;
	settings.bootstrap_count = 0;
	SCENARIO_EXPECT(world, tell(0, &settings) == ERR_DENIED);
	SCENARIO_EXPECT(world, goes_on(0, 1, 0, before));
	SCENARIO_EXPECT(world, lab_node(0)->config.relay_bytes_s != 0);
	group_member_renew(&lab.group,
			   wall_from_s(wall_to_s(lab.group.issued) + INT64_C(30) * 86400),
			   &lab.members[0].identity);
	settings = settings_of(0);
	SCENARIO_EXPECT(world, tell(0, &settings) == ERR_NOT_YET);
	SCENARIO_EXPECT(world, goes_on(0, 1, 100, before));
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "line", .seeds = 3, .play = a_line_leads_in_once_it_is_there },
		{ .name = "lines", .seeds = 3, .play = new_lines_push_out_no_old_one },
		{ .name = "calendar", .seeds = 3, .play = a_renewal_may_be_the_newest_date_known },
		{ .name = "relay", .seeds = 3, .play = a_relay_ends_and_begins_again },
		{ .name = "certificate", .seeds = 3, .play = a_certificate_is_renewed },
		{ .name = "secret", .seeds = 3, .play = a_secret_is_added },
		{ .name = "rotated", .seeds = 3, .play = old_and_new_secrets_meet },
		{ .name = "renewed", .seeds = 3, .play = a_new_secret_admits_an_old_one },
		{ .name = "refused", .seeds = 3, .play = another_member_is_nobody },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
