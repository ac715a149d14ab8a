/* SPDX-License-Identifier: Apache-2.0 */
#include "bad_disk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"

struct bad_file {
	sqlite3_file base;
	const char *name;
	sqlite3_file *real; /* lies behind this struct */
};

static struct {
	sqlite3_vfs vfs, *real;
	sqlite3_io_methods methods;
	enum bad_disk_fault fault;
	long at, count;
	bool sticky, durable;
} disk;

static sqlite3_file *real_of(sqlite3_file *f)
{
	return ((struct bad_file *)f)->real;
}

/* One more operation of the kind that is counted. */
static bool fails_now(bool read)
{
	if (read != (disk.fault == BAD_DISK_READ))
		return false;
	disk.count++;
	return disk.fault != BAD_DISK_NONE &&
	       (disk.count == disk.at || (disk.sticky && disk.count > disk.at));
}

static int file_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int file_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
	if (fails_now(true))
		return SQLITE_IOERR_READ;
	return real_of(f)->pMethods->xRead(real_of(f), out, n, at);
}

static int file_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	if (!fails_now(false))
		return real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
	if (disk.fault == BAD_DISK_FULL)
		return SQLITE_FULL;
	if (disk.fault == BAD_DISK_TORN)
		(void)real_of(f)->pMethods->xWrite(real_of(f), p, n / 2, at);
	return SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (fails_now(false))
		return SQLITE_IOERR_TRUNCATE;
	return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static void copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	char bytes[65536];
	size_t n;

	assert_non_null(out);
	while (in != NULL && (n = fread(bytes, 1, sizeof bytes, in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	if (in != NULL)
		(void)fclose(in);
	assert_int_equal(fclose(out), 0);
}

static int file_sync(sqlite3_file *f, int flags)
{
	int rc;

	if (fails_now(false))
		return SQLITE_IOERR_FSYNC;
	rc = real_of(f)->pMethods->xSync(real_of(f), flags);
	if (rc == SQLITE_OK && disk.durable && ((struct bad_file *)f)->name != NULL) {
		char durable[400];
		(void)snprintf(durable, sizeof durable, "%s.durable",
			       ((struct bad_file *)f)->name);
		copy(((struct bad_file *)f)->name, durable);
	}
	return rc;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), out);
}

static int file_lock(sqlite3_file *f, int lock)
{
	return real_of(f)->pMethods->xLock(real_of(f), lock);
}

static int file_unlock(sqlite3_file *f, int lock)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), lock);
}

static int file_check_lock(sqlite3_file *f, int *out)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int file_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int file_traits(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int file_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int file_shm_unmap(sqlite3_file *f, int remove)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
		     int *out_flags)
{
	struct bad_file *file = (struct bad_file *)f;
	int rc;

	(void)vfs;
	file->real = (sqlite3_file *)(file + 1);
	file->name = name;
	rc = disk.real->xOpen(disk.real, name, file->real, flags, out_flags);
	file->base.pMethods = file->real->pMethods != NULL ? &disk.methods : NULL;
	return rc;
}

void bad_disk_install(void)
{
	disk.real = sqlite3_vfs_find(NULL);
	assert_non_null(disk.real);
	disk.vfs = *disk.real;
	disk.vfs.zName = "bad-disk";
	disk.vfs.szOsFile = disk.real->szOsFile + (int)sizeof(struct bad_file);
	disk.vfs.xOpen = disk_open;
	disk.vfs.pNext = NULL;
	disk.methods = (sqlite3_io_methods){
		.iVersion = 2,
		.xClose = file_close,
		.xRead = file_read,
		.xWrite = file_write,
		.xTruncate = file_truncate,
		.xSync = file_sync,
		.xFileSize = file_size,
		.xLock = file_lock,
		.xUnlock = file_unlock,
		.xCheckReservedLock = file_check_lock,
		.xFileControl = file_control,
		.xSectorSize = file_sector,
		.xDeviceCharacteristics = file_traits,
		.xShmMap = file_shm_map,
		.xShmLock = file_shm_lock,
		.xShmBarrier = file_shm_barrier,
		.xShmUnmap = file_shm_unmap,
	};
	assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

void bad_disk_arm(enum bad_disk_fault fault, long at, bool sticky)
{
	disk.fault = fault;
	disk.at = at;
	disk.sticky = sticky;
	disk.count = 0;
}

long bad_disk_count(void)
{
	return disk.count;
}

void bad_disk_keep_durable(bool keep)
{
	disk.durable = keep;
}

/* Once it is in use, a store has these; its making used a journal as well. */
static const char *const FILES[] = { "", "-wal", "-journal" };
#define FILES_IN_USE 2

void bad_disk_power_cut(const char *from, const char *to)
{
	for (size_t i = 0; i < FILES_IN_USE; i++) {
		char durable[400], place[400];
		(void)snprintf(durable, sizeof durable, "%s%s.durable", from, FILES[i]);
		(void)snprintf(place, sizeof place, "%s%s", to, FILES[i]);
		copy(durable, place);
	}
}

void bad_disk_discard_durable(const char *where)
{
	for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
		char durable[400];
		(void)snprintf(durable, sizeof durable, "%s%s.durable", where, FILES[i]);
		(void)unlink(durable);
	}
}
