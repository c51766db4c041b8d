/* SPDX-License-Identifier: Apache-2.0
 *
 * core_fixture.c - devices are spoken for as a transport does it (a reading
 * transaction first, the writer when that says so), so that tests go the ways
 * that requests go. Firmware is put into the store directly: how it gets there is
 * another test's matter. */
#include "core_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "otad/auto.h"
#include "otad/log.h"

/* A machine that does not know the time starts here, 2026-06-01T12:00:00Z. */
#define START_MS	INT64_C(1780315200000)
#define IMAGE_SIZE	4096

const struct family fx_poller = {
	.name = "poller", .proof = PROOF_VERSION, .caps = FAMILY_ASKS | FAMILY_REPORTS,
	.offer_guard_s = 120, .silence_floor_s = 48 * 3600,
};
const struct family fx_keyed = {
	.name = "keyed", .proof = PROOF_VERSION,
	.caps = FAMILY_ASKS | FAMILY_REPORTS | FAMILY_KEYS,
	.offer_guard_s = 120, .silence_floor_s = 48 * 3600,
};
const struct family fx_told = {
	.name = "told", .proof = PROOF_VERSION, .caps = FAMILY_TOLD | FAMILY_REPORTS,
	.offer_guard_s = 120, .back_guard_s = 15, .silence_floor_s = 600,
};
const struct family fx_pushed = {
	.name = "pushed", .proof = PROOF_WORD, .caps = FAMILY_TOLD | FAMILY_LOCAL,
	.offer_guard_s = 120, .silence_floor_s = 600,
};
const struct family fx_returning = {
	.name = "returning", .proof = PROOF_RETURN, .caps = FAMILY_TOLD | FAMILY_REPORTS,
	.offer_guard_s = 120, .silence_floor_s = 600,
};
static const struct family *const families[] = {
	&fx_poller, &fx_keyed, &fx_told, &fx_pushed, &fx_returning, NULL,
};

__attribute__((noreturn)) static void
die(const char *what, const struct err *e)
{
	fprintf(stderr, "fixture: %s: %s\n", what, e->text);
	exit(1);
}

/* ---- life ---- */

static enum enrol
enrolment(void *arg, const char *family)
{
	(void)family;
	return ((struct fixture *)arg)->enrol;
}

static void
set_clock(struct fixture *f)
{
	struct err e = ERR_INIT;

	if (pwrite(f->clock_fd, &f->offset_us, 8, 0) != 8) {
		err_errno(&e, ERR_INTERNAL, "%s", f->clock_path);
		die("clock", &e);
	}
}

static void
start(struct fixture *f)
{
	struct err e = ERR_INIT;
	struct store_settings stored = { .path = f->db };
	struct core_settings settings = {
		.enrol = enrolment, .enrol_arg = f, .max_image = 1u << 20, .cache_dir = f->cache,
		.cache_max = 1u << 20, .link_base = "http://127.0.0.1:1", .link_lifetime_s = 86400,
		.secret = (const uint8_t *)"0123456789abcdef0123456789abcdef",
		.history_days = 400,
	};

	if ((f->store = store_open(&stored, &e)) == NULL)
		die("store", &e);
	if ((f->core = core_new(f->store, f->clock, families, &settings, &e)) == NULL)
		die("core", &e);
}

void
fx_open(struct fixture *f)
{
	struct err e = ERR_INIT;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	*f = (struct fixture){ .enrol = ENROL_APPROVE, .person = { .role = ROLE_OPERATOR,
	    .id = "key-of-ada", .name = "Ada", .address = "192.0.2.7" } };
	snprintf(f->dir, sizeof(f->dir), "/tmp/otad-core-XXXXXX");
	if (mkdtemp(f->dir) == NULL) {
		err_errno(&e, ERR_INTERNAL, "%s", f->dir);
		die("folder", &e);
	}
	snprintf(f->db, sizeof(f->db), "%s/otad.db", f->dir);
	snprintf(f->cache, sizeof(f->cache), "%s/cache", f->dir);
	snprintf(f->clock_path, sizeof(f->clock_path), "%s/clock", f->dir);
	f->clock_fd = open(f->clock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	set_clock(f);
	if ((f->clock = clock_new(f->clock_path, &e)) == NULL)
		die("clock", &e);
	if (clock_wall_ms(f->clock) < START_MS)
		fx_forward(f, START_MS - clock_wall_ms(f->clock));
	start(f);
}

static void
stop(struct fixture *f)
{
	core_stop(f->core);
	core_free(f->core);
	store_close(f->store);
}

void
fx_restart(struct fixture *f)
{
	stop(f);
	start(f);
}

static int
drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void
fx_close(struct fixture *f)
{
	stop(f);
	clock_free(f->clock);
	close(f->clock_fd);
	nftw(f->dir, drop, 8, FTW_DEPTH | FTW_PHYS);
}

void
fx_forward(struct fixture *f, int64_t ms)
{
	f->offset_us += ms * 1000;
	set_clock(f);
}

static int
nothing(struct tx *tx, void *arg, struct err *e)
{
	(void)tx;
	(void)arg;
	(void)e;
	return 0;
}

void
fx_settle(struct fixture *f)
{
	struct err e = ERR_INIT;

	if (core_write_wait(f->core, URGENT_BULK, NULL, nothing, NULL, &e) < 0)
		die("writer", &e);
}

int
fx_read(struct fixture *f, tx_fn *fn, void *arg, struct err *e)
{
	return core_read(f->core, &f->person, fn, arg, e);
}

int
fx_write(struct fixture *f, tx_fn *fn, void *arg, struct err *e)
{
	return core_write_wait(f->core, URGENT_ADMIN, &f->person, fn, arg, e);
}

static void
must_write(struct fixture *f, const char *what, tx_fn *fn, void *arg)
{
	struct err e = ERR_INIT;

	if (fx_write(f, fn, arg, &e) != 0)
		die(what, &e);
}

static void
must_read(struct fixture *f, const char *what, tx_fn *fn, void *arg)
{
	struct err e = ERR_INIT;

	if (fx_read(f, fn, arg, &e) < 0)
		die(what, &e);
}

/* ---- products and firmware ---- */

static int
make_product(struct tx *tx, void *arg, struct err *e)
{
	return product_create(tx, arg, e);
}

void
fx_product(struct fixture *f, uint32_t ptype, const struct family *family)
{
	struct product p = { .ptype = ptype };

	snprintf(p.name, sizeof(p.name), "product %u", ptype);
	snprintf(p.dialect, sizeof(p.dialect), "%s", family->name);
	snprintf(p.image_kind, sizeof(p.image_kind), "raw");
	must_write(f, "product", make_product, &p);
}

struct making {
	const char		*name, *slots, *native, *requires;
	enum firmware_state	state;
	int64_t			num;
};

/* Bytes that no other image has. */
static int
publish(struct tx *tx, const char *name, struct image *image, struct err *e)
{
	uint8_t bytes[IMAGE_SIZE] = { 0 };
	int64_t blob;

	snprintf((char *)bytes, sizeof(bytes), "%s %s", name, image->slot);
	sha256(image->sha256, bytes, sizeof(bytes));
	image->size = sizeof(bytes);
	snprintf(image->kind, sizeof(image->kind), "raw");
	return store_blob_stage(tx->db, &blob, e) < 0 ||
	    store_blob_chunk(tx->db, blob, 0, bytes, sizeof(bytes), e) < 0 ||
	    store_blob_publish(tx->db, blob, image->sha256, sizeof(bytes), e) < 0 ? -1 : 0;
}

static int
make_firmware(struct tx *tx, void *arg, struct err *e)
{
	struct making *m = arg;
	struct image images[SLOTS_MAX];
	struct firmware fw = { .images = images, .state = m->state, .created_ms = tx->now };
	char none[] = "";

	memset(images, 0, sizeof(images));
	if (version_parse(&fw.version, m->name, e) < 0)
		return -1;
	fw.value = version_value(&fw.version);
	fw.notes = fw.metadata = none;
	snprintf(fw.name, sizeof(fw.name), "%s", m->name);
	if (m->requires != NULL)
		snprintf(fw.requires, sizeof(fw.requires), "%s", m->requires);
	if (m->native != NULL)
		snprintf(fw.natives[fw.nnatives++], NATIVE_MAX, "%s", m->native);
	for (const char *s = m->slots; *s != '\0'; fw.nimages++) {
		size_t n = strcspn(s, ",");

		snprintf(images[fw.nimages].slot, SLOT_MAX, "%.*s", (int)n, s);
		if (publish(tx, m->name, &images[fw.nimages], e) < 0)
			return -1;
		s += n + (s[n] == ',');
	}
	tx_bump(tx);
	return store_firmware_insert(tx->db, &fw, &m->num, e);
}

int64_t
fx_firmware_as(struct fixture *f, const char *name, const char *slots, const char *native,
    const char *requires, enum firmware_state state)
{
	struct making m = { name, slots, native, requires, state, 0 };

	must_write(f, name, make_firmware, &m);
	return m.num;
}

int64_t
fx_firmware(struct fixture *f, const char *name, const char *slots)
{
	return fx_firmware_as(f, name, slots, NULL, NULL, FIRMWARE_READY);
}

struct marking { const char *name; enum firmware_state state; };

static int
mark_firmware(struct tx *tx, void *arg, struct err *e)
{
	const struct marking *m = arg;

	return firmware_set_state(tx, m->name, m->state, "test", e);
}

void
fx_set_state(struct fixture *f, const char *firmware, enum firmware_state state)
{
	struct marking m = { firmware, state };

	must_write(f, firmware, mark_firmware, &m);
}

/* ---- devices ---- */

struct crowd {
	uint32_t	ptype;
	const char	*prefix, *version;
	int		n;			/* 0: one, of this very name */
};

static int
find_firmware(struct tx *tx, const char *name, int64_t *ret, struct err *e)
{
	struct firmware fw;
	int r;

	memset(&fw, 0, sizeof(fw));
	if ((r = store_firmware_find(tx->db, name, &fw, e)) > 0) {
		*ret = fw.num;
		firmware_clear(&fw);
	}
	return r < 0 ? -1 : 0;
}

static int
make_devices(struct tx *tx, void *arg, struct err *e)
{
	const struct crowd *c = arg;
	struct device d = { .ptype = c->ptype, .status = DEVICE_ACCEPTED, .channel = 'v',
	    .first_seen_ms = tx->now, .last_seen_ms = tx->now };
	struct product p;
	int64_t num;

	if (store_product_find(tx->db, c->ptype, &p, e) <= 0 ||
	    find_firmware(tx, c->version, &d.firmware, e) < 0)
		return -1;
	snprintf(d.dialect, sizeof(d.dialect), "%s", p.dialect);
	snprintf(d.version, sizeof(d.version), "%s", c->version);
	d.firmware_sure = d.firmware != 0;
	for (int i = 0; i < c->n || (c->n == 0 && i == 0); i++) {
		if (c->n == 0)
			snprintf(d.id, sizeof(d.id), "%s", c->prefix);
		else
			snprintf(d.id, sizeof(d.id), "%s%d", c->prefix, i);
		if (store_device_insert(tx->db, &d, &num, e) < 0)
			return -1;
	}
	return 0;
}

void
fx_device(struct fixture *f, const char *id, uint32_t ptype, const char *version)
{
	struct crowd c = { ptype, id, version, 0 };

	must_write(f, id, make_devices, &c);
}

void
fx_devices(struct fixture *f, uint32_t ptype, const char *prefix, int n, const char *version)
{
	struct crowd c = { ptype, prefix, version, n };

	must_write(f, prefix, make_devices, &c);
}

/* ---- jobs ---- */

void
fx_form(struct job_form *form, const char *version)
{
	memset(form, 0, sizeof(*form));
	policy_default(&form->policy);
	form->stages_given = true;		/* none; and no failure limit */
	snprintf(form->versions[form->nversions++], VERSION_MAX, "%s", version);
	form->targets = "{\"all\":true}";
	form->metadata = "";
}

struct jobbing {
	struct job_form	*form;
	struct job	*ret;
	uint32_t	ptype;
	const char	*version;
	char		channel;
};

static int
make_job(struct tx *tx, void *arg, struct err *e)
{
	struct jobbing *j = arg;

	return job_create(tx, j->form, j->ret, e);
}

int
fx_try_job(struct fixture *f, struct job_form *form, struct job *ret, struct err *e)
{
	struct jobbing j = { .form = form, .ret = ret };

	memset(ret, 0, sizeof(*ret));
	return fx_write(f, make_job, &j, e);
}

void
fx_job(struct fixture *f, struct job_form *form, char ret_id[ID_LEN + 1])
{
	struct err e = ERR_INIT;
	struct job job;

	if (fx_try_job(f, form, &job, &e) != 0)
		die("job", &e);
	snprintf(ret_id, ID_LEN + 1, "%s", job.id);
	job_clear(&job);
}

static int
make_current(struct tx *tx, void *arg, struct err *e)
{
	struct jobbing *j = arg;

	return job_set_current(tx, j->ptype, j->version, j->channel, j->form, j->ret, e);
}

int
fx_current(struct fixture *f, uint32_t ptype, const char *version, char channel,
    struct job *ret, struct err *e)
{
	struct job_form form;
	struct jobbing j = { &form, ret, ptype, version, channel };

	fx_form(&form, "");
	form.nversions = 0;
	memset(ret, 0, sizeof(*ret));
	return fx_write(f, make_current, &j, e);
}

struct canceling { const char *id; struct job_cursor cursor; };

static int
cancel_job(struct tx *tx, void *arg, struct err *e)
{
	struct canceling *c = arg;

	return job_cancel(tx, c->id, &c->cursor, e);
}

int
fx_cancel(struct fixture *f, const char *id, struct err *e)
{
	struct canceling c = { id, { 0, 0 } };

	return fx_write(f, cancel_job, &c, e);
}

struct steering { const char *job, *device; enum happening what; };

static int
steer_one(struct tx *tx, void *arg, struct err *e)
{
	const struct steering *s = arg;

	return execution_steer(tx, s->job, s->device, s->what, e);
}

int
fx_steer(struct fixture *f, const char *job, const char *device, enum happening what,
    struct err *e)
{
	struct steering s = { job, device, what };

	return fx_write(f, steer_one, &s, e);
}

/* ---- what is known ---- */

struct looking {
	const char	*job, *device, *kind;
	struct execution *x;
	struct job_part	*part;
	struct device	*d;
	enum job_state	state;
	int		n;
};

static int
look_execution(struct tx *tx, void *arg, struct err *e)
{
	struct looking *l = arg;

	return execution_get(tx, l->job, l->device, l->x, e);
}

void
fx_execution(struct fixture *f, const char *job, const char *device, struct execution *ret)
{
	struct looking l = { .job = job, .device = device, .x = ret };

	must_read(f, device, look_execution, &l);
}

bool
fx_has_execution(struct fixture *f, const char *job, const char *device)
{
	struct execution x;
	struct looking l = { .job = job, .device = device, .x = &x };
	struct err e = ERR_INIT;

	return fx_read(f, look_execution, &l, &e) == 0;
}

enum state
fx_state(struct fixture *f, const char *job, const char *device)
{
	struct execution x;

	fx_execution(f, job, device, &x);
	return x.state;
}

static int
look_job(struct tx *tx, void *arg, struct err *e)
{
	struct looking *l = arg;
	struct job job;

	if (job_get(tx, l->job, &job, e) < 0)
		return -1;
	if (l->part != NULL)
		*l->part = job.parts[0];
	l->state = job.state;
	job_clear(&job);
	return 0;
}

void
fx_part(struct fixture *f, const char *job, struct job_part *ret)
{
	struct looking l = { .job = job, .part = ret };

	must_read(f, job, look_job, &l);
}

enum job_state
fx_job_state(struct fixture *f, const char *job)
{
	struct looking l = { .job = job };

	must_read(f, job, look_job, &l);
	return l.state;
}

static int
look_device(struct tx *tx, void *arg, struct err *e)
{
	struct looking *l = arg;

	return device_get(tx, l->device, l->d, e);
}

void
fx_device_now(struct fixture *f, const char *id, struct device *ret)
{
	struct looking l = { .device = id, .d = ret };

	must_read(f, id, look_device, &l);
}

static int
count_event(void *arg, const struct event *ev, struct err *e)
{
	struct looking *l = arg;

	(void)e;
	l->n += strcmp(ev->kind, l->kind) == 0;
	return 0;
}

static int
look_history(struct tx *tx, void *arg, struct err *e)
{
	struct looking *l = arg;

	return history_of_device(tx, l->device, 0, 100000, count_event, l, e);
}

int
fx_events(struct fixture *f, const char *id, const char *kind)
{
	struct looking l = { .device = id, .kind = kind };

	must_read(f, id, look_history, &l);
	return l.n;
}

/* ---- is it consistent? ---- */

struct sums {
	const char	*job;
	int		attempts;
	uint64_t	counts[STATES], exposed, proven, taken;
	bool		good;
};

__attribute__((format(printf, 3, 4))) static void
expect(struct sums *s, bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return;
	s->good = false;
	va_start(ap, fmt);
	fprintf(stderr, "job %s: ", s->job);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

static bool
has_image(enum state s)
{
	return s == STATE_IN_PROGRESS || s == STATE_DOWNLOADED || s == STATE_VERIFYING;
}

static int
add_up(void *arg, const struct execution *x, struct err *e)
{
	struct sums *s = arg;
	const char *word = state_word(x->state);

	(void)e;
	s->counts[x->state]++;
	s->exposed += x->exposed;
	s->proven += x->state == STATE_SUCCEEDED && x->taken_ms != 0;
	s->taken += x->taken_ms != 0;
	expect(s, !has_image(x->state) || (x->taken && x->taken_ms != 0 && x->attempt > 0),
	    "%s is %s and took nothing", x->device_id, word);
	expect(s, state_ended(x->state) || x->taken == has_image(x->state),
	    "%s is %s, taken %d", x->device_id, word, x->taken);
	expect(s, has_image(x->state) ? x->exposed : x->state == STATE_TIMED_OUT || !x->exposed,
	    "%s is %s, exposed %d", x->device_id, word, x->exposed);
	expect(s, x->attempt <= s->attempts, "%s: attempt %d of %d", x->device_id, x->attempt,
	    s->attempts);
	expect(s, state_ended(x->state) == (x->ended_ms != 0), "%s is %s, ended %lld",
	    x->device_id, word, (long long)x->ended_ms);
	expect(s, !state_ended(x->state) || x->due_ms == 0, "%s is %s, and something is due",
	    x->device_id, word);
	expect(s, state_ended(x->state) || x->due_ms != 0, "%s is %s, and nothing is due",
	    x->device_id, word);
	return 0;
}

static int
sum_job(struct tx *tx, void *arg, struct err *e)
{
	struct sums *s = arg;
	struct job job;
	struct job_part p;

	if (job_get(tx, s->job, &job, e) < 0)
		return -1;
	s->attempts = job.policy.attempts;
	if (job_executions(tx, job.num, -1, 0, 1000000, add_up, s, e) < 0) {
		job_clear(&job);
		return -1;
	}
	p = job.parts[0];
	job_clear(&job);
	for (int i = 0; i < STATES; i++)
		expect(s, p.counts[i] == s->counts[i], "%s: counted %llu, there are %llu",
		    state_word((enum state)i), (unsigned long long)p.counts[i],
		    (unsigned long long)s->counts[i]);
	expect(s, p.exposed == s->exposed, "exposed: counted %llu, there are %llu",
	    (unsigned long long)p.exposed, (unsigned long long)s->exposed);
	expect(s, p.proven == s->proven, "proven: counted %llu, there are %llu",
	    (unsigned long long)p.proven, (unsigned long long)s->proven);
	expect(s, p.taken == s->taken, "taken: counted %llu, there are %llu",
	    (unsigned long long)p.taken, (unsigned long long)s->taken);
	return 0;
}

bool
fx_consistent(struct fixture *f, const char *job)
{
	struct sums s = { .job = job, .good = true };

	must_read(f, job, sum_job, &s);
	return s.good;
}

struct actives { const char *device; int n; };

static int
count_active(void *arg, const struct execution *x, struct err *e)
{
	(void)e;
	((struct actives *)arg)->n += state_active(x->state);
	return 0;
}

static int
sum_actives(struct tx *tx, void *arg, struct err *e)
{
	struct actives *a = arg;
	struct device d;

	if (device_get(tx, a->device, &d, e) < 0)
		return -1;
	return store_execution_live(tx->db, d.num, count_active, a, e);
}

bool
fx_one_active(struct fixture *f, const char *id)
{
	struct actives a = { id, 0 };

	must_read(f, id, sum_actives, &a);
	return a.n <= 1;
}

/* ---- a device speaks ---- */

void
fx_sighting(struct sighting *s, const struct family *family, const char *id,
    const char *version)
{
	memset(s, 0, sizeof(*s));
	s->family = family;
	s->told = family->caps & FAMILY_TOLD ? BY_MQTT : BY_NOTHING;
	snprintf(s->id, sizeof(s->id), "%s", id);
	snprintf(s->version, sizeof(s->version), "%s", version);
	snprintf(s->address, sizeof(s->address), "192.0.2.1");
}

struct speaking {
	const struct sighting	*s;
	enum ask_how		how;
	const char		*version, *slot;
	struct report		report;
	struct answer		*ret;
};

static int
ask(struct tx *tx, void *arg, struct err *e)
{
	struct speaking *sp = arg;

	return core_ask(tx, sp->s, sp->how, sp->ret, e);
}

static int
fetch(struct tx *tx, void *arg, struct err *e)
{
	struct speaking *sp = arg;

	return core_fetch(tx, sp->s, sp->version, sp->slot, sp->how, sp->ret, e);
}

static int
report(struct tx *tx, void *arg, struct err *e)
{
	struct speaking *sp = arg;

	return core_report(tx, sp->s, &sp->report, e);
}

static int
both_ways(struct fixture *f, tx_fn *fn, void *arg, struct err *e)
{
	int r = core_read(f->core, NULL, fn, arg, e);

	return r == CORE_WRITE ? core_write_wait(f->core, URGENT_STATUS, NULL, fn, arg, e) : r;
}

int
fx_try_ask(struct fixture *f, const struct sighting *s, enum ask_how how, struct answer *ret,
    struct err *e)
{
	struct speaking sp = { .s = s, .how = how, .ret = ret };

	return both_ways(f, ask, &sp, e);
}

enum verdict
fx_ask(struct fixture *f, const struct sighting *s, enum ask_how how, struct answer *ret)
{
	struct err e = ERR_INIT;

	if (fx_try_ask(f, s, how, ret, &e) != 0)
		die(s->id, &e);
	return ret->verdict;
}

int
fx_fetch(struct fixture *f, const struct sighting *s, const char *version, const char *slot,
    struct answer *ret, struct err *e)
{
	struct speaking sp = { .s = s, .how = ASK_SERVE, .version = version, .slot = slot,
	    .ret = ret };

	return both_ways(f, fetch, &sp, e);
}

int
fx_report(struct fixture *f, const struct sighting *s, const char *job, enum happening what,
    struct err *e)
{
	struct speaking sp = { .s = s, .report = { .what = what, .progress = -1 } };

	snprintf(sp.report.job, sizeof(sp.report.job), "%s", job);
	return both_ways(f, report, &sp, e);
}

void
fx_send(struct fixture *f, const struct answer *a, uint64_t from, uint64_t to,
    enum transfer_end end)
{
	struct transfer *t = transfer_new(f->core, a, from, a->image.size);
	struct err e = ERR_INIT;

	if (t == NULL)
		die("transfer", &e);
	transfer_moved(t, to - from);
	transfer_end(t, end);
	fx_settle(f);
}

void
fx_deliver(struct fixture *f, const struct answer *a)
{
	fx_send(f, a, 0, a->image.size, TRANSFER_DELIVERED);
}

bool
fx_update(struct fixture *f, const struct family *family, const char *id, const char *old,
    const char *new)
{
	struct sighting s;
	struct answer a;

	fx_sighting(&s, family, id, old);
	if (fx_ask(f, &s, ASK_SERVE, &a) != VERDICT_OFFER) {
		fprintf(stderr, "%s is not offered %s: %s\n", id, new, a.why);
		return false;
	}
	fx_deliver(f, &a);
	fx_sighting(&s, family, id, new);
	return fx_ask(f, &s, ASK_SERVE, &a) == VERDICT_NOTHING;
}

/* ---- chance ---- */

uint32_t
fx_below(struct fx_random *r, uint32_t n)
{
	r->s = r->s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(((r->s >> 33) * n) >> 31);
}
