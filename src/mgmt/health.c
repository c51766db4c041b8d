/* SPDX-License-Identifier: Apache-2.0
 *
 * health.c - for whoever restarts processes and balances load.
 *
 * /healthz: this process answers. /readyz: so do its parts, each by name; being
 * asked in a transaction, it also shows that the store can be read. */
#include "handlers.h"
#include "json_out.h"
#include "otad/auto.h"
#include "otad/health.h"

extern const char openapi_json[];
extern const size_t openapi_json_len;

int
get_healthz(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	return reply_json(x, 200, json_pack("{s:s}", "status", "ok"), e);
}

static json_t *
part(bool ok, const char *text)
{
	return json_pack("{s:b, s:o}", "ready", ok, "detail", json_text(text));
}

int
get_readyz(struct tx *tx, struct exchange *x, struct err *e)
{
	json_auto_t *parts = json_object();
	char name[HEALTH_NAME], text[HEALTH_TEXT];
	bool ok, ready = core_alive(x->core);

	(void)tx;
	json_object_set_new(parts, "ticker",
	    part(ready, ready ? "" : "deadlines are not being looked at"));
	for (int i = 0; x->health != NULL && health_each(x->health, i, name, &ok, text); i++) {
		json_object_set_new(parts, name, part(ok, text));
		ready = ready && ok;
	}
	return reply_json(x, ready ? 200 : 503, json_pack("{s:b, s:O}", "ready", ready,
	    "parts", parts), e);
}

int
get_openapi(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	reply_clear(&x->rep);
	buf_add(&x->rep.body, openapi_json, openapi_json_len);
	if (x->rep.body.failed)
		return err_set(e, ERR_INTERNAL, "out of memory");
	x->rep.status = 200;
	x->rep.type = "application/json";
	return 0;
}
