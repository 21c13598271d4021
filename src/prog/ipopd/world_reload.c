/* world_reload.c - files that have changed, for a node that runs; see world_internal.h. */
#include "prog/ipopd/world_internal.h"

#include "base/err.h"
#include "prog/ipopd/log.h"
#include "prog/version.h"

#define RELOAD_MS 10000 /* until the steward has answered: it reads files */

/* Who asked for it is told; nobody may have. */
static void tell_reloaded(struct world *w, const struct config *file)
{
	if (w->reload.is_waited_for)
		control_reply_reload(w->control, w->now, w->reload.token, &w->reload.running, file);
	w->reload.is_waited_for = false;
}

static void refuse(struct world *w, uint64_t token, int err, const char *why)
{
	const struct node_reply refusal = { .kind = NODE_REPLY_ERROR,
					    .token = token,
					    .error = { .err = err, .text = why } };

	world_reply(w, &refusal);
}

void world_not_reloaded(struct world *w, const struct complaint *why)
{
	struct complaint text; /* made printable */
	const int err = complain(&text, ERR_IO, "%s", why->text);

	if (w->reload.is_waited_for)
		refuse(w, w->reload.token, err, text.text);
	w->reload.is_waited_for = false;
}

void world_mind_reload(struct world *w)
{
	if (!mono_reached(w->now.mono, reload_deadline(&w->reload)))
		return;
	w->reload.is_waited_for = false;
	refuse(w, w->reload.token, ERR_AGAIN, "the daemon is busy; try again");
}

int world_take_files(struct world *w, const struct channel_message *message)
{
	int fds[CHANNEL_FDS] = { -1, -1, -1 };
	struct reload_files files;
	const struct node_event event = { .kind = NODE_SETTINGS, .settings = &files.settings };
	struct complaint why;
	int err;

	fds[CHANNEL_FD_BUNDLE] = message->fds[0];
	if (message->reloaded.has_config)
		fds[CHANNEL_FD_CONFIG] = message->fds[1];
	err = reload_read(&w->reload, fds, w->now.wall, &files, &why);
	settings_close(fds);
	if (err < 0) {
		log_error("%s", why.text);
		return err;
	}
	err = node_input(w->node, w->now, &event);
	if (err == 0) {
		log_set_level((enum config_log_level)files.config.log_level);
		reminder_init(&w->reminder, files.certificate.not_after, version_built(),
			      w->now.mono);
		log_info("has read its files anew");
		reload_take(&w->reload, &files.config);
		w->monitor.steward_listens = files.config.on_peer.text[0] != '\0';
		tell_reloaded(w, &files.config);
	}
	reload_wipe(&files);
	return err;
}

void world_ask_for_reload(struct world *w, uint64_t token)
{
	const struct channel_message message = { .kind = CHANNEL_RELOAD };

	if (w->reload.is_waited_for) {
		refuse(w, token, ERR_AGAIN, "another reload is under way; try again");
	} else if (world_ask_steward(w, &message) < 0) {
		refuse(w, token, ERR_AGAIN, "the daemon is busy; try again");
	} else {
		w->reload.is_waited_for = true;
		w->reload.token = token;
		w->reload.deadline = mono_add_ms(w->now.mono, RELOAD_MS);
	}
}
