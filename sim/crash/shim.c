/* Stands between a process and libc (LD_PRELOAD) and strikes one call that should make something durable.

   crash_arm(folder, mode, at, trace): from now on calls on files of `folder` are counted; the at-th one is struck.
   With trace >= 0 each counted call is told there as a line "call NAME FILE", and as "hit NAME FILE" when it failed. Not armed, everything passes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL, TORN, EIO_ONCE, ENOSPC_ONCE, FULL };

static char home[PATH_MAX];
static size_t home_len;
static int mode, trace = -1, full;
static long at, count;

void crash_arm(const char *folder, int mode_, long at_, int trace_) {
    snprintf(home, sizeof home, "%s", folder);
    home_len = strlen(home);
    mode = mode_, at = at_, trace = trace_, count = 0, full = 0;
}

static int ours(const char *path) { return home_len && path && strncmp(path, home, home_len) == 0; }

static const char *path_of(int fd, char *to) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, to, PATH_MAX - 1);
    to[n > 0 ? n : 0] = 0;
    return to;
}

static int is_reserve(const char *path) {
    size_t n = strlen(path);
    return n > 8 && strcmp(path + n - 8, ".reserve") == 0;
}

static void tell(const char *what, const char *call, const char *path) {
    char line[PATH_MAX + 64];
    int n = snprintf(line, sizeof line, "%s %s %s\n", what, call, path[home_len] ? path + home_len + 1 : ".");
    if (trace >= 0) syscall(SYS_write, trace, line, n);
}

/* What shall happen to this call: 0 it passes, -1 it is torn (the caller does half and dies), else an errno. */
static int fate(const char *call, const char *path, int grows) {
    if (mode == FULL) {
        if (!strcmp(call, "unlink") && is_reserve(path)) { full = 0, at = -1; return 0; }
        if (count == at) full = 1;
        return full && grows ? ENOSPC : 0;
    }
    if (count != at) return 0;
    if (mode == KILL) kill(getpid(), SIGKILL);
    if (mode == TORN) return -1;
    return mode == EIO_ONCE ? EIO : mode == ENOSPC_ONCE ? ENOSPC : 0;
}

static int struck(const char *call, const char *path, int grows) {
    if (!ours(path)) return 0;
    count++;
    tell("call", call, path);
    int e = fate(call, path, grows);
    if (e) tell("hit", call, path);
    return e;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define FD(fd) char buf[PATH_MAX]; const char *path = home_len ? path_of(fd, buf) : ""
#define DIE(half) do { half; kill(getpid(), SIGKILL); } while (0)

#define PWRITE(name, off) \
    ssize_t name(int fd, const void *b, size_t n, off o) { \
        REAL(name); FD(fd); int e = struck("pwrite", path, 1); \
        if (e < 0) DIE(real(fd, b, n / 2, o)); \
        if (e) { errno = e; return -1; } \
        return real(fd, b, n, o); }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *b, size_t n) {
    REAL(write); FD(fd); int e = struck("write", path, 1);
    if (e < 0) DIE(real(fd, b, n / 2));
    if (e) { errno = e; return -1; }
    return real(fd, b, n);
}
ssize_t writev(int fd, const struct iovec *v, int n) {
    REAL(writev); FD(fd); int e = struck("writev", path, 1);
    if (e < 0) DIE(real(fd, v, n / 2));
    if (e) { errno = e; return -1; }
    return real(fd, v, n);
}

#define ONE(name, call, params, args, where, grows) \
    int name params { REAL(name); where; int e = struck(call, path, grows); \
        if (e < 0) DIE((void)0); \
        if (e) { errno = e; return -1; } \
        return real args; }
#define NAMED(p) const char *path = p
ONE(fsync, "fsync", (int fd), (fd), FD(fd), 0)
ONE(fdatasync, "fdatasync", (int fd), (fd), FD(fd), 0)
ONE(ftruncate, "ftruncate", (int fd, off_t n), (fd, n), FD(fd), 0)
ONE(ftruncate64, "ftruncate", (int fd, off64_t n), (fd, n), FD(fd), 0)
ONE(fallocate, "fallocate", (int fd, int m, off_t o, off_t n), (fd, m, o, n), FD(fd), 1)
ONE(fallocate64, "fallocate", (int fd, int m, off64_t o, off64_t n), (fd, m, o, n), FD(fd), 1)
ONE(unlink, "unlink", (const char *p), (p), NAMED(p), 0)
ONE(unlinkat, "unlink", (int d, const char *p, int f), (d, p, f), NAMED(p), 0)
ONE(rename, "rename", (const char *a, const char *b), (a, b), NAMED(b), 1)
ONE(renameat, "rename", (int c, const char *a, int d, const char *b), (c, a, d, b), NAMED(b), 1)
ONE(mkdir, "mkdir", (const char *p, mode_t m), (p, m), NAMED(p), 1)

#define POSIX(name, off) /* gives the error instead of setting it */ \
    int name(int fd, off o, off n) { REAL(name); FD(fd); int e = struck("posix_fallocate", path, 1); \
        if (e < 0) DIE((void)0); \
        return e ? e : real(fd, o, n); }
POSIX(posix_fallocate, off_t)
POSIX(posix_fallocate64, off64_t)

#define MODE(f) mode_t m = 0; if ((f) & O_CREAT) { va_list v; va_start(v, f); m = va_arg(v, mode_t); va_end(v); }
#define OPEN(name) \
    int name(const char *path, int flags, ...) { REAL(name); MODE(flags) \
        int e = flags & O_CREAT ? struck("open", path, access(path, F_OK) != 0) : 0; \
        if (e < 0) DIE((void)0); \
        if (e) { errno = e; return -1; } \
        return real(path, flags, m); }
OPEN(open)
OPEN(open64)
#define OPENAT(name) \
    int name(int d, const char *path, int flags, ...) { REAL(name); MODE(flags) \
        int e = flags & O_CREAT ? struck("open", path, faccessat(d, path, F_OK, 0) != 0) : 0; \
        if (e < 0) DIE((void)0); \
        if (e) { errno = e; return -1; } \
        return real(d, path, flags, m); }
OPENAT(openat)
OPENAT(openat64)
