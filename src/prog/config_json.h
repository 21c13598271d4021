/* config_json.h - values of a configuration as JSON: what the daemon tells of the one that it runs
 * with, and what `ipop check --diff` compares that to, must be made alike. */
#ifndef PROG_CONFIG_JSON_H
#define PROG_CONFIG_JSON_H

#include "group/config.h"

#include <jansson.h>

/* An array of texts, as they would stand in the file, one for each value of the option. The
 * caller's; NULL if there is no memory. */
json_t *config_values_json(const struct config *config, enum config_option_id id);

#endif
