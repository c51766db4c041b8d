/* SPDX-License-Identifier: Apache-2.0
 *
 * talk_kit.h - conversations with dialects without a socket: a core over a store
 * in a folder of its own, the real routes and handlers, called as a transport
 * calls them.
 *
 *	struct heard s;
 *	say(&t, &s, "GET /device/update HTTP/1.1\n…\n\n");
 *	CHECK(s.status == 304, "%d", s.status);
 *
 * An image is looked at, and its transfer ended as t.ending says. */
#ifndef OTAD_TEST_TALK_KIT_H
#define OTAD_TEST_TALK_KIT_H

#include "fake_request.h"
#include "otad/conf.h"
#include "otad/dialect.h"
#include "otad/job.h"
#include "otad/link_route.h"
#include "repo_kit.h"

#define TALK_DIALECTS	8

struct talk {
	struct kit	kit;
	enum enrol	enrol;			/* of every family */
	enum transfer_end ending;		/* of the next transfers */
	void		*selves[TALK_DIALECTS];
	const char	*peer;			/* CN of the client's certificate, or NULL */
};

struct heard {
	int		status;
	const char	*type;
	bool		close, has_image;
	uint64_t	length_as, from, to;
	char		md5[HEX_LEN(MD5_LEN)];	/* of the bytes that were served */
	char		body[512];		/* text */
	char		names[HEADERS_MAX][33], values[HEADERS_MAX][513];
	int		nheaders;
};

static inline const char *
said_header(const struct heard *s, const char *name)
{
	for (int i = 0; i < s->nheaders; i++)
		if (strcasecmp(s->names[i], name) == 0)
			return s->values[i];
	return "";
}

/* ---- the house ---- */

static inline enum enrol
talk_enrol(void *arg, const char *family)
{
	(void)family;
	return ((const struct talk *)arg)->enrol;
}

static inline void
talk_fatal(const char *what, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", what, e->text);
	exit(1);
}

static inline void
talk_start_dialects(struct talk *t, const char *paths)
{
	struct conf conf = { .arduino = { .paths = paths } };
	struct err e = ERR_INIT;

	for (int i = 0; dialects[i] != NULL; i++) {
		t->selves[i] = NULL;
		if (dialects[i]->start != NULL && dialects[i]->start(&conf, &t->selves[i], &e))
			talk_fatal(dialects[i]->family.name, &e);
	}
}

static inline void
talk_open(struct talk *t, const char *paths)
{
	static const struct family *families[TALK_DIALECTS + 1];
	struct kit *k = &t->kit;
	struct err e = ERR_INIT;
	struct store_settings stored = { .path = k->db };
	struct core_settings settings = {
		.enrol = talk_enrol, .enrol_arg = t, .max_image = KIT_MAX_IMAGE,
		.cache_dir = k->cache, .cache_max = 64u << 20, .link_base = "",
		.secret = (const uint8_t *)"0123456789abcdef0123456789abcdef",
		.history_days = 1,
	};

	for (int i = 0; dialects[i] != NULL; i++)
		families[i] = &dialects[i]->family;
	snprintf(k->dir, sizeof(k->dir), "/tmp/otad-test-XXXXXX");
	if (mkdtemp(k->dir) == NULL)
		talk_fatal(k->dir, &e);
	snprintf(k->db, sizeof(k->db), "%s/otad.db", k->dir);
	snprintf(k->cache, sizeof(k->cache), "%s/cache", k->dir);
	k->clock = clock_new(NULL, &e);
	k->store = k->clock != NULL ? store_open(&stored, &e) : NULL;
	k->core = k->store != NULL ? core_new(k->store, k->clock, families, &settings, &e) : NULL;
	if (k->core == NULL)
		talk_fatal("no core", &e);
	talk_start_dialects(t, paths);
}

static inline void
talk_close(struct talk *t)
{
	for (int i = 0; dialects[i] != NULL; i++)
		if (dialects[i]->stop != NULL)
			dialects[i]->stop(t->selves[i]);
	kit_close(&t->kit);
}

/* ---- a request ---- */

static inline bool
talk_method_fits(const struct route *r, enum method m)
{
	return r->method == m || (r->method == M_GET && m == M_HEAD);
}

/* Fills x->route and x->self; its refuse(), or NULL: nobody answers that. */
static inline refuse_fn *
talk_route(struct talk *t, struct exchange *x)
{
	for (int i = 0; dialects[i] != NULL; i++) {
		const struct dialect_ops *d = dialects[i];

		x->self = t->selves[i];
		for (x->route = d->routes; x->route != NULL && x->route->pattern != NULL; x->route++)
			if (talk_method_fits(x->route, x->rq.method) &&
			    route_match(x->route->pattern, x->rq.path, x->rq.params))
				return d->refuse;
		x->route = d->find != NULL ? d->find(x->self, &x->rq) : NULL;
		if (x->route != NULL)
			return d->refuse;
	}
	for (x->route = link_table.routes; x->route->pattern != NULL; x->route++)
		if (talk_method_fits(x->route, x->rq.method) &&
		    route_match(x->route->pattern, x->rq.path, x->rq.params))
			return link_table.refuse;
	return NULL;
}

static inline int
talk_read(struct tx *tx, void *x, struct err *e)
{
	return ((struct exchange *)x)->route->read(tx, x, e);
}

static inline int
talk_write(struct tx *tx, void *x, struct err *e)
{
	return ((struct exchange *)x)->route->write(tx, x, e);
}

static inline int
talk_nothing(struct tx *tx, void *arg, struct err *e)
{
	(void)tx;
	(void)arg;
	(void)e;
	return 0;
}

/* What came before in the writer's queue is durable then. */
static inline void
talk_settle(struct talk *t)
{
	struct err e = ERR_INIT;

	CHECK(kit_write(&t->kit, talk_nothing, NULL, &e) == 0, "%s", e.text);
	CHECK(core_write_wait(t->kit.core, URGENT_STATUS, NULL, talk_nothing, NULL, &e) == 0,
	    "%s", e.text);
}

static inline void
talk_serve(struct talk *t, struct exchange *x, struct heard *ret)
{
	struct reply *rep = &x->rep;
	uint8_t sum[MD5_LEN];
	struct err e = ERR_INIT;
	struct mapping *m = image_open(t->kit.core, rep->image, &e);

	CHECK(m != NULL, "image: %s", e.text);
	CHECK(m == NULL || (rep->from <= rep->to && rep->to <= mapping_size(m)), "range");
	if (m != NULL) {
		md5(sum, mapping_bytes(m) + rep->from, rep->to - rep->from);
		hex_encode(ret->md5, sum, sizeof(sum));
		mapping_close(m);
	}
	if (rep->transfer == NULL)
		return;
	transfer_moved(rep->transfer, t->ending == TRANSFER_DELIVERED ? rep->to - rep->from : 1);
	transfer_end(rep->transfer, t->ending);
	rep->transfer = NULL;
	talk_settle(t);
}

static inline void
talk_keep(const struct reply *rep, struct heard *ret)
{
	ret->status = rep->status;
	ret->type = rep->type != NULL ? rep->type : "";
	ret->close = rep->close;
	ret->has_image = rep->has_image;
	ret->length_as = rep->length_as;
	ret->from = rep->from;
	ret->to = rep->to;
	snprintf(ret->body, sizeof(ret->body), "%s", buf_str(&rep->body));
	ret->nheaders = rep->nheaders;
	for (int i = 0; i < rep->nheaders; i++) {
		snprintf(ret->names[i], sizeof(ret->names[i]), "%s", rep->headers[i].name);
		snprintf(ret->values[i], sizeof(ret->values[i]), "%s", rep->headers[i].value);
	}
}

/* As a transport does it: read, on CALL_WRITE write, on -1 the family's refusal. */
static inline void
say(struct talk *t, struct heard *ret, const char *head)
{
	static struct fake f;
	static struct exchange x;
	struct err e = ERR_INIT;
	refuse_fn *refuse;
	int rc;

	memset(ret, 0, sizeof(*ret));
	memset(&x, 0, sizeof(x));
	fake_head(&f, head);
	x.core = t->kit.core;
	x.rq = f.rq;
	x.rq.peer = t->peer;
	if ((refuse = talk_route(t, &x)) == NULL) {
		ret->status = -1;
		return;
	}
	rc = x.route->read != NULL ? core_read(x.core, NULL, talk_read, &x, &e) : CALL_WRITE;
	if (rc == CALL_WRITE)
		rc = core_write_wait(x.core, x.route->urgency, NULL, talk_write, &x, &e);
	if (rc != 0) {
		reply_clear(&x.rep);
		refuse(&e, &x.rq, &x.rep);
	}
	talk_keep(&x.rep, ret);
	if (x.rep.has_image)
		talk_serve(t, &x, ret);
	talk_settle(t);			/* also of a transfer that was never served */
	reply_clear(&x.rep);
	if (x.state_free != NULL)
		x.state_free(x.state);
}

/* ---- what a person does ---- */

static inline int
talk_accept_tx(struct tx *tx, void *id, struct err *e)
{
	return device_set_status(tx, id, DEVICE_ACCEPTED, e);
}

static inline int
talk_block_tx(struct tx *tx, void *id, struct err *e)
{
	return device_set_status(tx, id, DEVICE_BLOCKED, e);
}

static inline void
talk_person(struct talk *t, tx_fn *fn, const char *id)
{
	char text[DEVICE_ID_MAX];
	struct err e = ERR_INIT;

	snprintf(text, sizeof(text), "%s", id);
	CHECK(kit_write(&t->kit, fn, text, &e) == 0, "%s: %s", id, e.text);
}

static inline void
talk_product(struct talk *t, uint32_t ptype, const char *dialect, const char *slots)
{
	struct product p = { .ptype = ptype };
	struct err e = ERR_INIT;
	size_t n;

	snprintf(p.name, sizeof(p.name), "product %u", ptype);
	snprintf(p.dialect, sizeof(p.dialect), "%s", dialect);
	for (; *slots != '\0'; slots += n + (slots[n] == ',')) {
		n = strcspn(slots, ",");
		snprintf(p.slots[p.nslots++], SLOT_MAX, "%.*s", (int)n, slots);
	}
	CHECK(kit_write(&t->kit, kit_product_create, &p, &e) == 0, "product %u: %s", ptype, e.text);
}

static inline void
talk_firmware(struct talk *t, const char *name, const char *native, const struct kit_file *files,
    int n)
{
	struct firmware_form form = { .notes = "", .metadata = "" };
	struct err e = ERR_INIT;

	snprintf(form.name, sizeof(form.name), "%s", name);
	snprintf(form.native, sizeof(form.native), "%s", native);
	CHECK(kit_upload(&t->kit, &form, files, n, NULL, &e) == 0, "%s: %s", name, e.text);
}

struct talk_current {
	uint32_t	ptype;
	const char	*version;
	struct job_form	form;
	struct job	job;
};

static inline int
talk_current_tx(struct tx *tx, void *arg, struct err *e)
{
	struct talk_current *c = arg;

	return job_set_current(tx, c->ptype, c->version, 'v', &c->form, &c->job, e);
}

/* ret_job: the id of the job that it is. */
static inline void
talk_current(struct talk *t, uint32_t ptype, const char *version, char ret_job[ID_LEN + 1])
{
	struct talk_current c = { .ptype = ptype, .version = version, .form = {
		.current = 'v', .targets = "{}", .metadata = "" } };
	struct err e = ERR_INIT;

	policy_default(&c.form.policy);
	c.form.policy.continuous = true;
	c.form.policy.retry_delay_s = 0;
	c.form.stages_given = true;	/* none; and no failure limit */
	if (version != NULL) {
		snprintf(c.form.versions[0], VERSION_MAX, "%s", version);
		c.form.nversions = 1;
	}
	CHECK(kit_write(&t->kit, talk_current_tx, &c, &e) == 0, "%u current: %s", ptype, e.text);
	snprintf(ret_job, ID_LEN + 1, "%s", c.job.id);
	job_clear(&c.job);
}

static inline int
talk_part_tx(struct tx *tx, void *arg, struct err *e)
{
	struct execution *x = arg;

	return execution_get(tx, x->job_id, x->device_id, x, e);
}

/* Where a device's part in a job is: "succeeded", or why there is none. */
static inline const char *
talk_state(struct talk *t, const char *job, const char *device)
{
	static struct err e;
	struct execution x = { .job = 0 };

	snprintf(x.job_id, sizeof(x.job_id), "%s", job);
	snprintf(x.device_id, sizeof(x.device_id), "%s", device);
	if (kit_read(&t->kit, talk_part_tx, &x, &e) == 0)
		return state_word(x.state);
	return e.text;
}

static inline int
talk_device_tx(struct tx *tx, void *arg, struct err *e)
{
	struct device *d = arg;

	return device_get(tx, d->id, d, e);
}

static inline struct device
talk_device(struct talk *t, const char *id)
{
	struct device d = { .num = 0 };
	struct err e = ERR_INIT;

	snprintf(d.id, sizeof(d.id), "%s", id);
	CHECK(kit_read(&t->kit, talk_device_tx, &d, &e) == 0, "%s: %s", id, e.text);
	return d;
}

#endif
