/* device_filter.h - ?filter= of the device list: what can be asked today.
 *
 *	ptype==23701;tag.site==berlin;status==accepted
 *
 * RSQL's equality terms joined by ; (and). Fields are ptype, status, dialect,
 * version, firmware and one tag; a value is bare or in single or double quotes.
 * The rest of RSQL is known by sight and refused by name, ERR_INVALID with the
 * rule "not_yet"; what is no RSQL at all is ERR_INVALID with "filter". Both say
 * at which byte. */
#ifndef OTAD_MGMT_DEVICE_FILTER_H
#define OTAD_MGMT_DEVICE_FILTER_H

#include "otad/device.h"
#include "otad/err.h"

#define FILTER_VALUE_MAX	128

struct device_filter {
	struct device_query	query;		/* points into the rest: do not copy */
	char	dialect[FILTER_VALUE_MAX], version[FILTER_VALUE_MAX], firmware[FILTER_VALUE_MAX];
	char	tag[33], tag_value[FACT_VALUE_MAX];
};
/* text NULL or "": everything. query.after and .limit are left 0. */
int	device_filter_parse(struct device_filter *ret, const char *text, struct err *);

#endif
