/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters: how they are read, where they are refused, which devices they find;
 * and that what the database finds is what a second, plain reading of the same
 * tree finds, over filters nobody would write. */
#include "store_test.h"
#include "otad/buf.h"
#include "otad/filter.h"
#include "otad/version.h"

/* ---- reading ---- */

static void
tell_value(struct buf *b, const struct filter_value *v)
{
	switch (v->sort) {
	case FILTER_ANY:
		buf_adds(b, "any");
		break;
	case FILTER_TEXT:
		buf_addf(b, "%s'%s'%s", v->before ? "*" : "", v->text, v->after ? "*" : "");
		break;
	case FILTER_NUMBER:
		buf_addf(b, "%lld", (long long)v->number);
		break;
	case FILTER_AGO:
		buf_addf(b, "ago %lld", (long long)v->number);
		break;
	case FILTER_NET:
		buf_addf(b, "net%c/%d", v->net.v4 ? '4' : '6', v->net.bits);
		break;
	}
}

/* (and (ptype == 1) (or …)) */
static void
tell(struct buf *b, const struct filter *f, int n)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=", "in", "out" };
	const struct filter_node *t = &f->nodes[n];

	if (t->kind != FILTER_TERM) {
		buf_adds(b, t->kind == FILTER_AND ? "(and" : "(or");
		for (int i = t->first; i >= 0; i = f->nodes[i].next) {
			buf_adds(b, " ");
			tell(b, f, i);
		}
		buf_adds(b, ")");
		return;
	}
	buf_addf(b, "%d%s%s %s", (int)t->field, t->key != NULL ? "." : "",
	    t->key != NULL ? t->key : "", ops[t->op]);
	for (int i = 0; i < t->nvalues; i++) {
		buf_adds(b, " ");
		tell_value(b, &f->values[t->value + i]);
	}
}

static const struct {
	const char	*text, *tree;
} sound[] = {
	{ "ptype==23701", "1 == 23701" },
	{ "ptype!=1", "1 != 1" },
	{ "ptype=in=(1,2,99999)", "1 in 1 2 99999" },
	{ "ptype==*", "1 == any" },
	{ "id==5CCF7F*", "0 == '5CCF7F'*" },
	{ "id==*01", "0 == *'01'" },
	{ "id==*CF*", "0 == *'CF'*" },
	{ "id==**", "0 == any" },
	{ "id=='a\\*b'", "0 == 'a*b'" },
	{ "id=='\\**'", "0 == '*'*" },
	{ "slot==''", "13 == ''" },
	{ "tag.a-b.c_9=='x; y'", "8.a-b.c_9 == 'x; y'" },
	{ "tag.a=='it\\'s'", "8.a == 'it's'" },
	{ "tag.a==\"it's \\\\\"", "8.a == 'it's \\'" },
	{ "tag.a==Z\xc3\xbcrich", "8.a == 'Z\xc3\xbcrich'" },
	{ "tag.a=out=(b,'c d', \"e\")", "8.a out 'b' 'c d' 'e'" },
	{ "fact.chip==esp32*", "9.chip == 'esp32'*" },
	{ "status==pending", "3 == 0" },
	{ "status=out=(blocked,accepted)", "3 out 2 1" },
	{ "channel==b", "4 == 'b'" },
	{ "firmware_sure==true", "7 == 1" },
	{ "firmware_sure!=false", "7 != 0" },
	{ "version==1.0.1", "5 == '1.0.1'" },
	{ "version=lt=1.0.1", "5 < 1000001" },
	{ "version<=999.999.999", "5 <= 999999999" },
	{ "version>b1.2.3t5(n)", "5 > 1002003" },
	{ "firmware==v1.0.1t23701(a)", "6 == 'v1.0.1t23701(a)'" },
	{ "firmware=in=(v1.0.1t23701(a),\"v1.0.2t23701(o)\")",
	  "6 in 'v1.0.1t23701(a)' 'v1.0.2t23701(o)'" },
	{ "firmware==v1.*", "6 == 'v1.'*" },
	{ "firmware=ge=0.0.0", "6 >= 0" },
	{ "last_seen=gt=-24h", "10 > ago 86400000" },
	{ "last_seen<-90s", "10 < ago 90000" },
	{ "last_seen!=*", "10 != any" },
	{ "first_seen=ge=2026-01-01T00:00:00Z", "11 >= 1767225600000" },
	{ "first_seen=ge='2026-01-01T01:00:00+01:00'", "11 >= 1767225600000" },
	{ "address==10.1.0.0/16", "12 == net4/112" },
	{ "address==10.1.2.3", "12 == net4/128" },
	{ "address==2001:db8::/32", "12 == net6/32" },
	{ "address==::ffff:10.0.0.0/104", "12 == net4/104" },
	{ "address==::/0", "12 == net6/0" },
	{ "address==0.0.0.0/0", "12 == net4/96" },
	{ "address!=10.1.*", "12 != '10.1.'*" },
	/* what joins */
	{ "ptype==1;ptype==2", "(and 1 == 1 1 == 2)" },
	{ "ptype==1,ptype==2", "(or 1 == 1 1 == 2)" },
	{ "ptype==1;ptype==2,ptype==3", "(or (and 1 == 1 1 == 2) 1 == 3)" },
	{ "ptype==1,ptype==2;ptype==3", "(or 1 == 1 (and 1 == 2 1 == 3))" },
	{ "(ptype==1,ptype==2);ptype==3", "(and (or 1 == 1 1 == 2) 1 == 3)" },
	{ "ptype==1;(ptype==2;ptype==3)", "(and 1 == 1 (and 1 == 2 1 == 3))" },
	{ "((ptype==1))", "1 == 1" },
	{ " ( ptype == 1 , ptype =in= ( 2 , 3 ) ) ; id == x ",
	  "(and (or 1 == 1 1 in 2 3) 0 == 'x')" },
	{ "ptype==1;ptype==2;ptype==3", "(and 1 == 1 1 == 2 1 == 3)" },
};

/* byte: where it says that it goes wrong. */
static const struct {
	const char	*text;
	int		byte;
	const char	*rule;
} unsound[] = {
	{ "", 0, "grammar" },
	{ "   ", 3, "grammar" },
	{ "ptype", 5, "operator" },
	{ "ptype=1", 5, "operator" },
	{ "ptype=eq=1", 5, "operator" },
	{ "ptype=LT=1", 5, "operator" },
	{ "==1", 0, "grammar" },
	{ "ptype==", 7, "value" },
	{ "ptype==;id==a", 7, "value" },
	{ "ptype==1;", 9, "grammar" },
	{ "ptype==1,,ptype==2", 9, "grammar" },
	{ "ptype==1 2", 9, "grammar" },
	{ "ptype==1)", 8, "grammar" },
	{ "(ptype==1", 9, "grammar" },
	{ "()", 1, "grammar" },
	{ "(ptype==1)(ptype==2)", 10, "grammar" },
	{ "!ptype==1", 0, "grammar" },
	{ "colour==red", 0, "field" },
	{ "Ptype==1", 0, "field" },
	{ "tag==x", 0, "field" },
	{ "tag.==x", 4, "field" },
	{ "tag.A==x", 4, "field" },
	{ "tag.aaaaaaaaaabbbbbbbbbbccccccccccddd==x", 4, "field" },
	{ "fact.==x", 5, "field" },
	{ "firmware_sur==true", 0, "field" },
	{ "id==a;ids==b", 6, "field" },
	{ "tag.site=lt=b", 8, "operator" },
	{ "id>a", 2, "operator" },
	{ "ptype=ge=2", 5, "operator" },
	{ "firmware_sure=in=(true)", 13, "operator" },
	{ "last_seen=in=(-1h)", 9, "operator" },
	{ "last_seen==-1h", 11, "operator" },
	{ "ptype==0", 7, "value" },
	{ "ptype==01", 7, "value" },
	{ "ptype==100000", 7, "value" },
	{ "ptype==1x", 7, "value" },
	{ "ptype==-1", 7, "value" },
	{ "ptype==1*", 7, "value" },
	{ "ptype==''", 7, "value" },
	{ "status==happy", 8, "value" },
	{ "status==a*", 8, "value" },
	{ "channel==x", 9, "value" },
	{ "firmware_sure==1", 15, "value" },
	{ "version=lt=1.0", 11, "value" },
	{ "version=lt=1.0.1000", 11, "value" },
	{ "version=lt=01.0.1", 11, "value" },
	{ "version=lt=1.0.1t5(a)", 11, "value" },
	{ "version=gt=1.*", 11, "star" },
	{ "firmware==v1.0", 10, "value" },
	{ "firmware==v1.0.1t1(x)", 10, "value" },
	{ "firmware==v1.0.1t1(a)x", 21, "grammar" },
	{ "firmware=in=(v1.0)", 13, "value" },
	{ "last_seen=gt=24h", 13, "value" },
	{ "last_seen=gt=-24", 13, "value" },
	{ "last_seen=gt=-24y", 13, "value" },
	{ "last_seen=gt=-h", 13, "value" },
	{ "last_seen=gt=-9999999999w", 13, "value" },
	{ "last_seen=gt=yesterday", 13, "value" },
	{ "last_seen=gt=2026-13-01T00:00:00Z", 13, "value" },
	{ "address==10.1.0.0/33", 9, "value" },
	{ "address==10.1.0.0/", 9, "value" },
	{ "address==10.1.0.0/08", 9, "value" },
	{ "address==10.1.0", 9, "value" },
	{ "address==2001:db8::/129", 9, "value" },
	{ "address==here", 9, "value" },
	{ "id==a*b", 5, "star" },
	{ "id=='a*b'", 6, "star" },
	{ "id==a**", 5, "star" },
	{ "id=in=(a*)", 7, "star" },
	{ "id=in=a", 6, "grammar" },
	{ "id=in=()", 7, "value" },
	{ "id=in=(a", 8, "grammar" },
	{ "id=in=(a;b)", 8, "grammar" },
	{ "id=in=(a,)", 9, "value" },
	{ "id==(a)", 4, "value" },
	{ "id=='a", 4, "grammar" },
	{ "id=='a\\'", 4, "grammar" },
	{ "id==a'b'", 5, "grammar" },
	{ "id==a\tb", 5, "text" },
	{ "id==\xff", 4, "text" },
	{ "id==a\xc2\x85", 5, "text" },
	{ "@name", 0, "grammar" },
};

static void
reading(void)
{
	EACH(s, sound) {
		AUTO(filter) struct filter *f = NULL;
		AUTO(buf) struct buf got = BUF_INIT;
		struct err e = ERR_INIT;

		f = filter_parse(s->text, &e);
		CHECK(f != NULL, "'%s': %s", s->text, e.text);
		if (f == NULL)
			continue;
		tell(&got, f, f->root);
		CHECK(strcmp(buf_str(&got), s->tree) == 0, "'%s' is %s, not %s", s->text,
		    buf_str(&got), s->tree);
	}
	EACH(u, unsound) {
		AUTO(filter) struct filter *f = NULL;
		struct err e = ERR_INIT;
		char where[40];

		f = filter_parse(u->text, &e);
		snprintf(where, sizeof(where), "filter, byte %d: ", u->byte);
		CHECK(f == NULL && e.code == ERR_BAD && strcmp(e.field, "filter") == 0, "'%s'",
		    u->text);
		CHECK(strncmp(e.text, where, strlen(where)) == 0, "'%s': %s, not %s", u->text,
		    e.text, where);
		CHECK(strcmp(e.rule, u->rule) == 0, "'%s': %s, not %s", u->text, e.rule, u->rule);
	}
}

/* n times the piece, joined, within what goes before and after. */
static char *
repeated(const char *before, const char *piece, const char *joint, int n, const char *after)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, before);
	for (int i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i > 0 ? joint : "", piece);
	buf_adds(&b, after);
	return buf_take(&b);
}

static void
limits(void)
{
	static const struct {
		const char	*before, *piece, *joint;
		int		most;
		const char	*after, *again;		/* again: closes what the piece opens */
	} of[] = {
		{ "", "id==a", ",", FILTER_TERMS_MAX, "", "" },
		{ "", "id==a", ";", FILTER_TERMS_MAX, "", "" },
		{ "id=in=(", "a", ",", FILTER_VALUES_MAX, ")", "" },
		{ "", "(", "", FILTER_DEPTH_MAX, "id==a", ")" },
		{ "", "(id==a;", "", FILTER_DEPTH_MAX, "id==b,id==c", ")" },
		{ "id==", "a", "", FILTER_TEXT_MAX - 4, "", "" },
	};

	EACH(l, of) {
		for (int over = 0; over < 2; over++) {
			AUTO(filter) struct filter *f = NULL;
			AUTO(str) char *end = repeated("", l->again, "",
			    l->again[0] != '\0' ? l->most + over : 0, "");
			AUTO(str) char *begin = repeated(l->before, l->piece, l->joint,
			    l->most + over, l->after);
			AUTO(buf) struct buf text = BUF_INIT;
			struct err e = ERR_INIT;

			buf_adds(&text, begin);
			buf_adds(&text, end != NULL ? end : "");
			f = filter_parse(buf_str(&text), &e);
			CHECK((f == NULL) == (over == 1), "%s %d: %s", l->piece, l->most + over,
			    e.text);
			if (over == 1)
				CHECK(strcmp(e.rule, "limit") == 0, "%s: %s", l->piece, e.rule);
		}
	}
}

/* ---- a fleet ---- */

#define HOUR	INT64_C(3600000)
#define NOW	INT64_C(1780000000000)

static const struct sample {
	const char	*id;
	uint32_t	ptype;
	const char	*dialect;
	enum device_status status;
	char		channel;
	const char	*version, *firmware;
	bool		sure;
	const char	*address;
	int64_t		ago_h;			/* last seen; -1: never */
	const char	*slot, *facts, *tags;
} fleet[] = {
	{ "A1", 100, "native", DEVICE_ACCEPTED, 'v', "1.0.1", "v1.0.1t100(a)", true, "10.1.2.3", 1,
	  "user1.bin", "chip=esp8266\nflash=1048576\n", "site=berlin\nfloor=2\n" },
	{ "A2", 100, "native", DEVICE_ACCEPTED, 'v', "1.0.2", "v1.0.2t100(a)", true, "10.1.255.9",
	  30, "user2.bin", "chip=esp32\n", "site=berlin\n" },
	{ "A3", 100, "native", DEVICE_BLOCKED, 'b', "d486921-dirty", "", false, "10.2.0.1", -1, "",
	  "", "site=rome\ncanary=yes\n" },
	{ "A4", 100, "native", DEVICE_ACCEPTED, 'b', "", "v1.0.10t100(a)", false, "", 200, "",
	  "chip=esp32-c3\n", "" },
	{ "B1", 200, "arduino", DEVICE_PENDING, 'v', "1.0.1", "v1.0.1t200(o)", true, "2001:db8::1",
	  0, "image", "mode=sketch\n", "site=\n" },
	{ "B2", 200, "arduino", DEVICE_ACCEPTED, 'v', "ver *", "", false, "fe80::1%eth0", 5, "",
	  "note=a=b\n", "site=new york\n" },
	{ "b2", 0, "arduino", DEVICE_PENDING, 'v', "", "", false, "::ffff:10.1.0.7", 25, "", "",
	  "site=Berlin\n" },
};
#define FLEET	((int)NELEM(fleet))

static const struct {
	const char	*filter, *found;
} finds[] = {
	{ "id==A1", "A1" },
	{ "id==A*", "A1 A2 A3 A4" },
	{ "id==*2", "A2 B2 b2" },
	{ "id=in=(A1,b2,zz)", "A1 b2" },
	{ "id=out=(A1,b2,zz)", "A2 A3 A4 B1 B2" },
	{ "ptype==100", "A1 A2 A3 A4" },
	{ "ptype!=100", "B1 B2 b2" },
	{ "ptype!=*", "b2" },
	{ "dialect==arduino;ptype==*", "B1 B2" },
	{ "status==blocked", "A3" },
	{ "status=in=(pending,blocked)", "A3 B1 b2" },
	{ "channel==b", "A3 A4" },
	{ "version==1.0.1", "A1 B1" },
	{ "version==1.*", "A1 A2 B1" },
	{ "version==*0*", "A1 A2 B1" },
	{ "version==''", "A4 b2" },
	{ "version!=*", "A4 b2" },
	{ "version==*dirty", "A3" },
	{ "version=='ver \\*'", "B2" },
	{ "version!=1.0.1", "A2 A3 A4 B2 b2" },
	/* by value: 1.0.10 is more than 1.0.2, and what is not known is in no order */
	{ "version=lt=1.0.2", "A1 B1" },
	{ "version=ge=1.0.2", "A2 A4" },
	{ "version=gt=v1.0.1t100(a)", "A2 A4" },
	{ "firmware==v1.0.1t100(a)", "A1" },
	{ "firmware!=v1.0.1t100(a)", "A2 A3 A4 B1 B2 b2" },
	{ "firmware==*t100(a)", "A1 A2 A4" },
	{ "firmware==*", "A1 A2 A4 B1" },
	{ "firmware=le=1.0.1", "A1 B1" },
	{ "firmware_sure==true", "A1 A2 B1" },
	{ "firmware==*;firmware_sure!=true", "A4" },
	{ "tag.site==berlin", "A1 A2" },
	{ "tag.site==*erlin", "A1 A2 b2" },
	{ "tag.site!=berlin", "A3 A4 B1 B2 b2" },
	{ "tag.site==''", "B1" },
	{ "tag.site!=*", "A4" },
	{ "tag.site=='new york'", "B2" },
	{ "tag.site=in=(rome,berlin);tag.floor==2", "A1" },
	{ "tag.site=out=(rome,berlin)", "A4 B1 B2 b2" },
	{ "fact.chip==esp32", "A2" },
	{ "fact.chip==esp32*", "A2 A4" },
	{ "fact.chip!=esp32", "A1 A3 A4 B1 B2 b2" },
	{ "fact.chip==*", "A1 A2 A4" },
	{ "fact.hip==*", "" },
	{ "fact.flash==1048576", "A1" },
	{ "fact.note=='a=b'", "B2" },
	{ "address==10.1.0.0/16", "A1 A2 b2" },
	{ "address==10.1.128.0/17", "A2" },
	{ "address==10.1.2.3", "A1" },
	{ "address==::ffff:10.1.2.3", "A1" },
	{ "address==2001:DB8::/32", "B1" },
	{ "address==::/0", "B1 B2" },
	{ "address==0.0.0.0/0", "A1 A2 A3 b2" },
	{ "address==fe80::/10", "B2" },
	{ "address!=10.0.0.0/8", "A4 B1 B2" },
	{ "address==10.1.*", "A1 A2" },
	{ "address=in=(10.2.0.0/24,2001:db8::1)", "A3 B1" },
	{ "address!=*", "A4" },
	{ "last_seen=gt=-24h", "A1 B1 B2" },
	{ "last_seen=lt=-24h", "A2 A4 b2" },
	{ "last_seen!=*", "A3" },
	{ "last_seen=ge=-1h", "A1 B1" },
	{ "last_seen=gt=-1h", "B1" },
	{ "first_seen=lt=1970-01-01T00:00:01Z", "A1 A2 A4 B1 B2 b2" },
	{ "slot==user1.bin", "A1" },
	{ "slot==user*", "A1 A2" },
	{ "ptype==200,tag.site==berlin;version=lt=1.0.2", "A1 B1 B2" },
	{ "(ptype==200,tag.site==berlin);version=lt=1.0.2", "A1 B1" },
	{ "tag.site==berlin;id==A2", "A2" },
	{ "tag.site==berlin;tag.floor==2,id==B1", "A1 B1" },
	/* words that are SQL are words */
	{ "id==\"A1' OR '1'='1\"", "" },
	{ "tag.site=='x\\'); DROP TABLE device; --'", "" },
	{ "id=='?1'", "" },
};

static int64_t
firmware_num(struct db *db, const char *name, struct err *e)
{
	struct firmware f;
	int64_t num = 0;

	if (name[0] == '\0')
		return 0;
	if (store_firmware_find(db, name, &f, e) == 1) {
		num = f.num;
		firmware_clear(&f);
		return num;
	}
	f = sample_firmware(name);
	CHECK(store_firmware_insert(db, &f, &num, e) == 0, "%s", e->text);
	return num;
}

static int
settle(struct db *db, void *arg, struct err *e)
{
	struct product p = sample_product(100), q = sample_product(200);

	(void)arg;
	snprintf(q.dialect, sizeof(q.dialect), "arduino");
	if (store_product_insert(db, &p, e) < 0 || store_product_insert(db, &q, e) < 0)
		return -1;
	EACH(s, fleet) {
		struct device d = sample_device(s->id, s->ptype);

		snprintf(d.dialect, sizeof(d.dialect), "%s", s->dialect);
		snprintf(d.version, sizeof(d.version), "%s", s->version);
		snprintf(d.address, sizeof(d.address), "%s", s->address);
		snprintf(d.slot, sizeof(d.slot), "%s", s->slot);
		snprintf(d.facts, sizeof(d.facts), "%s", s->facts);
		d.status = s->status;
		d.channel = s->channel;
		d.firmware_sure = s->sure;
		d.firmware = firmware_num(db, s->firmware, e);
		if (s->ago_h >= 0) {
			d.last_seen_ms = NOW - s->ago_h * HOUR;
			d.first_seen_ms = 500;
		}
		if (store_device_insert(db, &d, &d.num, e) < 0 ||
		    store_tags_set(db, d.num, s->tags, e) < 0)
			return -1;
	}
	return 0;
}

struct search {
	const struct filter *f;
	const char	*text, *expect;
	struct buf	found;
	int64_t		last;
};

static int
keep(void *arg, const struct device *d, struct err *e)
{
	struct search *s = arg;

	(void)e;
	buf_addf(&s->found, "%s%s", s->found.len > 0 ? " " : "", d->id);
	s->last = d->num;
	return 0;
}

/* In one piece, in pieces of one, device by device, and counted. */
static int
search(struct db *db, void *arg, struct err *e)
{
	struct search *s = arg;
	struct device_query all = { .filter = s->f, .now_ms = NOW, .limit = 100 };
	struct device_query one = { .filter = s->f, .now_ms = NOW, .limit = 1 };
	AUTO(buf) struct buf matching = BUF_INIT;
	uint64_t n = 0, counted = 0;
	int64_t before;
	int rc;

	CHECK(store_device_list(db, &all, keep, s, e) == 0, "%s: %s", s->text, e->text);
	CHECK(strcmp(buf_str(&s->found), s->expect) == 0, "%s: '%s', not '%s'", s->text,
	    buf_str(&s->found), s->expect);
	buf_clear(&s->found);
	do {
		before = one.after;
		s->last = before;
		CHECK(store_device_list(db, &one, keep, s, e) == 0, "%s: %s", s->text, e->text);
		one.after = s->last;
	} while (one.after != before);
	CHECK(strcmp(buf_str(&s->found), s->expect) == 0, "%s in pieces: '%s'", s->text,
	    buf_str(&s->found));
	for (int i = 0; i < FLEET; i++) {
		rc = store_filter_matches(db, s->f, i + 1, NOW, e);
		CHECK(rc >= 0, "%s: %s", s->text, e->text);
		if (rc > 0)
			buf_addf(&matching, "%s%s", matching.len > 0 ? " " : "", fleet[i].id);
		counted += rc > 0 && fleet[i].ptype == 100 && fleet[i].status == DEVICE_ACCEPTED;
	}
	CHECK(strcmp(buf_str(&matching), s->expect) == 0, "%s one by one: '%s'", s->text,
	    buf_str(&matching));
	CHECK(store_filter_count(db, s->f, 100, 0, NOW, &n, e) == 0 && n == counted,
	    "%s: %llu are counted", s->text, (unsigned long long)n);
	return 0;
}

static void
find(struct store *st, const char *text, const char *expect)
{
	AUTO(filter) struct filter *f = NULL;
	struct err e = ERR_INIT;
	struct search s = { .text = text, .expect = expect };

	s.f = f = filter_parse(text, &e);
	CHECK(f != NULL, "'%s': %s", text, e.text);
	if (f != NULL)
		seen(st, search, &s);
	buf_free(&s.found);
}

/* ---- a second reading, of the fleet as it stands above ---- */

static bool
text_is(const char *have, const struct filter_value *v)
{
	size_t n = strlen(have), m = strlen(v->text);

	if (v->before && v->after)
		return strstr(have, v->text) != NULL;
	if (v->before)
		return n >= m && strcmp(have + n - m, v->text) == 0;
	if (v->after)
		return strncmp(have, v->text, m) == 0;
	return strcmp(have, v->text) == 0;
}

static int64_t
number_of(const struct sample *s, enum filter_field field, bool *ret_there)
{
	struct version v;
	struct err e = ERR_INIT;

	*ret_there = true;
	switch (field) {
	case FILTER_PTYPE:
		*ret_there = s->ptype != 0;
		return s->ptype;
	case FILTER_STATUS:
		return s->status;
	case FILTER_SURE:
		return s->sure;
	case FILTER_LAST_SEEN:
	case FILTER_FIRST_SEEN:
		*ret_there = s->ago_h >= 0;
		return field == FILTER_FIRST_SEEN ? 500 : NOW - s->ago_h * HOUR;
	default:
		*ret_there = version_parse(&v, s->firmware, &e) == 0;
		return *ret_there ? (int64_t)version_value(&v) : 0;
	}
}

/* NULL: it has none. What is empty is none, but for tags and facts. */
static const char *
text_of(const struct sample *s, const struct filter_node *t, char ret[FACT_VALUE_MAX])
{
	const char *text;

	switch (t->field) {
	case FILTER_TAG:
		return facts_get(s->tags, t->key, ret) ? ret : NULL;
	case FILTER_FACT:
		return facts_get(s->facts, t->key, ret) ? ret : NULL;
	case FILTER_CHANNEL:
		snprintf(ret, FACT_VALUE_MAX, "%c", s->channel);
		return ret;
	case FILTER_ID:		text = s->id; break;
	case FILTER_DIALECT:	text = s->dialect; break;
	case FILTER_VERSION:	text = s->version; break;
	case FILTER_FIRMWARE:	text = s->firmware; break;
	case FILTER_ADDRESS:	text = s->address; break;
	case FILTER_SLOT:	text = s->slot; break;
	default:		return NULL;
	}
	return text[0] != '\0' ? text : NULL;
}

static bool
one_is(const struct sample *s, const struct filter_node *t, const struct filter_value *v)
{
	char memory[FACT_VALUE_MAX];
	const char *text = text_of(s, t, memory);
	bool there, keyed = t->field == FILTER_TAG || t->field == FILTER_FACT;
	int64_t number = number_of(s, t->field, &there);

	switch (v->sort) {
	case FILTER_ANY:
		return text != NULL || (there && t->field != FILTER_FIRMWARE &&
		    (t->field == FILTER_PTYPE || t->field == FILTER_STATUS ||
		    t->field == FILTER_SURE || t->field == FILTER_LAST_SEEN ||
		    t->field == FILTER_FIRST_SEEN));
	case FILTER_TEXT:
		return text != NULL ? text_is(text, v) : !keyed && v->text[0] == '\0' &&
		    !v->before && !v->after;
	case FILTER_NET:
		return text != NULL && net_has(&v->net, text);
	default:
		return there && number == v->number;
	}
}

static bool
holds(const struct sample *s, const struct filter *f, int n)
{
	const struct filter_node *t = &f->nodes[n];
	const struct filter_value *v = &f->values[t->value];
	int64_t limit = v->sort == FILTER_AGO ? NOW - v->number : v->number, number;
	bool any = false, there;

	if (t->kind != FILTER_TERM) {
		for (int i = t->first; i >= 0; i = f->nodes[i].next)
			if (holds(s, f, i) == (t->kind == FILTER_OR))
				return t->kind == FILTER_OR;
		return t->kind == FILTER_AND;
	}
	number = number_of(s, t->field, &there);
	switch (t->op) {
	case FILTER_LT:	return there && number < limit;
	case FILTER_LE:	return there && number <= limit;
	case FILTER_GT:	return there && number > limit;
	case FILTER_GE:	return there && number >= limit;
	default:	break;
	}
	for (int i = 0; i < t->nvalues; i++)
		any |= one_is(s, t, v + i);
	return any == (t->op == FILTER_EQ || t->op == FILTER_IN);
}

static uint32_t
below(uint64_t *seed, uint32_t n)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % n;
}

/* Terms of the table above and values out of each other's mouths. */
static void
invent(struct buf *b, uint64_t *seed, int depth)
{
	uint32_t what = below(seed, 10);

	if (depth == 0 || what < 5) {
		const char *text = finds[below(seed, (uint32_t)NELEM(finds))].filter;

		buf_addf(b, "(%s)", text);
		return;
	}
	buf_adds(b, "(");
	invent(b, seed, depth - 1);
	for (uint32_t more = 1 + below(seed, 2); more > 0; more--) {
		buf_adds(b, what < 8 ? ";" : ",");
		invent(b, seed, depth - 1);
	}
	buf_adds(b, ")");
}

static void
inventions(struct store *st)
{
	uint64_t seed = 20260801;
	int read = 0;

	for (int round = 0; round < 400; round++) {
		AUTO(buf) struct buf text = BUF_INIT, expect = BUF_INIT;
		AUTO(filter) struct filter *f = NULL;
		struct err e = ERR_INIT;

		invent(&text, &seed, 1 + round % 3);
		if ((f = filter_parse(buf_str(&text), &e)) == NULL) {
			CHECK(strcmp(e.rule, "limit") == 0, "%s: %s", text.p, e.text);
			continue;
		}
		read++;
		for (int i = 0; i < FLEET; i++)
			if (holds(&fleet[i], f, f->root))
				buf_addf(&expect, "%s%s", expect.len > 0 ? " " : "", fleet[i].id);
		find(st, text.p, buf_str(&expect));
	}
	CHECK(read > 300, "%d of them could be read", read);
	EACH(w, finds) {
		AUTO(buf) struct buf expect = BUF_INIT;
		AUTO(filter) struct filter *f = NULL;
		struct err e = ERR_INIT;

		f = filter_parse(w->filter, &e);
		for (int i = 0; i < FLEET && f != NULL; i++)
			if (holds(&fleet[i], f, f->root))
				buf_addf(&expect, "%s%s", expect.len > 0 ? " " : "", fleet[i].id);
		CHECK(strcmp(buf_str(&expect), w->found) == 0, "%s: the second reading has '%s'",
		    w->filter, buf_str(&expect));
	}
}

/* The widest that can be asked is still a statement. */
static void
widest(struct store *st)
{
	AUTO(str) char *ids = repeated("id=in=(", "A1", ",", FILTER_VALUES_MAX, ")");
	AUTO(str) char *nets = repeated("address=out=(", "::", ",", FILTER_VALUES_MAX, ")");
	AUTO(str) char *terms = repeated("", "tag.a!=*;fact.b!=c", ";", FILTER_TERMS_MAX / 2, "");
	AUTO(str) char *open = repeated("", "(ptype==100;", "", FILTER_DEPTH_MAX, "id==A2");
	AUTO(str) char *shut = repeated("", ")", "", FILTER_DEPTH_MAX, "");
	AUTO(buf) struct buf deep = BUF_INIT;

	find(st, ids, "A1");
	find(st, nets, "A1 A2 A3 A4 B1 B2 b2");
	find(st, terms, "A1 A2 A3 A4 B1 B2 b2");
	buf_addf(&deep, "%s%s", open, shut);
	find(st, buf_str(&deep), "A2");
}

int
main(void)
{
	struct place at;
	struct store *st;

	reading();
	limits();
	place_make(&at);
	st = store_at(at.path, NULL);
	written(st, settle, NULL);
	EACH(w, finds)
		find(st, w->filter, w->found);
	inventions(st);
	widest(st);
	store_close(st);
	place_remove(&at);
	return TEST_END();
}
