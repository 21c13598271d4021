/* reload.c - see reload.h. */
#include "prog/ipopd/reload.h"

#include "base/err.h"
#include "prog/version.h"

#include <assert.h>
#include <string.h>

static_assert(NETWORK_SECRETS_MAX <= SESSION_EPOCHS_MAX, "all epochs fit");

void reload_init(struct reload *reload, const struct store *store, const struct config *running)
{
	*reload = (struct reload){ .store = *store, .running = *running };
}

static void fill(const struct settings *from, struct reload_files *ret)
{
	const struct network_secrets *const secrets = &from->bundle.secrets;
	struct node_settings *const settings = &ret->settings;

	ret->config = from->config;
	*settings = (struct node_settings){
		.certificate = &ret->certificate,
		.bootstrap_count = from->bootstrap_count,
		.relay_bytes_s = settings_relay_bytes_s(from),
	};
	memcpy(settings->bootstrap, from->bootstrap, sizeof(settings->bootstrap));
	for (uint32_t i = 0; i < secrets->count; i++) {
		settings->secrets[i].epoch = secrets->epochs[i].epoch;
		memcpy(settings->secrets[i].bytes, secrets->epochs[i].bytes, SESSION_SECRET_BYTES);
	}
}

int reload_read(const struct reload *reload, const int fds[CHANNEL_FDS], struct wall now,
		struct reload_files *ret, struct complaint *complaint)
{
	struct settings settings;
	struct trust *trust;
	int err = settings_read(&reload->store, fds, &settings, complaint);

	if (err < 0)
		return err;
	now = bundle_judged_at(&settings.bundle, now, version_built());
	err = bundle_verify(&settings.bundle, now, &trust, &ret->certificate, complaint);
	if (err == 0) {
		trust_free(trust);
		fill(&settings, ret);
	}
	settings_wipe(&settings);
	return err;
}

void reload_wipe(struct reload_files *files)
{
	secret_wipe(files, sizeof(*files));
}

struct mono reload_deadline(const struct reload *reload)
{
	return reload->is_waited_for ? reload->deadline : MONO_NEVER;
}

void reload_take(struct reload *reload, const struct config *file)
{
	for (enum config_option_id id = 0; id < CONFIG_OPTIONS; id++)
		if (config_option(id)->is_live)
			config_take(&reload->running, file, id);
}
