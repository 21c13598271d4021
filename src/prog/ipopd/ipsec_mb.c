/* ipsec_mb.c - see ipsec_mb.h. Its manager is asked once which functions suit this CPU; they need
 * nothing else of it. */
#include "prog/ipopd/ipsec_mb.h"

#include "base/err.h"

#include <dlfcn.h>
#include <intel-ipsec-mb.h>

#define LIBRARY "libIPSec_MB.so.1"
#define FEATURES_NEEDED (IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_AVX)

/* What a packet needs. Written once, when the library is opened. */
static struct {
	aes_gcm_pre_t expand;
	aes_gcm_enc_dec_t seal, open;
} gcm;

static void expand(const uint8_t key[AEAD_KEY_BYTES], void *ret_schedule)
{
	gcm.expand(key, ret_schedule);
}

static void seal(const void *schedule, const struct aead_message *m)
{
	struct gcm_context_data context;

	gcm.seal(schedule, &context, m->out, m->in.data, m->in.len, m->nonce, m->aad.data,
		 m->aad.len, m->tag, AEAD_TAG_BYTES);
}

static void open_message(const void *schedule, const struct aead_message *m)
{
	struct gcm_context_data context;

	gcm.open(schedule, &context, m->out, m->in.data, m->in.len, m->nonce, m->aad.data,
		 m->aad.len, m->tag, AEAD_TAG_BYTES);
}

/* What the library exports; declared by its header, found by name. POSIX lets a function be looked
 * up as an object, ISO C does not, so the value is copied. */
struct exports {
	__typeof__(&imb_get_version) version;
	__typeof__(&alloc_mb_mgr) alloc;
	__typeof__(&free_mb_mgr) free;
	__typeof__(&init_mb_mgr_auto) init;
};

static bool find(void *library, const char *name, void *ret, size_t bytes)
{
	void *const symbol = dlsym(library, name);

	memcpy(ret, &symbol, bytes);
	return symbol != NULL;
}

static bool find_all(void *library, struct exports *ret)
{
	return find(library, "imb_get_version", &ret->version, sizeof(ret->version)) &&
	       find(library, "alloc_mb_mgr", &ret->alloc, sizeof(ret->alloc)) &&
	       find(library, "free_mb_mgr", &ret->free, sizeof(ret->free)) &&
	       find(library, "init_mb_mgr_auto", &ret->init, sizeof(ret->init));
}

/* The manager's layout is that of the header we were built with: any other version is a stranger.
 */
static int take_functions(const struct exports *exports, bool *ret_vaes)
{
	IMB_MGR *manager;
	uint64_t features;

	if (exports->version() != IMB_VERSION_NUM)
		return ERR_UNSUPPORTED;
	manager = exports->alloc(0);
	if (manager == NULL)
		return ERR_NOMEM;
	exports->init(manager, NULL);
	features = manager->features;
	gcm.expand = manager->gcm256_pre;
	gcm.seal = manager->gcm256_enc;
	gcm.open = manager->gcm256_dec;
	exports->free(manager);
	if ((features & FEATURES_NEEDED) != FEATURES_NEEDED ||
	    (features & (IMB_FEATURE_SELF_TEST | IMB_FEATURE_SELF_TEST_PASS)) ==
		    IMB_FEATURE_SELF_TEST ||
	    gcm.expand == NULL || gcm.seal == NULL || gcm.open == NULL)
		return ERR_UNSUPPORTED;
	*ret_vaes = (features & IMB_FEATURE_VAES) != 0;
	return 0;
}

int ipsec_mb_open(struct aead_functions *ret)
{
	void *const library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct exports exports;
	bool vaes = false;
	int err = ERR_NOT_FOUND;

	if (library == NULL)
		return err;
	if (find_all(library, &exports))
		err = take_functions(&exports, &vaes);
	if (err < 0) {
		(void)dlclose(library); /* nothing of it is in use */
		return err;
	}
	*ret = (struct aead_functions){
		.name = vaes ? "AES-256-GCM (ipsec-mb, VAES)" : "AES-256-GCM (ipsec-mb)",
		.schedule_bytes = sizeof(struct gcm_key_data),
		.expand = expand,
		.seal = seal,
		.open = open_message,
	};
	return 0;
}
