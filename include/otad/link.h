/* link.h - expiring links, for devices that bring no credentials.
 *
 * /d/<token>/<file>: the token names execution and slot and carries an HMAC and
 * a moment of expiry. It holds only letters, digits and ~ - . _, so that nothing
 * escapes it on its way through JSON, AT commands and query strings
 * (protocols/rainmaker.md 0.2, 4.5). */
#ifndef OTAD_LINK_H
#define OTAD_LINK_H

#include "otad/checkin.h"

#define LINK_MAX	513		/* bytes of a whole link, its NUL included */

/* The link to the image of an answer: product's link_base, else the setting's,
 * else the listener's own address. ERR_INVALID, rule "link_base", when none of
 * them is set: then nothing can be offered by link, and the text says which
 * setting is missing. */
int	link_make(struct tx *, const struct answer *, char ret[LINK_MAX], struct err *);
/* Would link_make() know an address for this product? */
bool	link_ready(struct tx *, uint32_t ptype);
/* What a link stands for. ERR_FORBIDDEN: forged; ERR_GONE: expired or withdrawn;
 * ERR_BUSY: its offer lapsed and its job has no place for it now. ASK_PEEK only
 * looks; ASK_SERVE takes the image: CORE_WRITE when the transaction only reads.
 * resumes: it asks for the rest of what it has already. */
int	link_follow(struct tx *, const char *token, enum ask_how, bool resumes,
	    struct answer *ret, struct err *);

#endif
