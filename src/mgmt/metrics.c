/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics.c - figures for Prometheus (text format 0.0.4), named by its
 * conventions: base units, _total for what only grows. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "handlers.h"
#include "json_out.h"
#include "otad/auto.h"

#define FIGURE(member)	offsetof(struct core_figures, member)
static const struct {
	const char	*name, *type, *help;
	size_t		at;
} figures[] = {
	{ "otad_jobs_running", "gauge", "Jobs that are running.", FIGURE(jobs_running) },
	{ "otad_asks_total", "counter", "Times a device asked for an image.", FIGURE(asks) },
	{ "otad_asks_cached_total", "counter", "Of these, answered from memory.",
	  FIGURE(asks_cached) },
	{ "otad_offers_total", "counter", "Images offered to devices.", FIGURE(offers) },
	{ "otad_reports_total", "counter", "Statuses reported by devices.", FIGURE(reports) },
	{ "otad_delivered_bytes_total", "counter", "Bytes of images acknowledged by devices.",
	  FIGURE(delivered_bytes) },
	{ "otad_store_commits_total", "counter", "Transactions committed by the writer.",
	  FIGURE(commits) },
	{ "otad_store_commands_total", "counter", "Changes committed in them.", FIGURE(commands) },
	{ "otad_store_queue_length", "gauge", "Changes that wait for the writer.",
	  FIGURE(queue_length) },
	{ "otad_store_wal_bytes", "gauge", "Size of the write-ahead log.", FIGURE(wal_bytes) },
	{ "otad_store_db_bytes", "gauge", "Size of the database.", FIGURE(db_bytes) },
};

static void
head(struct buf *to, const char *name, const char *type, const char *help)
{
	buf_addf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

int
get_metrics(struct tx *tx, struct exchange *x, struct err *e)
{
	struct buf *to = &x->rep.body;
	struct core_figures now = { .asks = 0 };

	(void)tx;
	reply_clear(&x->rep);
	core_figures(x->core, &now);
	head(to, "otad_build_info", "gauge", "The version that runs, as a label.");
	buf_addf(to, "otad_build_info{version=\"%s\"} 1\n", OTAD_VERSION);
	head(to, "otad_devices", "gauge", "Devices known, by status.");
	for (int i = 0; i <= DEVICE_BLOCKED; i++)
		buf_addf(to, "otad_devices{status=\"%s\"} %" PRIu64 "\n",
		    device_status_word((enum device_status)i), now.devices[i]);
	for (size_t i = 0; i < NELEM(figures); i++) {
		uint64_t value;

		memcpy(&value, (const char *)&now + figures[i].at, sizeof value);
		head(to, figures[i].name, figures[i].type, figures[i].help);
		buf_addf(to, "%s %" PRIu64 "\n", figures[i].name, value);
	}
	if (to->failed)
		return err_set(e, ERR_INTERNAL, "out of memory");
	x->rep.status = 200;
	x->rep.type = "text/plain; version=0.0.4; charset=utf-8";
	return 0;
}
