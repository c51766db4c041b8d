/* SPDX-License-Identifier: Apache-2.0
 *
 * Any head of a request, and any body of a status: what is understood is within
 * its bounds, what is not is refused with a reason. */
#include <stdlib.h>
#include "dialect/native/native.h"
#include "fake_request.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
read_status(const struct request *rq)
{
	struct err e = ERR_INIT;
	struct report r;

	if (native_status(rq->body, rq->body_len, &r, &e)) {
		if (e.code == ERR_NONE || e.text[0] == '\0')
			abort();
		return;
	}
	if (r.progress < -1 || r.progress > 100 || r.what >= HAPPENINGS ||
	    strnlen(r.job, sizeof(r.job)) == sizeof(r.job) ||
	    strnlen(r.detail, sizeof(r.detail)) == sizeof(r.detail))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct fake f;
	char text[4096];
	struct err e = ERR_INIT;
	struct sighting s;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, bytes, size);
	text[size] = '\0';
	fake_head(&f, text);
	read_status(&f.rq);
	if (native_read(&f.rq, &s, &e)) {
		if (e.code == ERR_NONE || e.text[0] == '\0')
			abort();
		return 0;
	}
	if (device_id_check(s.id, &e) || s.identity == ID_ACCOUNT)
		abort();
	return 0;
}
