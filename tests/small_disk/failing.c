/* A machine that fails: a disk under files that are open, which no mount can do
 * without root, or memory.
 *
 * Loaded before libc (LD_PRELOAD). While the file FAIL_WHEN is there, what it names
 * fails: "write EROFS" or "sync EIO" below the folder FAIL_BELOW, or "memory", where
 * much of it is asked for at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As large as a segment of sled. */
enum { LARGE = 512 << 10 };

/* Whether that shall fail; what it shall fail with. */
static int failing(const char *what, int *error) {
  const char *when = getenv("FAIL_WHEN");
  char said[64] = "";
  int file = when ? syscall(SYS_openat, AT_FDCWD, when, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  if (syscall(SYS_read, file, said, sizeof said - 1) < 0) said[0] = 0;
  close(file);
  *error = strstr(said, "EROFS") ? EROFS : EIO;
  return !strncmp(said, what, strlen(what));
}

/* The same of a call on a file, which then has its error. */
static int fails(int fd, const char *what) {
  const char *below = getenv("FAIL_BELOW");
  char link[64], path[4096];
  int error, kept = errno;
  if (!below || !failing(what, &error)) {
    errno = kept;
    return 0;
  }
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = 0;
  int is_below = !strncmp(path, below, strlen(below));
  errno = is_below ? error : kept;
  return is_below;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  return fails(fd, "write") ? -1 : syscall(SYS_pwrite64, fd, bytes, length, at);
}

int fsync(int fd) { return fails(fd, "sync") ? -1 : syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return fails(fd, "sync") ? -1 : syscall(SYS_fdatasync, fd); }

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t from) {
  int error, kept = errno;
  if ((flags & MAP_ANONYMOUS) && length >= LARGE && failing("memory", &error)) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  errno = kept;
  return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, from);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t from) {
  return mmap64(at, length, protection, flags, fd, from);
}
