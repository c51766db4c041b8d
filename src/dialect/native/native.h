/* native.h - what the files of this dialect share. */
#ifndef OTAD_DIALECT_NATIVE_H
#define OTAD_DIALECT_NATIVE_H

#include <jansson.h>
#include "otad/auto.h"
#include "otad/checkin.h"
#include "otad/dialect.h"
#include "otad/dispatch.h"
#include "otad/request.h"

/* headers.c: who asks, and what it says of itself. Refuses what is malformed:
 * ERR_BAD, ERR_AUTH; and another device's certificate: ERR_FORBIDDEN. */
int	native_read(const struct request *, struct sighting *ret, struct err *);

/* status.c: the body of POST /device/status. */
int	native_status(const char *body, size_t len, struct report *ret, struct err *);

/* reply.c: word what the core decided. */
refuse_fn native_refuse;
int	native_answer(struct exchange *, const struct answer *, struct err *);
/* ret: the quoted SHA-256 of the image, as ETag. */
#define NATIVE_ETAG_MAX	(HEX_LEN(SHA256_LEN) + 2)
const char *native_etag(char ret[NATIVE_ETAG_MAX], const struct image *);

/* mqtt.c, mqtt_say.c: the same over a broker, and what we say there by ourselves. */
extern const struct topic native_topics[];
int	native_offer(void *, const struct device *, const struct answer *, const char *link,
	    struct outgoing *ret, struct err *);
int	native_cancel(void *, const struct device *, const char *job, struct outgoing *ret,
	    struct err *);
int	native_call(void *, const struct device *, const struct call *, struct outgoing *ret,
	    struct err *);

#endif
