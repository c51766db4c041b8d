/* log.h - one line per happening, on standard error.
 *
 * Each line starts with who it is about ("light-01: running v1.0.2t45772(a)").
 * Words of devices are quoted and cut with %s of log_quote(). Under systemd
 * (JOURNAL_STREAM) each line carries its priority as <N>. The log belongs to
 * the process, not to an instance: level and format are the only global state,
 * and are set atomically. */
#ifndef OTAD_LOG_H
#define OTAD_LOG_H

#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

void	log_setup(enum log_level, enum log_format);
int	log_enabled(enum log_level);
void	log_at(enum log_level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_errorx(...)	log_at(LOG_LEVEL_ERROR, __VA_ARGS__)	/* without errno */
#define log_warnx(...)	log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)	log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)							\
	do { if (log_enabled(LOG_LEVEL_DEBUG)) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__); } while (0)
void	log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* appends errno */
void	log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Foreign text made safe for a log line: quoted, control characters and
 * invalid UTF-8 as \xNN, cut with … to fit ret. Returns ret. */
const char *log_quote(char *ret, size_t size, const char *text);

#endif
