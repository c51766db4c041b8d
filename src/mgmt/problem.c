/* SPDX-License-Identifier: Apache-2.0
 *
 * problem.c - application/problem+json.
 *
 * `type` is a relative reference that names the kind of refusal and stays the
 * same for ever; `detail` is for a person; `errors` has an entry for each field
 * at fault, so that a form can show it beside the field. When even the problem
 * cannot be put together for lack of memory, a constant stands in. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "json_out.h"
#include "problem.h"

static const char no_memory[] =
    "{\"type\":\"/problems/internal\",\"title\":\"internal failure\",\"status\":500,"
    "\"detail\":\"out of memory\",\"errors\":[]}\n";

/* Steals errors. */
static void
problem_write(struct reply *rep, enum err_code code, const char *detail, json_t *errors)
{
	struct err e = { .code = code };
	char type[48];
	json_auto_t *doc = NULL;

	snprintf(type, sizeof type, "/problems/%s", err_name(code));
	rep->status = err_http(&e);
	rep->type = "application/problem+json";
	doc = json_pack("{s:s, s:s, s:i, s:o, s:o}", "type", type, "title", err_title(code),
	    "status", rep->status, "detail", json_text(detail), "errors", errors);
	if (doc == NULL || json_print(&rep->body, doc) != 0) {
		rep->status = 500;
		buf_clear(&rep->body);
		buf_adds(&rep->body, no_memory);
	}
}

static json_t *
entry(const char *field, const char *rule, const char *message)
{
	return json_pack("{s:o, s:s, s:o}", "field", json_text(field), "rule", rule,
	    "message", json_text(message));
}

void
problem_refuse(const struct err *e, const struct request *rq, struct reply *rep)
{
	json_t *errors = json_array();

	(void)rq;
	if (e->field[0] != '\0' || e->rule[0] != '\0')
		json_array_append_new(errors, entry(e->field, e->rule, e->text));
	problem_write(rep, e->code, e->text[0] != '\0' ? e->text : err_title(e->code), errors);
}

void
complaints_free(struct complaints *c)
{
	json_decref(c->errors);
	*c = (struct complaints)COMPLAINTS_INIT;
}

void
complain(struct complaints *c, enum err_code code, const char *field, const char *rule,
    const char *fmt, ...)
{
	char message[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	if (c->count++ == 0) {
		c->code = code;
		snprintf(c->first, sizeof c->first, "%s", message);
		c->errors = json_array();
	}
	if (code == ERR_BAD)
		c->code = code;
	if (c->count <= COMPLAINTS_MAX)
		json_array_append_new(c->errors, entry(field, rule, message));
}

bool
complaints_refuse(const struct complaints *c, struct reply *rep)
{
	char detail[320];
	int n;

	if (c->count == 0)
		return false;
	n = snprintf(detail, sizeof detail, "%s", c->first);
	if (c->count > 1)
		snprintf(detail + n, sizeof detail - (size_t)n, " (and %u more)", c->count - 1);
	reply_clear(rep);
	problem_write(rep, c->code, detail, json_incref(c->errors));
	return true;
}
