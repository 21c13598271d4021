/* config_json.c - see config_json.h. */
#include "prog/config_json.h"

json_t *config_values_json(const struct config *config, enum config_option_id id)
{
	char text[CONFIG_VALUE_MAX + 1];
	json_t *values = json_array();

	for (uint32_t i = 0; config_value(config, id, i, text); i++) {
		if (json_array_append_new(values, json_string(text)) == 0)
			continue;
		json_decref(values); /* no list is told that lacks an item */
		return NULL;
	}
	return values;
}
