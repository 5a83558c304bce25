/* Records what a process writes below a folder, and what it syncs, in order.
 *
 * Loaded before libc (LD_PRELOAD). RECORD_TO names the trace, RECORD_BELOW the
 * folder. What goes to stderr is recorded too: the service logs a report as
 * accepted after it is durable and before it is acknowledged.
 *
 * A record: kind, length of the path, inode, a, b (see below), path, b bytes of
 * data for WRITE, RENAME and SAID. sync_file_range is not recorded: it promises
 * nothing. With RECORD_NO_SYNC syncs are not recorded either, as if they were
 * taken out of the program.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
  WRITE = 1,    /* a: offset, b: length */
  TRUNCATE = 2, /* a: new length */
  SYNC = 3,     /* a: number of records before it began */
  SYNC_DIR = 4, /* a: the same */
  CREATE = 5,
  RENAME = 6, /* path: old name, data: new name */
  UNLINK = 7,
  SAID = 8
};

struct header {
  uint32_t kind, path_length;
  uint64_t inode, a, b;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static char below[4096];
static uint64_t records;
static int no_sync;

__attribute__((constructor)) static void begin(void) {
  const char *to = getenv("RECORD_TO"), *root = getenv("RECORD_BELOW");
  if (!to || !root) return;
  snprintf(below, sizeof below, "%s/", root);
  no_sync = getenv("RECORD_NO_SYNC") != NULL;
  trace = syscall(SYS_openat, AT_FDCWD, to, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
}

static void put(const void *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = syscall(SYS_write, trace, bytes, length);
    if (written <= 0) abort();
    bytes = (const char *)bytes + written;
    length -= written;
  }
}

/* With the lock held. */
static void record(uint32_t kind, const char *path, uint64_t inode, uint64_t a, const void *data, uint64_t b) {
  struct header header = {kind, path ? strlen(path) : 0, inode, a, b};
  put(&header, sizeof header);
  put(path, header.path_length);
  if (data) put(data, b);
  records++;
}

/* Whether a descriptor is of a file, or the folder, that is watched. */
static int watched(int fd, char *path, struct stat *about) {
  char link[64];
  if (trace < 0 || syscall(SYS_fstat, fd, about)) return 0;
  if (!S_ISREG(about->st_mode) && !S_ISDIR(about->st_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, 4000);
  if (length < 0) return 0;
  path[length] = 0;
  size_t root = strlen(below) - 1;
  return !strncmp(path, below, root) && (path[root] == '/' || path[root] == 0);
}

static ssize_t write_at(int fd, const void *bytes, size_t length, off_t offset, int positioned) {
  char path[4096];
  struct stat about;
  if (fd == 2 && trace >= 0) {
    pthread_mutex_lock(&lock);
    record(SAID, NULL, 0, 0, bytes, length);
    pthread_mutex_unlock(&lock);
    return syscall(SYS_write, fd, bytes, length);
  }
  if (!watched(fd, path, &about))
    return positioned ? syscall(SYS_pwrite64, fd, bytes, length, offset) : syscall(SYS_write, fd, bytes, length);
  pthread_mutex_lock(&lock);
  if (!positioned) {
    int appends = fcntl(fd, F_GETFL) & O_APPEND;
    offset = appends ? about.st_size : lseek(fd, 0, SEEK_CUR);
  }
  ssize_t written =
      positioned ? syscall(SYS_pwrite64, fd, bytes, length, offset) : syscall(SYS_write, fd, bytes, length);
  if (written > 0) record(WRITE, path, about.st_ino, offset, bytes, written);
  pthread_mutex_unlock(&lock);
  return written;
}

ssize_t write(int fd, const void *bytes, size_t length) { return write_at(fd, bytes, length, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return write_at(fd, bytes, length, at, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return write_at(fd, bytes, length, at, 1); }

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  char path[4096];
  struct stat about;
  if (fd != 2 && !watched(fd, path, &about)) return syscall(SYS_writev, fd, pieces, count);
  ssize_t all = 0;
  for (int piece = 0; piece < count; piece++) {
    ssize_t written = write_at(fd, pieces[piece].iov_base, pieces[piece].iov_len, 0, 0);
    if (written < 0) return all > 0 ? all : written;
    all += written;
  }
  return all;
}

static int set_length(int fd, off_t length) {
  char path[4096];
  struct stat about;
  if (!watched(fd, path, &about)) return syscall(SYS_ftruncate, fd, length);
  pthread_mutex_lock(&lock);
  int result = syscall(SYS_ftruncate, fd, length);
  if (!result) record(TRUNCATE, path, about.st_ino, length, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int fd, off_t length) { return set_length(fd, length); }
int ftruncate64(int fd, off_t length) { return set_length(fd, length); }

/* What was recorded before a sync began is durable once it has returned. */
static int sync_with(int fd, long call) {
  char path[4096];
  struct stat about;
  if (!watched(fd, path, &about)) return syscall(call, fd);
  pthread_mutex_lock(&lock);
  uint64_t before = records;
  pthread_mutex_unlock(&lock);
  int result = syscall(call, fd);
  if (!result && !no_sync) {
    pthread_mutex_lock(&lock);
    record(S_ISDIR(about.st_mode) ? SYNC_DIR : SYNC, path, about.st_ino, before, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return result;
}
int fsync(int fd) { return sync_with(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_with(fd, SYS_fdatasync); }

static int open_at(int folder, const char *name, int flags, int mode) {
  char path[4096];
  struct stat about;
  if (trace < 0 || !(flags & (O_CREAT | O_TRUNC))) return syscall(SYS_openat, folder, name, flags, mode);
  pthread_mutex_lock(&lock);
  int existed = !syscall(SYS_newfstatat, folder, name, &about, 0);
  int fd = syscall(SYS_openat, folder, name, flags, mode);
  if (fd >= 0 && watched(fd, path, &about)) {
    if (!existed) record(CREATE, path, about.st_ino, 0, NULL, 0);
    else if (flags & O_TRUNC) record(TRUNCATE, path, about.st_ino, 0, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE                                   \
  int mode = 0;                                \
  if (flags & (O_CREAT | O_TMPFILE)) {         \
    va_list rest;                              \
    va_start(rest, flags);                     \
    mode = va_arg(rest, int);                  \
    va_end(rest);                              \
  }
int open(const char *name, int flags, ...) { MODE return open_at(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE return open_at(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE return open_at(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE return open_at(folder, name, flags, mode); }

int rename(const char *from, const char *to) {
  if (trace < 0) return syscall(SYS_rename, from, to);
  pthread_mutex_lock(&lock);
  int result = syscall(SYS_rename, from, to);
  if (!result) record(RENAME, from, 0, 0, to, strlen(to));
  pthread_mutex_unlock(&lock);
  return result;
}

int unlink(const char *name) {
  if (trace < 0) return syscall(SYS_unlink, name);
  pthread_mutex_lock(&lock);
  int result = syscall(SYS_unlink, name);
  if (!result) record(UNLINK, name, 0, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
