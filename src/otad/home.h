/* home.h - the state folder and the small files in it.
 *
 *	otad.db		the store's
 *	cache/		images as files; droppable
 *	tls/		cert.pem, key.pem: self-signed, made on first start
 *	secret.key	32 random bytes; seals passwords, signs links
 *	admin.key	an admin API key, made when there is no key at all
 *	lock		held by the otad that uses the folder
 *	otad.pid, listeners.json   while it runs
 */
#ifndef OTAD_HOME_H
#define OTAD_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "otad/digest.h"
#include "otad/err.h"

#define SECRET_LEN	32

struct home;

/* Made (0700) when it is missing; refused while another otad uses it. */
struct home	*home_open(const char *dir, struct err *);
void		home_close(struct home *);	/* removes what tells of a running otad */
/* The path of a file in it; valid until home_close(). NULL: out of memory. */
const char	*home_path(struct home *, const char *name);
bool		home_has(struct home *, const char *name);
/* Whole or not at all, durable. */
int		home_write(struct home *, const char *name, const void *, size_t, mode_t,
		    struct err *);
int		home_folder(struct home *, const char *name, struct err *);

/* Read, or made when missing. */
int		home_secret(struct home *, uint8_t ret[SECRET_LEN], struct err *);
int		home_admin_key(struct home *, char ret[128], struct err *);

#endif
