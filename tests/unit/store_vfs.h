/* SPDX-License-Identifier: Apache-2.0
 *
 * store_vfs.h - a disk that fails when it is told to.
 *
 * Wraps SQLite's own VFS under the name "faulty". Writes and syncs are counted
 * from vfs_arm() on; the nth fails, and all after it when the trouble lasts. */
#ifndef OTAD_STORE_VFS_H
#define OTAD_STORE_VFS_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum fault { FAULT_NONE, FAULT_WRITE, FAULT_FULL, FAULT_SYNC };

static struct {
	sqlite3_vfs	*real;
	atomic_int	kind;		/* enum fault */
	atomic_bool	lasts;
	atomic_long	at;		/* the operation that fails: 1, 2, … */
	atomic_long	writes, syncs;	/* since vfs_arm() */
	atomic_long	failed;
} disk;

struct faulty_file {
	sqlite3_file	base;
	sqlite3_file	real[];
};

#define REAL(f)		(((struct faulty_file *)(f))->real)
#define FORWARD(f, call, ...)	(REAL(f)->pMethods->call(REAL(f), ##__VA_ARGS__))

static void
vfs_arm(enum fault kind, long at, bool lasts)
{
	atomic_store(&disk.kind, kind);
	atomic_store(&disk.lasts, lasts);
	atomic_store(&disk.at, at);
	atomic_store(&disk.writes, 0);
	atomic_store(&disk.syncs, 0);
	atomic_store(&disk.failed, 0);
}

static bool
vfs_fails(long n)
{
	long at = atomic_load(&disk.at);

	if (atomic_load(&disk.lasts) ? n < at : n != at)
		return false;
	atomic_fetch_add(&disk.failed, 1);
	return true;
}

static int
faulty_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 offset)
{
	long i = atomic_fetch_add(&disk.writes, 1) + 1;
	int kind = atomic_load(&disk.kind);

	if (kind == FAULT_WRITE && vfs_fails(i)) {
		FORWARD(f, xWrite, p, n / 2, offset);	/* torn */
		return SQLITE_IOERR_WRITE;
	}
	if (kind == FAULT_FULL && vfs_fails(i))
		return SQLITE_FULL;
	return FORWARD(f, xWrite, p, n, offset);
}

static int
faulty_sync(sqlite3_file *f, int flags)
{
	long i = atomic_fetch_add(&disk.syncs, 1) + 1;

	if (atomic_load(&disk.kind) == FAULT_SYNC && vfs_fails(i))
		return SQLITE_IOERR_FSYNC;
	return FORWARD(f, xSync, flags);
}

static int faulty_close(sqlite3_file *f) { return FORWARD(f, xClose); }
static int faulty_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{ return FORWARD(f, xRead, p, n, at); }
static int faulty_truncate(sqlite3_file *f, sqlite3_int64 n) { return FORWARD(f, xTruncate, n); }
static int faulty_size(sqlite3_file *f, sqlite3_int64 *n) { return FORWARD(f, xFileSize, n); }
static int faulty_lock(sqlite3_file *f, int l) { return FORWARD(f, xLock, l); }
static int faulty_unlock(sqlite3_file *f, int l) { return FORWARD(f, xUnlock, l); }
static int faulty_check(sqlite3_file *f, int *r) { return FORWARD(f, xCheckReservedLock, r); }
static int faulty_control(sqlite3_file *f, int op, void *p)
{ return FORWARD(f, xFileControl, op, p); }
static int faulty_sector(sqlite3_file *f) { return FORWARD(f, xSectorSize); }
static int faulty_traits(sqlite3_file *f) { return FORWARD(f, xDeviceCharacteristics); }
static int faulty_shm_map(sqlite3_file *f, int i, int n, int extend, void volatile **p)
{ return FORWARD(f, xShmMap, i, n, extend, p); }
static int faulty_shm_lock(sqlite3_file *f, int at, int n, int flags)
{ return FORWARD(f, xShmLock, at, n, flags); }
static void faulty_shm_barrier(sqlite3_file *f) { FORWARD(f, xShmBarrier); }
static int faulty_shm_unmap(sqlite3_file *f, int del) { return FORWARD(f, xShmUnmap, del); }

/* Version 2: without mapped reads, so that every byte passes here. */
static const sqlite3_io_methods faulty_methods = {
	.iVersion = 2,
	.xClose = faulty_close, .xRead = faulty_read, .xWrite = faulty_write,
	.xTruncate = faulty_truncate, .xSync = faulty_sync, .xFileSize = faulty_size,
	.xLock = faulty_lock, .xUnlock = faulty_unlock, .xCheckReservedLock = faulty_check,
	.xFileControl = faulty_control, .xSectorSize = faulty_sector,
	.xDeviceCharacteristics = faulty_traits, .xShmMap = faulty_shm_map,
	.xShmLock = faulty_shm_lock, .xShmBarrier = faulty_shm_barrier,
	.xShmUnmap = faulty_shm_unmap
};

static int
faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret)
{
	int rc = disk.real->xOpen(disk.real, name, REAL(f), flags, ret);

	(void)vfs;
	f->pMethods = REAL(f)->pMethods != NULL ? &faulty_methods : NULL;
	return rc;
}

static void
vfs_register(void)
{
	static sqlite3_vfs faulty;

	disk.real = sqlite3_vfs_find(NULL);
	faulty = *disk.real;
	faulty.zName = "faulty";
	faulty.szOsFile += (int)sizeof(struct faulty_file);
	faulty.xOpen = faulty_open;
	sqlite3_vfs_register(&faulty, 0);
}

#endif
