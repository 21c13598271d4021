/* world_memory.c - a node's heap; see world_internal.h. */
#include "io/memory.h"
#include "prog/ipopd/log.h"
#include "prog/ipopd/world_internal.h"

#define TRIM_MS 10000 /* at least, from one time that memory is given back to the next */

void world_give_memory_back(struct world *w)
{
	if (!mono_reached(w->now.mono, w->trim_at))
		return;
	if (memory_give_back(w->config.memory_is_locked) < 0) {
		w->config.memory_is_locked = false;
		log_warning("memory cannot be locked any more: keys may be written to swap");
	}
	w->trim_at = mono_add_ms(w->now.mono, TRIM_MS);
}
